"""Trained networks: predict, generate, save, load."""
