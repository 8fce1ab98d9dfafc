"""Unevolved networks for features of sequences: how their weights are drawn.

The cells forget fast, by time constants spread over a range, and each sees few of the
inputs. That gives many different features, from which a readout picks.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

import numpy as np
from numpy.random import Generator

from evolino.network.lstm import LSTM
from evolino.vocabulary import Array, check_count, check_number


@dataclass(frozen=True, slots=True)
class Distribution:
    """Normal weights, by their standard deviations.

    cell_input, gate_input: from inputs, divided by the square root of `sources`.
    cell_recurrent, gate_recurrent: from cells, divided by the square root of their number.
    bias: of all biases. shortest, longest: time constants of forgetting in steps; the mean
    forget gates are 1 - 1/constant, logarithmically uniform between them.
    sources: inputs that each cell sees, drawn at random; it sees all if there are no more.
    """

    cell_input: float = 2.0
    gate_input: float = 0.3
    cell_recurrent: float = 0.5
    gate_recurrent: float = 0.3
    bias: float = 0.3
    shortest: float = 1.2
    longest: float = 20.0
    sources: int = 4

    def __post_init__(self) -> None:
        """Check every field."""
        for each in fields(self)[:5]:
            check_number(each.name, getattr(self, each.name), least=0)
        check_number("shortest", self.shortest, above=1)
        check_number("longest", self.longest, least=self.shortest)
        check_count("sources", self.sources)

    def moved(self, point: Array) -> Distribution:
        """Return another one: deviations and time constants times exp(point), (7,)."""
        names = [each.name for each in fields(self)[:7]]
        factors = np.exp(np.clip(point, -3.0, 3.0))
        values = np.array([getattr(self, name) for name in names]) * factors
        values[5] = max(values[5], 1.05)
        values[6] = max(values[6], values[5])
        return replace(self, **dict(zip(names, values.tolist(), strict=True)))

    def draw(self, architecture: LSTM, rng: Generator, count: int) -> Array:
        """Return (count, C, G) genomes of networks with external inputs alone."""
        cells, inputs = architecture.cells, architecture.inputs
        seen = min(self.sources, inputs)
        genomes = np.zeros((count, *architecture.genome_shape))
        order = rng.random((count, cells, inputs)).argsort(axis=2)
        sees = order < seen
        for gate in architecture.gates:
            is_cell = gate == "cell"
            width = self.cell_input if is_cell else self.gate_input
            genes = architecture.genes_of("input", gate)
            drawn = rng.normal(0.0, width / np.sqrt(seen), (count, cells, inputs))
            genomes[..., genes] = drawn * sees
            width = self.cell_recurrent if is_cell else self.gate_recurrent
            genes = architecture.genes_of("recurrent", gate)
            spread = width / np.sqrt(cells)
            genomes[..., genes] = rng.normal(0.0, spread, (count, cells, len(genes)))
            genes = architecture.genes_of("bias", gate)
            genomes[..., genes] = rng.normal(0.0, self.bias, (count, cells, 1))
        forget = architecture.genes_of("bias", "forget")
        shortest, longest = np.log([self.shortest, self.longest]).tolist()
        constants = np.exp(rng.uniform(shortest, longest, (count, cells, 1)))
        genomes[..., forget] = np.log(constants - 1.0)  # logit of 1 - 1/constant
        return genomes


def check_genomes(architecture: LSTM, genomes: Array) -> None:
    """Raise ValueError for genomes that are not (P, C, G) of an architecture."""
    expected = architecture.genome_shape
    if genomes.ndim != 3 or genomes.shape[1:] != expected or not len(genomes):
        raise ValueError(f"genomes must be (P, {expected}), got {genomes.shape}")
