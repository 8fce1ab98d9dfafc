"""Convolutional LSTM networks with peepholes: memory cells that are pictures.

With * a convolution and . the product by elements (Shi et al. 2015, eq. 3; recalled),

    i, f = sigma(W * u(t) + U * h(t-1) + V . s(t-1) + b)        input and forget gate
    s(t) = f . s(t-1) + i . tanh(W * u(t) + U * h(t-1) + b)
    o    = sigma(W * u(t) + U * h(t-1) + V . s(t) + b)          output gate
    h(t) = o . tanh(s(t))

h, s and the gates have C channels of the size of the picture. A sequence of frames lies in
rows, a row for every pixel, line by line, frame after frame: so the readout, a convolution
of 1 x 1 or 3 x 3 that is the same at every pixel, is solved as any other. What is fed back
is the frame before.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from importlib import import_module
from typing import ClassVar, Literal

import numpy as np

from evolino.network.base import Driver
from evolino.network.lstm import GATES, PEEPHOLE_GATES
from evolino.solvers.likelihood import probabilities
from evolino.vocabulary import (
    Array,
    BoolArray,
    IntArray,
    check_choice,
    check_count,
    check_flag,
)

Peepholes = Literal["none", "channel", "pixel"]
SIZES = (1, 3, 5)  # of a kernel


@dataclass(frozen=True, slots=True)
class ConvLSTM:
    """The architecture of a convolutional network; with a genome (C, G) it is a network.

    channels: of h and s in every layer. layers: each receives h of the one below at the
    same step, the first u(t). kernel: 1, 3 or 5, the width of W and U; beyond its border a
    picture is 0. peepholes: "pixel", V has a weight for every channel and pixel, as in the
    paper; "channel", one for every channel; "none".
    height, width: of the pictures; a task of pictures sets them.
    inputs, outputs: I and K, channels of the external pictures and of the frames.
    readout_kernel: 1 or 3. readout_inputs: whether the readout has u(t), that is the last
    frame, as well as h. Both with a constant.
    output: "identity", or "logistic": the intensity of a pixel as a probability. What is
    fed back is cut to 0 .. 1. feedback: whether it is.

    C is channels times layers: a row of a genome holds every filter into one channel.

    Raises TypeError or ValueError, naming the field, if one is out of its range.

    >>> import evolino
    >>> evolino.ConvLSTM(channels=2, height=8, width=8).genome_shape  # (C, G)
    (2, 115)
    """

    name: ClassVar[str] = "convolutional"
    feedback_scale: ClassVar[float] = 1.0

    channels: int
    layers: int = 1
    kernel: int = 3
    peepholes: Peepholes = "channel"
    height: int = 1
    width: int = 1
    inputs: int = 0
    outputs: int = 1
    feedback: bool = True
    readout_kernel: int = 3
    readout_inputs: bool = True
    output: Literal["identity", "logistic"] = "identity"

    def __post_init__(self) -> None:
        """Check every field."""
        for name in ("channels", "layers", "height", "width", "outputs"):
            check_count(name, getattr(self, name), most=100_000)
        check_count("inputs", self.inputs, least=0)
        for name in ("feedback", "readout_inputs"):
            check_flag(name, getattr(self, name))
        check_choice("peepholes", self.peepholes, ("none", "channel", "pixel"))
        check_choice("output", self.output, ("identity", "logistic"))
        for name, sizes in (("kernel", SIZES), ("readout_kernel", SIZES[:2])):
            if getattr(self, name) not in sizes:
                raise ValueError(
                    f"{name} must be {' or '.join(map(str, sizes))}, "
                    f"got {getattr(self, name)!r}"
                )
        if self.input_width == 0:
            raise ValueError("a convolutional network needs inputs or feedback")

    @property
    def pixels(self) -> int:
        """The rows of a frame."""
        return self.height * self.width

    @property
    def input_width(self) -> int:
        """U: channels of the external pictures, then of the frame that is fed back."""
        return self.inputs + (self.outputs if self.feedback else 0)

    @property
    def recurrent_width(self) -> int:
        """The recurrent weights into a gate of a channel."""
        return self.channels * self.kernel**2

    @property
    def genome_shape(self) -> tuple[int, int]:
        """(C, G): row c of a genome holds every filter into channel c of all layers."""
        return self.channels * self.layers, len(self.gene_groups())

    @property
    def state_shape(self) -> tuple[int]:
        """Outputs and states of all channels, then the last frame."""
        fed = self.outputs * self.feedback
        return ((2 * self.channels * self.layers + fed) * self.pixels,)

    @property
    def readout_width(self) -> int:
        """S: patches of h of the top layer and of u(t), and a constant."""
        seen = self.channels + self.readout_inputs * self.input_width
        return seen * self.readout_kernel**2 + 1

    def gene_groups(self) -> list[tuple[str, str]]:
        """Return (source, gate) of each of the G genes, in genome order.

        source: "bias", "input", "feedback", "below", "recurrent" or "peephole".
        """
        area = self.kernel**2
        below = self.channels * area if self.layers > 1 else 0
        sources = ["bias"] + ["input"] * (self.inputs * area)
        sources += ["feedback"] * ((self.input_width - self.inputs) * area)
        sources += ["below"] * below + ["recurrent"] * self.recurrent_width
        groups = [(source, gate) for source in sources for gate in GATES]
        places = {"none": 0, "channel": 1, "pixel": self.pixels}[self.peepholes]
        return groups + [("peephole", g) for g in PEEPHOLE_GATES for _ in range(places)]

    def genes_of(self, source: str, gate: str | None = None) -> IntArray:
        """Return the positions of the genes from a source into a gate (None: into any)."""
        groups = enumerate(self.gene_groups())
        hits = [k for k, (of, into) in groups if of == source and gate in (None, into)]
        return np.array(hits, dtype=np.int64)

    def rows(self, layer: int) -> slice:
        """Return the rows of a genome of a layer."""
        return slice(layer * self.channels, (layer + 1) * self.channels)

    def free_genes(self) -> BoolArray:
        """Return (C, G): whether a gene has an effect in its layer."""
        sources = np.array([source for source, _ in self.gene_groups()])
        free = np.ones(self.genome_shape, dtype=bool)
        free[self.rows(0), sources == "below"] = False
        free[self.channels :, (sources == "input") | (sources == "feedback")] = False
        return free

    def outputs_of(self, sums: Array) -> Array:
        """Return the outputs of what the readout summed up; any shape."""
        return probabilities(sums, exclusive=False) if self.output == "logistic" else sums

    def fed_back(self, outputs: Array) -> Array:
        """Return what is fed back of outputs in a free run: intensities in 0 .. 1."""
        return np.where(np.isfinite(outputs), np.clip(outputs, 0.0, 1.0), outputs)

    def check_free_run(self) -> None:
        """Raise ValueError for a network without feedback."""
        if not self.feedback:
            raise ValueError("a network without feedback is not fed its own frames")

    def driver(self) -> Driver:
        """Return what runs networks of this architecture."""
        driver: Driver = import_module("evolino.network.convolutional_driver").driver_of(
            self
        )
        return driver

    def for_task(self, inputs: int, outputs: int) -> ConvLSTM:
        """Return this architecture with a task's channels of inputs and outputs."""
        return replace(self, inputs=inputs, outputs=outputs)

    def for_pictures(self, height: int, width: int) -> ConvLSTM:
        """Return this architecture for pictures of another size."""
        return replace(self, height=height, width=width)
