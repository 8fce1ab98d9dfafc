"""Solvers of readouts: least squares, support vector machines, maximum likelihood."""
