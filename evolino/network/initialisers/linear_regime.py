"""Linear-regime initialiser: a network so weakly driven that it is linear."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.random import Generator

from evolino.network.initialisers.base import check_recurrence
from evolino.network.lstm import LSTM
from evolino.vocabulary import Array, check_number


@dataclass(frozen=True, slots=True)
class LinearRegime:
    """Cells so weakly driven that the network is linear, with chosen dynamics.

    Inputs reach the cell inputs with tiny weights, so every squashing function works near 0
    and every gate is the constant that its bias makes it. What is left is s(t) = (diag(f) +
    diag(i) R diag(o)) s(t-1) + diag(i) W u(t). R is set so that the matrix in brackets is a
    random orthogonal one times a factor that is drawn for each network: all its modes decay
    at that rate. Needs an unpenalised readout with scaled columns, which undoes the tiny
    scale.

    input_scale: of those weights. lowest_radius, highest_radius: of that factor.
    forget_bias, forget_spread: mean and standard deviation of the forget gates' biases;
    gate_spread: standard deviation of the biases of the input and output gates.

    Raises TypeError or ValueError, naming the field, for one out of its range.

    >>> import evolino
    >>> import numpy as np
    >>> draw = evolino.LinearRegime().draw
    >>> draw(evolino.LSTM(cells=4), np.random.default_rng(0), 2).shape
    (2, 4, 24)
    """

    name: ClassVar[str] = "linear-regime"
    networks: ClassVar[tuple[str, ...]] = ("lstm",)
    level: ClassVar[float] = 0.0

    input_scale: float = 1e-8
    lowest_radius: float = 0.8
    highest_radius: float = 0.95
    forget_bias: float = 0.0
    forget_spread: float = 1.0
    gate_spread: float = 0.5

    def __post_init__(self) -> None:
        """Check the scales and the radii."""
        check_number("input_scale", self.input_scale, above=0)
        check_number("lowest_radius", self.lowest_radius, least=0)
        check_number("highest_radius", self.highest_radius, least=self.lowest_radius)
        check_number("forget_bias", self.forget_bias)
        check_number("forget_spread", self.forget_spread, least=0)
        check_number("gate_spread", self.gate_spread, least=0)

    def draw(self, architecture: LSTM, rng: Generator, count: int) -> Array:
        """Return (count, C, G) genomes. Raises ValueError without a bias."""
        self._check(architecture)
        genomes = np.zeros((count, *architecture.genome_shape))
        for genome in genomes:
            self._draw_one(architecture, rng, genome)
        return genomes

    def scale(self, architecture: LSTM) -> Array:
        """Return (C, G); only biases of gates and weights into cell inputs may move."""
        self._check(architecture)
        scale = np.zeros(architecture.genome_shape)
        for gate in ("input", "forget", "output"):
            scale[:, architecture.genes_of("bias", gate)] = 1.0
        for source in ("input", "feedback"):
            scale[:, architecture.genes_of(source, "cell")] = self.input_scale
        # With gates half open, 4 undoes diag(i) and diag(o).
        width = max(architecture.recurrent_width, 1)
        recurrent = 4 * self.highest_radius / np.sqrt(width)
        scale[:, architecture.genes_of("recurrent", "cell")] = recurrent
        return scale

    def family(self, architecture: LSTM) -> None:
        """Return None: the few parameters are drawn, not evolved."""

    def _check(self, architecture: LSTM) -> None:
        if not architecture.bias:
            raise ValueError(
                "the linear regime sets gates by their biases: needs bias=True"
            )
        check_recurrence(self.name, architecture)

    def _draw_one(self, architecture: LSTM, rng: Generator, genome: Array) -> None:
        cells, sources = architecture.cells, architecture.recurrent_sources()
        bias = {
            "input": rng.normal(0.0, self.gate_spread, cells),
            "forget": rng.normal(self.forget_bias, self.forget_spread, cells),
            "output": rng.normal(0.0, self.gate_spread, cells),
        }
        for gate in set(bias) & set(architecture.gates):
            genome[:, architecture.genes_of("bias", gate)] = bias[gate][:, None]
        for source in ("input", "feedback"):
            genes = architecture.genes_of(source, "cell")
            genome[:, genes] = rng.normal(0.0, self.input_scale, (cells, len(genes)))
        gate_in, forget, gate_out = (_sigmoid(bias[g]) for g in bias)
        if not architecture.forget_gate:
            forget = np.ones(cells)
        radius = rng.uniform(self.lowest_radius, self.highest_radius)
        # Each group of cells has modes of its own.
        sizes = [group.cells for group in architecture.groups] or [cells]
        modes = radius * _blocks([random_orthogonal(rng, size) for size in sizes])
        recurrent = (modes - np.diag(forget)) / (gate_in[:, None] * gate_out)
        rows = np.arange(cells)[:, None]
        genome[:, architecture.genes_of("recurrent", "cell")] = recurrent[rows, sources]


def random_orthogonal(rng: Generator, size: int) -> Array:
    """Return (size, size), uniform over orthogonal matrices (Mezzadri 2007, section 5)."""
    q, r = np.linalg.qr(rng.normal(size=(size, size)))
    return np.asarray(q * np.sign(np.diag(r)))


def _blocks(matrices: list[Array]) -> Array:
    """Return square matrices along a diagonal; one is handed on as it is."""
    from scipy.linalg import block_diag

    return matrices[0] if len(matrices) == 1 else np.asarray(block_diag(*matrices))


def _sigmoid(value: Array) -> Array:
    return np.asarray(1.0 / (1.0 + np.exp(-value)))
