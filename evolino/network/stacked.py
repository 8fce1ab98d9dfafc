"""Stacked and bidirectional LSTM networks: layers of memory cells, one above the other.

Each layer receives the cell outputs of the one below at the same step; the first receives
the input vector u(t). In a bidirectional layer half of the cells read the sequence from
its end (Schuster & Paliwal 1997; Graves & Schmidhuber 2005), so that such a network reads
whole sequences and cannot run freely. Every layer and direction is an `LSTM` with rows of
the genome of its own; the readout has the cells of the top layer, or of all.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from importlib import import_module
from typing import Any, ClassVar, Literal, get_args

import numpy as np

from evolino.network.base import Driver
from evolino.network.lstm import LSTM, CellInput, CellOutput, OutputUnit, Precision
from evolino.vocabulary import Array, BoolArray, IntArray, check_count, check_flag

ReadoutLayers = Literal["top", "all"]
OF_EVERY_LAYER = ("cells", "forget_gate", "peepholes", "full_peepholes", "cell_input",
                  "cell_output", "bias", "precision", "readout_states")  # fmt: skip
OF_INPUTS_AND_OUTPUTS = ("inputs", "outputs", "feedback", "feedback_scale", "output")


@dataclass(frozen=True, slots=True)
class StackedLSTM:
    """The architecture of a stack of layers; with a genome (C, G) it is a network.

    cells: memory cells of a layer, in each of its directions.
    layers: how many there are. bidirectional: whether each has cells that go forward and
    as many that go backward; needs feedback=False.
    readout_layers: "top" or "all", whose cell outputs (and with readout_states states) are
    features of the readout.
    All else as of `LSTM`, the same for every layer.

    C is cells times directions times layers: layer after layer, of each the forward cells,
    then the backward ones. A row has genes from bias, input vector, the layer below and the
    own layer and direction; those that a layer lacks have no effect.

    Raises TypeError or ValueError, naming the field, if one is out of its range.

    >>> import evolino
    >>> evolino.StackedLSTM(cells=4, layers=2).genome_shape  # (C, G)
    (8, 40)
    """

    name: ClassVar[str] = "stacked"
    cells: int
    layers: int = 2
    bidirectional: bool = False
    readout_layers: ReadoutLayers = "top"
    inputs: int = 0
    outputs: int = 1
    forget_gate: bool = True
    peepholes: bool = False
    full_peepholes: bool = False
    cell_input: CellInput = "tanh"
    cell_output: CellOutput = "o*tanh(s)"
    bias: bool = True
    feedback: bool = True
    feedback_scale: float = 1.0
    readout_states: bool = False
    readout_inputs: bool = True
    readout_squares: bool = False
    readout_constant: bool = True
    output: OutputUnit = "identity"
    precision: Precision = "float64"

    def __post_init__(self) -> None:
        """Check every field."""
        check_count("layers", self.layers)
        check_flag("bidirectional", self.bidirectional)
        check_flag("readout_inputs", self.readout_inputs)
        check_flag("readout_squares", self.readout_squares)
        check_flag("readout_constant", self.readout_constant)
        if self.readout_layers not in get_args(ReadoutLayers):
            raise ValueError(
                f"readout_layers must be 'top' or 'all', got {self.readout_layers!r}"
            )
        self.layer(0)  # checks the fields that layers have
        if self.bidirectional and self.feedback:
            raise ValueError(
                "bidirectional needs feedback=False: the backward cells would be fed the "
                "very outputs that are to be predicted"
            )

    def layer(self, number: int) -> LSTM:
        """Return one direction of a layer, 0 the lowest, as a network by itself."""
        shared = {name: getattr(self, name) for name in OF_EVERY_LAYER}
        plain = LSTM(**shared, readout_inputs=False, readout_constant=False, feedback=False,
                     inputs=self.below_width)  # fmt: skip
        if number:
            return plain
        return replace(plain, **{k: getattr(self, k) for k in OF_INPUTS_AND_OUTPUTS})

    def head(self) -> LSTM:
        """Return one layer whose cells are all that the readout sees: it has the features,
        the input vector, the output units and the feedback of the stack."""
        return replace(
            self.layer(0),
            cells=self.below_width * len(self.read_layers),
            readout_inputs=self.readout_inputs,
            readout_squares=self.readout_squares,
            readout_constant=self.readout_constant,
        )

    @property
    def directions(self) -> int:
        """1, or 2 if the network is bidirectional."""
        return 2 if self.bidirectional else 1

    @property
    def below_width(self) -> int:
        """The cell outputs that a layer receives from the one below."""
        return self.cells * self.directions

    @property
    def input_width(self) -> int:
        """U: external inputs, then fed-back outputs if there is feedback."""
        return self.inputs + (self.outputs if self.feedback else 0)

    @property
    def recurrent_width(self) -> int:
        """R: the recurrent sources of each cell, those of its own layer and direction."""
        return self.cells

    @property
    def genome_shape(self) -> tuple[int, int]:
        """(C, G): row c of a genome holds every weight into cell c."""
        return self.layers * self.below_width, len(self.gene_groups())

    @property
    def state_shape(self) -> tuple[int, int]:
        """(2, C): the outputs of the cells, and their states."""
        return 2, self.genome_shape[0]

    @property
    def read_layers(self) -> tuple[int, ...]:
        """The layers whose cells are features."""
        return tuple(range(self.layers)) if self.readout_layers == "all" else (
            self.layers - 1,
        )  # fmt: skip

    @property
    def readout_width(self) -> int:
        """S: cell outputs of the layers that are read, their states, u(t), the squares of
        cell outputs and u(t), a constant."""
        kinds = 1 + self.readout_states + self.readout_squares
        cells = len(self.read_layers) * self.below_width * kinds
        vectors = self.readout_inputs + self.readout_squares
        return cells + vectors * self.input_width + self.readout_constant

    def rows(self, layer: int, direction: int) -> slice:
        """Return the rows of a genome of a layer in a direction."""
        first = (layer * self.directions + direction) * self.cells
        return slice(first, first + self.cells)

    def columns(self, layer: int) -> IntArray:
        """Return the genes that a layer has, in the order of `layer(..)`'s own."""
        absent = ("input", "feedback") if layer else ("below",)
        groups = self.gene_groups()
        return np.flatnonzero([source not in absent for source, _ in groups])

    def gene_groups(self) -> list[tuple[str, str]]:
        """Return (source, gate) of each of the G genes, in genome order.

        source: "bias", "input", "feedback", "below", "recurrent" or "peephole".
        """
        bottom = self.layer(0)
        own = bottom.gene_groups()
        first = next(k for k, (source, _) in enumerate(own) if source == "recurrent")
        wide = self.below_width if self.layers > 1 else 0
        below = [("below", gate) for _ in range(wide) for gate in bottom.gates]
        return [*own[:first], *below, *own[first:]]

    def genes_of(self, source: str, gate: str | None = None) -> IntArray:
        """Return the positions of the genes from a source into a gate (None: into any)."""
        groups = enumerate(self.gene_groups())
        hits = [k for k, (of, into) in groups if of == source and gate in (None, into)]
        return np.array(hits, dtype=np.int64)

    def free_genes(self) -> BoolArray:
        """Return (C, G): whether a gene has an effect in its layer."""
        free = np.zeros(self.genome_shape, dtype=bool)
        for layer in range(self.layers):
            for direction in range(self.directions):
                free[self.rows(layer, direction), self.columns(layer)[:, None]] = True
        return free

    def outputs_of(self, sums: Array) -> Array:
        """Return the outputs of what the readout summed up; any shape."""
        return self.layer(0).outputs_of(sums)

    def fed_back(self, outputs: Array) -> Array:
        """Return what is fed back of outputs in a free run; any shape."""
        return self.layer(0).fed_back(outputs)

    def check_free_run(self) -> None:
        """Raise ValueError, saying why, for a bidirectional network and probabilities."""
        if self.bidirectional:
            raise ValueError(
                "a bidirectional network cannot run freely: its backward cells read the "
                "sequence from its end, which a free run has not reached"
            )
        self.layer(0).check_free_run()

    def driver(self) -> Driver:
        """Return what runs networks of this architecture, by the compiled kernels."""
        found = import_module("evolino.network.stacked_driver").StackedDriver(self)
        driver: Driver = found
        return driver

    def for_task(self, inputs: int, outputs: int) -> StackedLSTM:
        """Return this architecture with a task's numbers of inputs and outputs."""
        return replace(self, inputs=inputs, outputs=outputs)


def stack_table(
    table: Mapping[str, Any], layers: int | None, bidirectional: bool
) -> dict[str, Any]:
    """Return the table of a stack whose layers are as the network of a table.

    layers: None keeps those of a stack, else it is one. Raises ValueError for a field that
    a stack does not have.
    """
    stacked = table.get("name") == StackedLSTM.name
    if table.get("name", LSTM.name) != LSTM.name and not stacked:
        raise ValueError(f"layers are of LSTM networks, got {table['name']}")
    known = {each.name for each in fields(StackedLSTM)}
    for name, value in table.items():
        if name not in known | {"name"} and value:
            raise ValueError(f"a stack of layers has no {name}, this network has {value!r}")
    kept = {k: v for k, v in table.items() if k in known}
    usual = kept.get("layers", 2) if stacked else 1
    return {
        **kept,
        "name": StackedLSTM.name,
        "layers": usual if layers is None else layers,
        "bidirectional": bidirectional or kept.get("bidirectional", False),
    }
