"""Vectors for compiled kernels: lanes, memory, activations, compilation."""
