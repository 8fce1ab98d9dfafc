"""Environments that networks act in: compiled physics, many episodes at once.

They know no network. `catalogue.py` makes their records, `kernels/` are their compiled
equations, `reference.py` is the plain NumPy twin of these.
"""
