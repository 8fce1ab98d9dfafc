"""Drive networks: teacher-forced or in free run, over the segments of a task."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from evolino.network.base import (
    Architecture,
    Driver,
    ForcedRuns,
    FreeRunning,
    FreeRuns,
    Networks,
    States,
    TeacherForcing,
    fed_back_before,
    input_vectors,
)
from evolino.network.kernel_expansion import Outputs
from evolino.network.readout_sums import sums_of
from evolino.simd.memory import aligned, out_of_lanes, to_lanes
from evolino.simd.workspace import Workspace
from evolino.task.series import Segment, Series
from evolino.task.symbols import Symbols, SymbolVectors
from evolino.vocabulary import Array, IntArray

Rows = slice | IntArray
CHUNK = 2**22  # numbers of segments that are driven together: 32 MiB


@dataclass(frozen=True, slots=True, eq=False)
class ForcedPass:
    """A teacher-forced pass, the same for all networks; made by `forced_pass`.

    runs: over the series that its segments lie in, each once, as far as they are needed;
    drive: from networks to their features and states on them. fitted: which of the
    recorded rows fit a readout; targets: theirs, (T, K). scored: the recorded rows of each
    segment whose outputs are computed one step ahead.
    """

    runs: ForcedRuns
    drive: TeacherForcing
    fitted: Rows
    targets: Array
    scored: tuple[slice, ...]


def forced_pass(
    driver: Driver,
    fitted: Sequence[Segment],
    *,
    continued: Sequence[Segment] = (),
    scored: Sequence[Segment] = (),
) -> ForcedPass:
    """Return the teacher-forced pass that these segments need.

    fitted: their rows fit a readout. continued: free runs go over them; the states are kept
    before each. scored: their outputs are computed one step ahead.
    """
    recorded = [*fitted, *scored]
    vectors, firsts, kept, offsets = [], [], {}, {}
    offset = 0
    recorded_of = defaultdict(list)
    kept_of: dict[int, dict[int, int]] = defaultdict(dict)
    for segment in recorded:
        recorded_of[id(segment.series)].append(segment)
    for k, segment in enumerate(continued):
        kept_of[id(segment.series)][k] = segment.start
    for n, series in enumerate(distinct_series([*recorded, *continued])):
        segments, starts = recorded_of[id(series)], kept_of[id(series)]
        stop = max([s.stop for s in segments] + list(starts.values()))
        first = min((s.start for s in segments), default=stop)
        name = f"inputs of sequence {n}"
        every = _vectors(driver, series, name)
        vectors.append(every[:stop])
        firsts.append(first)
        kept.update({k: (n, row) for k, row in starts.items()})
        offsets[id(series)] = offset - first
        offset += stop - first

    def rows(segment: Segment) -> slice:
        before = offsets[id(segment.series)]
        return slice(before + segment.start, before + segment.stop)

    targets = [segment.targets for segment in fitted]
    runs = ForcedRuns(
        tuple(vectors), tuple(firsts), tuple(kept[k] for k in range(len(continued)))
    )
    nothing = np.zeros((0, driver.architecture.outputs))
    return ForcedPass(
        runs,
        driver.teacher_forcing(runs),
        _joined([rows(segment) for segment in fitted]),
        np.concatenate(targets) if targets else nothing,
        tuple(rows(segment) for segment in scored),
    )


@dataclass(frozen=True, slots=True, eq=False)
class Forced:
    """What networks did in a teacher-forced pass; arrays may lie in a workspace.

    features: (P, R, S), at all recorded rows. fitted: (P, T, S), at those that fit the
    readout. states: before each continued segment.
    """

    architecture: Architecture
    over: ForcedPass
    features: Array
    fitted: Array
    states: States

    def fitted_outputs(self, readout: Outputs) -> Array:
        """Return (P, 1, T, K): outputs on the rows that fit the readout.

        readout: weights (P, S, K), or P expansions.
        """
        sums = sums_of(self.fitted, readout)
        return self.architecture.outputs_of(sums)[:, None]

    def outputs(self, readout: Outputs) -> Array:
        """Return (P, N, L, K): outputs one step ahead on the N scored segments.

        readout: weights (P, S, K), or P expansions. Rows past a segment's end are NaN.
        """
        return self._by_segment(readout, self.architecture.outputs_of)

    def sums(self, readout: Outputs) -> Array:
        """Return (P, N, L, K): what the readout sums up, where `outputs` has outputs."""
        return self._by_segment(readout, lambda sums: sums)

    def _by_segment(self, readout: Outputs, made_of: Callable[[Array], Array]) -> Array:
        scored = self.over.scored
        longest = max(rows.stop - rows.start for rows in scored)
        shape = len(readout), len(scored), longest, self.architecture.outputs
        found = np.full(shape, np.nan)
        for k, rows in enumerate(scored):
            # Each segment alone: BLAS rounds by the number of rows.
            sums = sums_of(self.features[:, rows], readout)
            found[:, k, : rows.stop - rows.start] = made_of(sums)
        return found


def teacher_forced(
    driver: Driver, networks: Networks, over: ForcedPass, workspace: Workspace | None = None
) -> Forced:
    """Drive networks over a teacher-forced pass."""
    features, states = over.drive(networks, workspace)
    fitted = _rows_of(features, over.fitted, workspace)
    return Forced(driver.architecture, over, features, fitted, states)


def free_running(
    driver: Driver,
    segments: Sequence[Segment],
    tolerance: float = float("inf"),
    noise: Array | None = None,
) -> FreeRunning:
    """Return what lets networks run freely over segments: from their readouts and their
    states before each of N segments to outputs (P, N, L, K).

    L rows are those of the longest segment; rows past a shorter one's end continue it and
    have no target. tolerance, noise: as of `FreeRuns`.
    """
    return driver.free_running(
        FreeRuns(
            np.stack([_target_before(segment) for segment in segments]),
            np.nan_to_num(
                stack_rows([s.series.input_rows(s.start, s.stop) for s in segments])
            ),
            stack_rows([segment.targets for segment in segments]),
            tolerance,
            noise,
        )
    )


def drive(
    driver: Driver,
    networks: Networks,
    fitted: Sequence[Segment],
    continued: Sequence[Segment] = (),
) -> tuple[Array, Array, States]:
    """Drive networks by teacher forcing; record what the fit and the free runs need.

    Returns the features (P, T, S) on the rows of the fitted segments, one after another,
    their targets (T, K), and the states before each continued segment. A series that
    several segments share is driven once.
    """
    over = forced_pass(driver, fitted, continued=continued)
    forced = teacher_forced(driver, networks, over)
    return forced.fitted, over.targets, forced.states


def one_step_ahead(
    driver: Driver, networks: Networks, segments: Sequence[Segment]
) -> Forced:
    """Drive networks by teacher forcing over segments, for their outputs."""
    return teacher_forced(driver, networks, forced_pass(driver, (), scored=segments))


def in_chunks(
    architecture: Architecture, segments: Sequence[Segment]
) -> Iterator[list[Segment]]:
    """Yield segments a few at a time, in order, so that they may be made lazily.

    A chunk is one, or as many as take CHUNK numbers of inputs, targets and features; those
    that share a series with the one before them stay with it.
    """
    chunk: list[Segment] = []
    taken = 0
    for segment in segments:
        series, rows = segment.series, segment.stop - segment.start
        shared = bool(chunk) and series is chunk[-1].series
        if chunk and taken > CHUNK and not shared:
            yield chunk
            chunk, taken = [], 0
        chunk.append(segment)
        symbols = isinstance(series.inputs, Symbols)
        width = (1 if symbols else architecture.inputs) + architecture.outputs
        taken += rows * architecture.readout_width
        taken += 0 if shared else series.steps * width
    if chunk:
        yield chunk


def distinct_series(segments: Sequence[Segment]) -> list[Series]:
    """Return the series of the segments, each once, in order of first appearance."""
    return list({id(segment.series): segment.series for segment in segments}.values())


def stack_rows(rows: Sequence[Array]) -> Array:
    """Return (N, L, K) of N arrays (L_n, K), NaN past the end of shorter ones."""
    longest = max(len(row) for row in rows)
    stacked = np.full((len(rows), longest, rows[0].shape[1]), np.nan)
    for k, row in enumerate(rows):
        stacked[k, : len(row)] = row
    return stacked


def _vectors(driver: Driver, series: Series, name: str) -> Array | SymbolVectors:
    """Return the input vectors (T, U) of a series, symbols to be looked up if the driver
    does so.

    name: of the inputs in errors. Raises ValueError for symbols out of their range or of
    another number than the network's inputs.
    """
    architecture, inputs, before = driver.architecture, series.inputs, series.fed_back
    if not isinstance(inputs, Symbols):
        return input_vectors(architecture, inputs, before)
    symbols = inputs.checked(name, count=architecture.inputs)
    if not getattr(driver, "looks_up_symbols", False):
        return input_vectors(architecture, symbols, before)
    nothing = np.zeros((len(symbols), 0))
    others = fed_back_before(architecture, before) if architecture.feedback else nothing
    return SymbolVectors(symbols, others)


def _target_before(segment: Segment) -> Array:
    """Return (K,): the target that is fed back first in a free run, zeros at row 0."""
    if segment.start == 0:
        return np.zeros(segment.series.targets.shape[1])
    return np.asarray(segment.series.fed_back[segment.start - 1])


def _joined(rows: Sequence[slice]) -> Rows:
    """Return the rows of all slices, as one slice if they follow one another."""
    if not rows:
        return slice(0, 0)
    if all(a.stop == b.start for a, b in pairwise(rows)):
        return slice(rows[0].start, rows[-1].stop)
    return np.concatenate([np.arange(each.start, each.stop) for each in rows])


def _rows_of(features: Array, rows: Rows, workspace: Workspace | None) -> Array:
    """Return (P, T, S), some rows of features (P, R, S); a slice is a view."""
    if isinstance(rows, slice):
        return features[:, rows]
    if features.flags.c_contiguous:
        return np.take(features, rows, axis=1)
    lanes = to_lanes(features, features.dtype)
    shape = len(rows), *lanes.shape[1:]
    count = int(np.prod(shape))
    held = workspace.take("fitted", count, features.dtype) if workspace else None
    picked = (aligned(count, features.dtype) if held is None else held).reshape(shape)
    np.take(lanes, rows, axis=0, out=picked, mode="clip")
    return out_of_lanes(picked, len(features))
