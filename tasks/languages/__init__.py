"""Formal languages: predict which symbols may come next."""
