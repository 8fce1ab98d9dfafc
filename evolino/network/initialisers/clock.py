"""Clock initialiser: one cell integrates an input until it fires, the next repeats it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.random import Generator

from evolino.network.initialisers.base import check_recurrence
from evolino.network.lstm import LSTM
from evolino.vocabulary import Array, check_number


@dataclass(frozen=True, slots=True)
class Clock:
    """The first cell integrates the first external input; the second repeats its
    output a step later. Other cells have weights 0.

    The state of the first cell grows by a share of the input at every step, and comes to 1
    when the inputs since it last fired have come to `whole`. Its output gate, by its
    peephole, opens at about 0.95; its own output shuts its forget gate a step later.
    Needs peepholes, forget gates and a bias; cell_input="identity" makes it exact.

    whole: what the inputs of a period come to. openness: biases of the gates. steepness: of
    the output gate, as its weight from the state. deviation: each weight is drawn with this
    relative standard deviation.

    Raises TypeError or ValueError, naming the field, for one out of its range.

    >>> import evolino
    >>> import numpy as np
    >>> network = evolino.LSTM(cells=4, inputs=1, peepholes=True)
    >>> evolino.Clock().draw(network, np.random.default_rng(0), 2).shape
    (2, 4, 31)
    """

    name: ClassVar[str] = "clock"
    networks: ClassVar[tuple[str, ...]] = ("lstm",)
    level: ClassVar[float] = 0.0

    whole: float = 8.0
    openness: float = 15.0
    steepness: float = 150.0
    deviation: float = 0.1

    def __post_init__(self) -> None:
        """Check every field."""
        for name in ("whole", "openness", "steepness"):
            check_number(name, getattr(self, name), above=0)
        check_number("deviation", self.deviation, least=0)

    def draw(self, architecture: LSTM, rng: Generator, count: int) -> Array:
        """Return (count, C, G) genomes. Raises ValueError for an unfit architecture."""
        mean = self._mean(architecture)
        drawn = rng.normal(1.0, self.deviation, (count, *mean.shape))
        return np.asarray(mean * drawn)

    def scale(self, architecture: LSTM) -> Array:
        """Return (C, G): the deviation of each weight, a tenth of the smallest for those
        that are 0 in the two cells."""
        mean = np.abs(self._mean(architecture))
        scale = self.deviation * mean
        first = scale[:2]
        first[mean[:2] == 0] = 0.1 * scale[scale > 0].min(initial=1.0)
        return scale

    def family(self, architecture: LSTM) -> None:
        """Return None: the few parameters are drawn, not evolved."""

    def _mean(self, architecture: LSTM) -> Array:
        fits = architecture.bias and architecture.peepholes and architecture.forget_gate
        if not (fits and architecture.inputs and architecture.cells > 1):
            raise ValueError(
                "a clock needs two cells, an external input, bias=True, "
                "forget_gate=True and peepholes=True"
            )
        check_recurrence(self.name, architecture)
        if architecture.sources is not None:
            raise ValueError(f"a clock needs sources=None, got {architecture.sources}")
        mean = np.zeros(architecture.genome_shape)

        def genes(source: str, gate: str) -> int:
            return int(architecture.genes_of(source, gate)[0])  # from cell or input 0

        for cell, gate, value in (
            (0, "input", self.openness),
            (0, "forget", self.openness),
            (0, "output", -0.955 * self.steepness),
            (1, "input", self.openness),
            (1, "forget", -self.openness),
            (1, "output", self.openness),
        ):
            mean[cell, genes("bias", gate)] = value
        mean[0, genes("input", "cell")] = 1.0 / self.whole
        mean[0, genes("peephole", "output")] = self.steepness
        mean[0, genes("recurrent", "forget")] = -4.0 * self.openness
        mean[1, genes("recurrent", "cell")] = 1.0
        return mean
