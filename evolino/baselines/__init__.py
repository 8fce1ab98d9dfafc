"""Baselines of tables beyond the quick ones: reservoirs, gradients, genetic algorithms."""
