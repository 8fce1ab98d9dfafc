"""Spread initialiser: normal weights of a few scales, which can be evolved themselves.

For networks with many weights the search is over distributions: how strongly each group of
weights is drawn, and how widely the cells' time scales are spread.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.random import Generator

from evolino.network.convolutional import ConvLSTM
from evolino.network.lstm import LSTM
from evolino.network.stacked import StackedLSTM
from evolino.vocabulary import Array, check_number

Spreadable = LSTM | StackedLSTM | ConvLSTM

# Standard deviations of the parameters of `Spread`, in its fields' order: the distance
# between one distribution and a noticeably different one.
STEPS = (0.5, 0.4, 0.6, 0.6, 1.0, 0.6, 0.6, 1.0, 1.0, 0.3)


@dataclass(frozen=True, slots=True)
class Spread:
    """Normal weights, a standard deviation for each group of weights.

    cell_input, cell_recurrent, gate_input, gate_recurrent, cell_bias: log10 of the standard
    deviation of weights from inputs and from cells into cell inputs, from both into gates,
    and of the biases of cell inputs. Recurrent ones are divided by the square root of a
    cell's sources. forget_bias, forget_spread: mean and standard deviation of forget gate
    biases; input_bias, output_bias: means of the others. heterogeneity: standard deviation
    of the log10 factor that multiplies the inputs to each cell. Peepholes are drawn like
    gate_input.

    Raises TypeError or ValueError, naming the field, for one out of its range.

    >>> import evolino
    >>> import numpy as np
    >>> draw = evolino.Spread().draw
    >>> draw(evolino.LSTM(cells=4), np.random.default_rng(0), 2).shape
    (2, 4, 24)
    """

    name: ClassVar[str] = "spread"
    networks: ClassVar[tuple[str, ...]] = ("lstm", "stacked", "convolutional")
    level: ClassVar[float] = 0.0

    cell_input: float = -0.3
    cell_recurrent: float = 0.0
    gate_input: float = -0.5
    gate_recurrent: float = -0.5
    forget_bias: float = 1.0
    forget_spread: float = 1.0
    cell_bias: float = -1.0
    input_bias: float = 0.0
    output_bias: float = 0.0
    heterogeneity: float = 0.3

    def __post_init__(self) -> None:
        """Check that every parameter is a number."""
        for name, value in zip(FIELDS, self.values(), strict=True):
            check_number(name, value)

    def values(self) -> tuple[float, ...]:
        """Return the parameters in order."""
        return tuple(getattr(self, name) for name in FIELDS)

    def draw(self, architecture: Spreadable, rng: Generator, count: int) -> Array:
        """Return (count, C, G) genomes."""
        return SpreadFamily(self, architecture).draw_at(np.zeros(len(FIELDS)), rng, count)

    def scale(self, architecture: Spreadable) -> Array:
        """Return (C, G): the standard deviations of the weights."""
        return SpreadFamily(self, architecture).scale_at(np.zeros(len(FIELDS)))

    def family(self, architecture: Spreadable) -> SpreadFamily:
        """Return the distributions around this one."""
        return SpreadFamily(self, architecture)


FIELDS = (
    "cell_input",
    "cell_recurrent",
    "gate_input",
    "gate_recurrent",
    "forget_bias",
    "forget_spread",
    "cell_bias",
    "input_bias",
    "output_bias",
    "heterogeneity",
)


@dataclass(frozen=True, slots=True)
class SpreadFamily:
    """All `Spread` distributions for an architecture; `centre` is the point 0."""

    centre: Spread
    architecture: Spreadable

    @property
    def parameters(self) -> int:
        """D."""
        return len(FIELDS)

    def spread_at(self, point: Array) -> Spread:
        """Return the distribution at point (D,)."""
        moved = np.array(self.centre.values()) + np.array(STEPS) * point
        return Spread(**dict(zip(FIELDS, moved.tolist(), strict=True)))

    def scale_at(self, point: Array) -> Array:
        """Return (C, G): the standard deviation of each gene at point (D,)."""
        spread, architecture = self.spread_at(point), self.architecture
        scale = np.zeros(architecture.genome_shape)
        root = np.sqrt(max(architecture.recurrent_width, 1))
        for position, (source, gate) in enumerate(architecture.gene_groups()):
            scale[:, position] = _deviation(spread, source, gate) / (
                root if source == "recurrent" else 1.0
            )
        return scale

    def draw_at(self, point: Array, rng: Generator, count: int) -> Array:
        """Return (count, C, G) genomes of the distribution at point (D,)."""
        spread, architecture = self.spread_at(point), self.architecture
        scale = self.scale_at(point)
        genomes = scale * rng.normal(size=(count, *scale.shape))
        factor = 10 ** rng.normal(
            0.0, abs(spread.heterogeneity), (count, architecture.genome_shape[0], 1)
        )
        for source in ("input", "feedback"):
            genomes[..., architecture.genes_of(source, "cell")] *= factor
        for gate in ("input", "forget", "output"):
            genes = architecture.genes_of("bias", gate)
            genomes[..., genes] += getattr(spread, f"{gate}_bias")
        return genomes


def _deviation(spread: Spread, source: str, gate: str) -> float:
    """Return the standard deviation of a group of weights, recurrent ones undivided."""
    if source == "bias":
        if gate == "cell":
            return _power(spread.cell_bias)
        return abs(spread.forget_spread) if gate == "forget" else 0.3
    if source == "recurrent":
        return _power(spread.cell_recurrent if gate == "cell" else spread.gate_recurrent)
    return _power(spread.cell_input if gate == "cell" else spread.gate_input)


def _power(exponent: float) -> float:
    """10^exponent, kept where float64 networks make sense."""
    return float(10.0 ** np.clip(exponent, -7.0, 1.5))
