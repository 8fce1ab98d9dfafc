"""Pack genomes into the lanes of a vector: weights by cell, source and gate."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

import numpy as np

from evolino.network.kernels import cell, features
from evolino.network.kernels.free_run import workspace_size
from evolino.network.kernels.records import Layer
from evolino.network.lstm import GATES, LSTM, PEEPHOLE_GATES
from evolino.network.weights import free_genes
from evolino.simd.compiled import compiled
from evolino.simd.memory import Shared, aligned_copy, shared, width_of
from evolino.simd.workspace import Workspace
from evolino.vocabulary import Array, BoolArray, IntArray


def block_size(architecture: LSTM) -> int:
    """Return how many networks fill a vector: 8 in float64, 16 in float32."""
    return width_of(architecture.precision)


@dataclass(frozen=True, slots=True, eq=False)
class Layout:
    """What all networks of an architecture share; made by `layout_of`.

    genes: (W,), for each weight into a cell, over sources (bias, inputs, recurrent) and
    gates, its place among the genes of the cell, -1 for one that the architecture lacks.
    peephole_genes: (3,), the same. sources: (C, R). flags: the variant, as the kernels
    read it. columns: S, the features. dtype: of what the cells compute. width: the lanes of
    a vector of it. free_run_size: the vectors that a free run works in. free: (C, G), the
    genes that count, where cells are in groups.
    """

    architecture: LSTM
    genes: IntArray
    peephole_genes: IntArray
    sources: IntArray
    flags: int
    columns: int
    dtype: Any
    width: int
    free_run_size: int
    free: BoolArray | None = None

    def layer(self, weights: Any, peepholes: Any) -> Layer:
        """Return the memory cells with these weights, as kernels read them."""
        cells, recurrent = self.sources.shape
        width = self.architecture.input_width
        return Layer(weights, peepholes, self.sources, cells, recurrent, width, self.flags)


@dataclass(frozen=True, eq=False)
class Networks:
    """At most `block_size` networks, laid out for the kernels; made by `pack`.

    weights_in_lanes, peepholes_in_lanes: one-dimensional, of (C, W) and (C, 3) vectors in
    the architecture's precision; empty lanes repeat the last network. count: P.
    """

    layout: Layout
    count: int
    weights_in_lanes: Array
    peepholes_in_lanes: Array

    @property
    def architecture(self) -> LSTM:
        """What the networks have in common."""
        return self.layout.architecture

    @property
    def dtype(self) -> Any:
        """float64 or float32."""
        return self.layout.dtype

    @property
    def width(self) -> int:
        """The lanes of a vector."""
        return self.layout.width

    @cached_property
    def weights(self) -> Array:
        """(P, C W): the weights of one network after another."""
        return self._out_of_lanes(self.weights_in_lanes)

    @cached_property
    def peepholes(self) -> Array:
        """(P, 3 C): the peephole weights of one network after another."""
        return self._out_of_lanes(self.peepholes_in_lanes)

    @property
    def layer(self) -> Layer:
        """The networks in the lanes, as kernels read them."""
        return self.layout.layer(self.weights_in_lanes, self.peepholes_in_lanes)

    @cached_property
    def layer_by_network(self) -> Layer:
        """One network after another, the same in every lane."""
        each = self.weights.reshape(-1), self.peepholes.reshape(-1)
        return self.layout.layer(Shared(each[0]), Shared(each[1]))

    def layer_of(self, network: int, dtype: Any) -> Layer:
        """Return one of the networks, the same in every lane."""
        weights, peepholes = self.weights[network], self.peepholes[network]
        return self.layout.layer(shared(weights, dtype), shared(peepholes, dtype))

    def alone(self, network: int) -> Networks:
        """Return one of the networks by itself."""
        weights, peepholes = (
            aligned_copy(np.repeat(each[network], self.width), self.dtype)
            for each in (self.weights, self.peepholes)
        )
        return Networks(self.layout, 1, weights, peepholes)

    def _out_of_lanes(self, values: Array) -> Array:
        return np.ascontiguousarray(values.reshape(-1, self.width).T[: self.count])


@lru_cache(maxsize=8)  # a tenth of the time of a short free run
def layout_of(architecture: LSTM) -> Layout:
    """Return the layout of all networks of an architecture."""
    width = 1 + architecture.input_width
    first = 0 if architecture.bias else 1
    genes = np.full((width + architecture.recurrent_width, len(GATES)), -1)
    place = 0
    for rows, gates in (
        (slice(first, width), architecture.gates),
        (slice(width, None), architecture.recurrent_gates),
    ):
        shape = len(genes[rows]), len(gates)
        own = np.arange(place, place + shape[0] * shape[1]).reshape(shape)
        genes[rows, [GATES.index(gate) for gate in gates]] = own
        place += own.size
    peepholes = np.full(len(PEEPHOLE_GATES), -1, dtype=np.int64)
    seeing = [PEEPHOLE_GATES.index(gate) for gate in architecture.peephole_gates()]
    peepholes[seeing] = place + np.arange(len(seeing))
    dtype, columns = np.dtype(architecture.precision), architecture.readout_width
    return Layout(
        architecture,
        genes.reshape(-1),
        peepholes,
        np.ascontiguousarray(architecture.recurrent_sources()),
        _flags(architecture),
        columns,
        dtype,
        width_of(dtype),
        workspace_size(
            architecture.cells, architecture.input_width, columns, architecture.outputs
        ),
        free_genes(architecture) if architecture.groups else None,
    )


def pack(
    architecture: LSTM | Layout, genomes: Array, workspace: Workspace | None = None
) -> Networks:
    """Lay genomes (P, C, G), 1 <= P <= `block_size`, out for the kernels.

    architecture: its layout serves several blocks. Raises ValueError for another shape or
    number.
    """
    layout = architecture if isinstance(architecture, Layout) else layout_of(architecture)
    architecture, held = layout.architecture, workspace or Workspace()
    if genomes.ndim != 3 or genomes.shape[1:] != architecture.genome_shape:
        raise ValueError(
            f"genomes must have shape (P, {architecture.cells}, {architecture.genes}), "
            f"got {genomes.shape}"
        )
    if not 1 <= len(genomes) <= layout.width:
        raise ValueError(f"a block has 1 to {layout.width} networks, got {len(genomes)}")
    rows = architecture.cells * layout.width
    weights = held.take("weights", rows * len(layout.genes), layout.dtype)
    peepholes = held.take("peepholes", rows * len(layout.peephole_genes), layout.dtype)
    values = np.ascontiguousarray(genomes, np.float64)
    if layout.free is not None:
        values = np.where(layout.free, values, 0.0)
    place_genes(values, layout.genes, weights, layout.width)
    place_genes(values, layout.peephole_genes, peepholes, layout.width)
    return Networks(layout, len(genomes), weights, peepholes)


@compiled
def place_genes(genomes: Any, genes: Any, vectors: Any, width: int) -> None:
    """Write genes of genomes (P, C, G) to vectors of `width` networks: over cells, then
    over `genes`, the places of those wanted in a cell; 0 for a place of -1."""
    count, cells, _ = genomes.shape
    at = 0
    for c in range(cells):
        for k in range(len(genes)):
            place = genes[k]
            for lane in range(width):
                gene = genomes[min(lane, count - 1), c, max(place, 0)]
                vectors[at + lane] = gene if place >= 0 else 0.0
            at += width


def _flags(architecture: LSTM) -> int:
    chosen = (
        (architecture.forget_gate, cell.HAS_FORGET_GATE),
        (architecture.peepholes, cell.HAS_PEEPHOLES),
        (architecture.full_peepholes, cell.FULL_PEEPHOLES),
        (architecture.cell_input == "tanh", cell.TANH_INPUT),
        (architecture.cell_output == "o*tanh(s)", cell.GERS_OUTPUT),
        (architecture.cell_output == "o*s", cell.LINEAR_OUTPUT),
        (architecture.readout_states, features.STATES),
        (architecture.readout_inputs, features.INPUTS),
        (architecture.readout_squares, features.SQUARES),
        (architecture.readout_constant, features.CONSTANT),
    )
    return sum(flag for wanted, flag in chosen if wanted)
