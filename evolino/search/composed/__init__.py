"""Searches made of searches: screening, racing, restarts, stages."""
