"""Initialiser of networks that act: a scale for each kind of weight, output weights too.

Networks that control something want gates that hardly move and large output weights, as a
start (measured on two poles without velocities; docs/control.md).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.random import Generator

from evolino.network.base import Architecture
from evolino.vocabulary import Array, check_number


@dataclass(frozen=True, slots=True)
class Policy:
    """Normal weights; a standard deviation for each kind.

    cell: weights from inputs and cells into the cell input. gate: into the gates, peepholes
    too. output: output weights, if they are evolved. bias: biases; 0 holds them. forget,
    input: means of the biases of these gates; open forget gates and closed input gates keep
    long (Tallec & Ollivier 2018, ICLR, recalled). centred: whether searches that move a
    mean begin at that of this distribution, not at a draw.

    Raises TypeError or ValueError, naming the field, for one out of its range.

    >>> import evolino
    >>> import numpy as np
    >>> draw = evolino.Policy().draw
    >>> draw(evolino.LSTM(cells=4), np.random.default_rng(0), 2).shape
    (2, 4, 24)
    """

    name: ClassVar[str] = "policy"
    level: ClassVar[float] = 0.0

    cell: float = 1.0
    gate: float = 0.03
    output: float = 3.0
    bias: float = 0.0
    forget: float = -1.0
    input: float = 0.0
    centred: bool = True

    def __post_init__(self) -> None:
        """Check the deviations."""
        for name in ("cell", "gate", "output", "bias"):
            check_number(name, getattr(self, name), least=0)
        for name in ("forget", "input"):
            check_number(name, getattr(self, name))
        if not self.cell:
            raise ValueError("cell must be > 0, got 0: no cell would have inputs")

    def draw(self, architecture: Architecture, rng: Generator, count: int) -> Array:
        """Return (count, C, G) genomes."""
        deviations = self.scale(architecture)
        shape = count, *architecture.genome_shape
        return self._mean(architecture) + deviations * rng.normal(size=shape)

    def scale(self, architecture: Architecture) -> Array:
        """Return (C, G): the standard deviations."""
        row = [self._deviation(*group) for group in architecture.gene_groups()]
        return np.tile(np.array(row), (architecture.genome_shape[0], 1))

    def centre(self, architecture: Architecture) -> Array | None:
        """Return (C, G): the mean, if searches begin there."""
        return self._mean(architecture) if self.centred else None

    def family(self, architecture: Architecture) -> None:
        """Return None: the deviations are not evolved."""

    def _mean(self, architecture: Architecture) -> Array:
        mean = np.zeros(architecture.genome_shape)
        for gate in ("forget", "input"):
            mean[:, architecture.genes_of("bias", gate)] = getattr(self, gate)
        return mean

    def _deviation(self, source: str, gate: str) -> float:
        if source == "bias":
            return self.bias
        return {"cell": self.cell, "readout": self.output}.get(gate, self.gate)
