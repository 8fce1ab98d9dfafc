"""Compiled kernels: forward passes and free runs of many networks at once."""
