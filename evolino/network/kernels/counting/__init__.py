"""Compiled kernels on counted strings, the same row again and again."""
