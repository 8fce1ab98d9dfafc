"""Run stacked and bidirectional networks by the compiled kernels, a layer at a time.

Loaded by `StackedLSTM.driver`. What a layer's cells put out lies in the lanes of vectors
and is the input of the next layer there; a backward direction is driven over the reversed
series. Large networks are driven one by one, as a single layer of that size is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

import numpy as np

from evolino.network import base, stacked_free_run
from evolino.network.kernel_expansion import Outputs
from evolino.network.kernels import dispatch
from evolino.network.stacked import StackedLSTM
from evolino.network.stacked_stepper import StackedStepper, trace
from evolino.simd.memory import Shared, aligned, out_of_lanes, to_lanes
from evolino.simd.workspace import Workspace
from evolino.task.symbols import SymbolVectors
from evolino.vocabulary import Array, IntArray

Packed = tuple[dispatch.Networks, ...]  # over layers, then directions


@dataclass(frozen=True, slots=True, eq=False)
class _Way:
    """How all layers go over the series in one direction.

    course: of the lowest layer; the others have other inputs. reversed_rows: None, or for
    each row of all series the row that is read in its place.
    """

    course: dispatch.Course
    reversed_rows: IntArray | None


@dataclass(frozen=True, eq=False)
class StackedDriver:
    """Runs stacked networks: `evolino.network.base.Driver`, and `Traces`."""

    architecture: StackedLSTM
    looks_up_symbols: ClassVar[bool] = False

    @cached_property
    def layouts(self) -> tuple[dispatch.Layout, ...]:
        """The layout of each layer."""
        layers = range(self.architecture.layers)
        return tuple(dispatch.layout_of(self.architecture.layer(k)) for k in layers)

    @property
    def block_size(self) -> int:
        """8 networks in float64, 16 in float32: the lanes of a vector."""
        return dispatch.block_size(self.architecture.layer(0))

    @property
    def one_by_one(self) -> bool:
        """Whether networks are driven one by one: those with large layers."""
        return dispatch.cells_in_lanes(self.architecture.layer(0))

    def pack(self, genomes: Array, workspace: Workspace | None = None) -> Packed:
        """Return genomes (P, C, G), each layer and direction laid out for the kernels."""
        own = self.architecture
        if genomes.ndim != 3 or genomes.shape[1:] != own.genome_shape:
            cells, genes = own.genome_shape
            raise ValueError(
                f"genomes must have shape (P, {cells}, {genes}), got {genomes.shape}"
            )
        return tuple(
            dispatch.pack(self.layouts[k], genomes[:, own.rows(k, d)][:, :, own.columns(k)])
            for k in range(own.layers)
            for d in range(own.directions)
        )

    def teacher_forcing(self, runs: base.ForcedRuns) -> base.TeacherForcing:
        """Return what drives networks over these series. States: outputs of all cells,
        then their states, (P, N, C) each. Raises ValueError for states of a bidirectional
        network before a row: it has none."""
        if self.architecture.bidirectional and runs.kept:
            self.architecture.check_free_run()
        ways = self._ways(runs)
        recorded = _recorded(runs)
        vectors = np.concatenate([_written(each) for each in runs.vectors])[recorded]

        def drive(
            networks: Packed, workspace: Workspace | None
        ) -> tuple[Array, base.States]:
            features, states = [], []
            below: Array | None = None
            for k in range(self.architecture.layers):
                own = networks[k * len(ways) : (k + 1) * len(ways)]
                seen, kept = self._drive_layer(own, ways, below)
                if k in self.architecture.read_layers:
                    features.append(seen)
                states.append(kept)
                below = seen[..., : self.architecture.below_width]
            return self._features(features, vectors, recorded), _joined(states)

        return drive

    def free_running(self, runs: base.FreeRuns) -> base.FreeRunning:
        """Return what lets networks run freely."""
        self.architecture.check_free_run()
        laid_out = stacked_free_run.laid_out(self.architecture, runs)

        def run(
            networks: Packed,
            readout: Outputs,
            states: base.States,
            workspace: Workspace | None,
        ) -> Array:
            return stacked_free_run.run(networks, readout, states, laid_out)

        return run

    def stepper(self, genome: Array) -> StackedStepper:
        """Return a network (C, G) at rest, to be driven a step at a time."""
        return StackedStepper(self.architecture, genome)

    def masked(self, genes: Array) -> Array:
        """Return genomes or scales (.., C, G) with 0 for genes that a layer lacks."""
        return np.where(self.architecture.free_genes(), genes, 0.0)

    def readout_parts(self) -> tuple[base.ReadoutPart, ...]:
        """Return none: the readout is solved as a whole."""
        return ()

    def trace(self, genome: Array, vectors: Array) -> base.Trace:
        """Return what a network (C, G) does; gates (T, C, 4) in the order of `GATES`."""
        return trace(self.architecture, genome, vectors)

    def _ways(self, runs: base.ForcedRuns) -> tuple[_Way, ...]:
        bottom = self.architecture.layer(0)
        forward = dispatch.course_over(bottom, runs.vectors, starts=runs.kept)
        if not self.architecture.bidirectional:
            return (_Way(forward, None),)
        lengths = [len(each) for each in runs.vectors]
        ends = np.cumsum(lengths)
        rows = [
            np.arange(end - 1, end - n - 1, -1)
            for end, n in zip(ends, lengths, strict=True)
        ]
        turned = [np.ascontiguousarray(_written(each)[::-1]) for each in runs.vectors]
        backward = dispatch.course_over(bottom, turned)
        return _Way(forward, None), _Way(backward, np.concatenate(rows))

    def _drive_layer(
        self, networks: Packed, ways: Sequence[_Way], below: Array | None
    ) -> tuple[Array, dispatch.CellStates]:
        """Return what a layer records (P, T, ..) at every row, outputs of all directions
        and then their states, and its cells before each start.

        below: what the layer below put out, (P, T, ..); None for the lowest.
        """
        cells, found = self.architecture.cells, []
        for own, way in zip(networks, ways, strict=True):
            seen, kept = _drive(own, way, below)
            if way.reversed_rows is not None:
                seen = seen[:, way.reversed_rows]
            found.append((seen, kept))
        each = [seen for seen, _ in found]
        if len(each) > 1:
            parts = [s[..., :cells] for s in each] + [s[..., cells:] for s in each]
            joined = np.concatenate([np.moveaxis(part, 0, -1) for part in parts], axis=1)
            each = [out_of_lanes(joined, len(each[0]))]
        return each[0], found[0][1]

    def _features(self, layers: Sequence[Array], vectors: Array, rows: IntArray) -> Array:
        """Return (P, R, S). layers: what those that are read recorded at all rows."""
        own, width = self.architecture, self.architecture.below_width
        count, dtype = len(layers[0]), layers[0].dtype
        parts = [each[:, rows, :width] for each in layers]
        if own.readout_states:
            parts += [each[:, rows, width:] for each in layers]
        inputs = np.broadcast_to(vectors.astype(dtype), (count, *vectors.shape))
        if own.readout_inputs:
            parts.append(inputs)
        if own.readout_squares:
            parts += [np.square(each[:, rows, :width]) for each in layers]
            parts.append(np.square(inputs))
        if own.readout_constant:
            parts.append(np.ones((count, len(rows), 1), dtype))
        return np.concatenate(parts, axis=2)


def _drive(
    networks: dispatch.Networks, way: _Way, below: Array | None
) -> tuple[Array, dispatch.CellStates]:
    """Drive one direction of a layer; features are (P, T, ..) in the order of its rows."""
    if below is None:
        return dispatch.drive_over(networks, way.course)
    if way.reversed_rows is not None:
        below = below[:, way.reversed_rows]
    width = below.shape[2]
    if not dispatch.cells_in_lanes(networks.architecture):
        lanes = to_lanes(below, networks.dtype).reshape(-1)
        if not len(lanes):
            lanes = aligned(networks.width, networks.dtype)
        course = way.course._replace(inputs=lanes, width=width)
        return dispatch.drive_over(networks, course)
    # Large networks read their own inputs one by one, the same in every lane.
    each = []
    for p, inputs in enumerate(below):
        one = Shared(np.ascontiguousarray(inputs).reshape(-1))
        course = way.course._replace(inputs=one, width=width)
        each.append(dispatch.drive_over(networks.alone(p), course))
    states = (np.concatenate([kept[k] for _, kept in each]) for k in range(2))
    return np.concatenate([seen for seen, _ in each]), dispatch.CellStates(*states)


def _joined(states: Sequence[dispatch.CellStates]) -> base.States:
    outputs = np.concatenate([each.outputs for each in states], axis=2)
    return outputs, np.concatenate([each.states for each in states], axis=2)


def _recorded(runs: base.ForcedRuns) -> IntArray:
    """Return the rows that are recorded, counted over all series."""
    rows, before = [np.zeros(0, np.int64)], 0
    for vectors, first in zip(runs.vectors, runs.firsts, strict=True):
        rows.append(np.arange(before + first, before + len(vectors)))
        before += len(vectors)
    return np.concatenate(rows)


def _written(vectors: Array | SymbolVectors) -> Array:
    return vectors.written_out() if isinstance(vectors, SymbolVectors) else vectors
