"""Echo state network: a random reservoir of leaky tanh units; nothing in it is trained.

    x(t) = (1 - a) x(t-1) + a tanh(W x(t-1) + V u(t) + b)

Source: Jaeger 2001, GMD Report 148; Jaeger, Lukosevicius, Popovici & Siewert 2007, Neural
Networks 20(3) (leaky units).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.random import Generator

from evolino.vocabulary import Array

CONNECTIONS = 10  # recurrent ones of a unit, on average


@dataclass(frozen=True, slots=True, eq=False)
class Reservoir:
    """A reservoir of N units with U inputs.

    recurrent: W (N, N). inputs: V (N, U). bias: b (N,). leak: a, above 0 and at most 1; 1
    is a unit that keeps nothing of its own last value.
    """

    recurrent: Array
    inputs: Array
    bias: Array
    leak: float

    def step(self, states: Array, vectors: Array) -> Array:
        """Return states (.., N) after a step from states (.., N) with inputs (.., U)."""
        net = states @ self.recurrent.T + vectors @ self.inputs.T + self.bias
        return np.asarray((1.0 - self.leak) * states + self.leak * np.tanh(net))

    def drive(self, vectors: Array) -> Array:
        """Return the states (T, M, N) after each step, from rest, of M sequences at once.

        vectors: (T, M, U).
        """
        steps, count, _ = vectors.shape
        found = np.empty((steps, count, len(self.bias)))
        states = np.zeros((count, len(self.bias)))
        for t in range(steps):
            found[t] = states = self.step(states, vectors[t])
        return found


def sparse_matrix(rng: Generator, units: int) -> Array:
    """Return (N, N): normal weights, about 10 in each row, of spectral radius 1.

    A draw without eigenvalues, such as one of few units may be, is drawn again.
    """
    density = min(1.0, CONNECTIONS / units)
    while True:
        drawn = rng.normal(size=(units, units)) * (rng.random((units, units)) < density)
        radius = float(np.abs(np.linalg.eigvals(drawn)).max())
        if radius > 0:
            return np.asarray(drawn / radius)
