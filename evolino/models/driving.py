"""What networks do on the segments of a task: teacher-forced, and left to themselves."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from evolino.network.kernel_expansion import Outputs
from evolino.network.kernels.dispatch import (
    CellStates,
    Course,
    FreeRuns,
    Networks,
    course_over,
    drive_over,
    expanded,
    free_runs_from,
    free_runs_of,
    input_vectors,
)
from evolino.network.lstm import LSTM
from evolino.simd.memory import aligned, out_of_lanes, to_lanes
from evolino.simd.workspace import Workspace
from evolino.task.series import Segment, Series
from evolino.vocabulary import Array, IntArray

Rows = slice | IntArray


@dataclass(frozen=True, slots=True, eq=False)
class Lesson:
    """What networks are driven over, the same for all of them; made by `lesson`.

    course: the series that its segments lie in, each once, as far as they are needed.
    fitted: which of the recorded rows fit a readout; targets: theirs, (T, K). heard: the
    recorded rows of each segment whose outputs are asked for one step ahead.
    """

    course: Course
    fitted: Rows
    targets: Array
    heard: tuple[slice, ...]


def lesson(
    architecture: LSTM,
    fitted: Sequence[Segment],
    *,
    started: Sequence[Segment] = (),
    heard: Sequence[Segment] = (),
) -> Lesson:
    """Return what to drive networks over for these segments.

    fitted: their rows fit a readout. started: free runs begin with them; the cells are kept
    before each. heard: they are responded to one step ahead.
    """
    recorded = [*fitted, *heard]
    vectors, firsts, starts, offsets = [], [], {}, {}
    offset = 0
    seen_of = defaultdict(list)
    begun_of: dict[int, dict[int, int]] = defaultdict(dict)
    for segment in recorded:
        seen_of[id(segment.series)].append(segment)
    for k, segment in enumerate(started):
        begun_of[id(segment.series)][k] = segment.start
    for n, series in enumerate(distinct_series([*recorded, *started])):
        seen, begun = seen_of[id(series)], begun_of[id(series)]
        stop = max([s.stop for s in seen] + list(begun.values()))
        first = min((s.start for s in seen), default=stop)
        every = input_vectors(architecture, series.inputs, series.fed_back)
        vectors.append(every[:stop])
        firsts.append(first)
        starts.update({k: (n, row) for k, row in begun.items()})
        offsets[id(series)] = offset - first
        offset += stop - first

    def rows(segment: Segment) -> slice:
        before = offsets[id(segment.series)]
        return slice(before + segment.start, before + segment.stop)

    targets = [segment.targets for segment in fitted]
    return Lesson(
        course_over(
            architecture,
            vectors,
            firsts=firsts,
            starts=[starts[k] for k in range(len(started))],
        ),
        _joined([rows(segment) for segment in fitted]),
        np.concatenate(targets) if targets else np.zeros((0, architecture.outputs)),
        tuple(rows(segment) for segment in heard),
    )


@dataclass(frozen=True, slots=True, eq=False)
class Taught:
    """What networks did in a lesson, as views of lane memory.

    seen: (P, R, S), what the readout sees at all recorded rows. fitted: (P, T, S), at those
    that fit it. starts: the cells (P, N, C) before each started segment.
    """

    architecture: LSTM
    lesson: Lesson
    seen: Array
    fitted: Array
    starts: CellStates

    def fitted_outputs(self, readout: Outputs) -> Array:
        """Return (P, 1, T, K): outputs on the rows that fit the readout.

        readout: weights (P, S, K), or P expansions.
        """
        sums = sums_of(self.fitted, readout)
        return self.architecture.outputs_of(sums)[:, None]

    def outputs(self, readout: Outputs) -> Array:
        """Return (P, N, L, K): outputs one step ahead on the N heard segments.

        readout: weights (P, S, K), or P expansions. Rows past a segment's end are NaN.
        """
        return self._by_segment(readout, self.architecture.outputs_of)

    def sums(self, readout: Outputs) -> Array:
        """Return (P, N, L, K): what the readout sums up, where `outputs` has outputs."""
        return self._by_segment(readout, lambda sums: sums)

    def _by_segment(self, readout: Outputs, made_of: Callable[[Array], Array]) -> Array:
        heard = self.lesson.heard
        longest = max(rows.stop - rows.start for rows in heard)
        shape = len(readout), len(heard), longest, self.architecture.outputs
        found = np.full(shape, np.nan)
        for k, rows in enumerate(heard):
            # Each segment alone: BLAS rounds by the number of rows.
            sums = sums_of(self.seen[:, rows], readout)
            found[:, k, : rows.stop - rows.start] = made_of(sums)
        return found


def teach(networks: Networks, lesson: Lesson, workspace: Workspace | None = None) -> Taught:
    """Drive networks over a lesson by teacher forcing."""
    seen, starts = drive_over(networks, lesson.course, workspace)
    fitted = _rows_of(seen, lesson.fitted, workspace)
    return Taught(networks.architecture, lesson, seen, fitted, starts)


def free_runs(
    architecture: LSTM,
    segments: Sequence[Segment],
    tolerance: float = float("inf"),
    noise: Array | None = None,
) -> FreeRuns:
    """Return free runs over segments for `free_runs_of`.

    A run further than the tolerance from its target is given up. noise: as of `free_run`.
    """
    return free_runs_from(
        architecture,
        np.stack([_target_before(segment) for segment in segments]),
        np.nan_to_num(stack_rows([s.series.inputs[s.start : s.stop] for s in segments])),
        targets=stack_rows([segment.targets for segment in segments]),
        tolerance=tolerance,
        noise=noise,
    )


def drive(
    networks: Networks, fitted: Sequence[Segment], started: Sequence[Segment]
) -> tuple[Array, Array, CellStates]:
    """Drive networks by teacher forcing; record what the fit and the free runs need.

    Returns the readout's states (P, T, S) on the rows of the fitted segments, one after
    another, their targets (T, K), and the cells (P, N, C) before each started segment.
    A series that several segments share is driven once.
    """
    given = lesson(networks.architecture, fitted, started=started)
    taught = teach(networks, given)
    return taught.fitted, given.targets, taught.starts


def run_freely(
    networks: Networks,
    readout: Outputs,
    segments: Sequence[Segment],
    starts: CellStates,
    tolerance: float = float("inf"),
    noise: Array | None = None,
) -> Array:
    """Return (P, N, L, K): free runs from the starts, L rows of the longest segment.

    readout: weights (P, S, K), or P expansions. starts: (P, N, C) before each of the N
    segments. Rows past a shorter segment's end continue it and have no target. tolerance,
    noise: as of `free_run`.
    """
    runs = free_runs(networks.architecture, segments, tolerance, noise)
    return left_to_themselves(networks, readout, starts, runs)


def left_to_themselves(
    networks: Networks,
    readout: Outputs,
    starts: CellStates,
    runs: FreeRuns,
    workspace: Workspace | None = None,
) -> Array:
    """Return (P, N, L, K): outputs of free runs. readout: weights (P, S, K), or P
    expansions."""
    return free_runs_of(networks, readout, starts, runs, workspace)


def respond_one_step(
    networks: Networks, readout: Outputs, segments: Sequence[Segment]
) -> Array:
    """Return (P, N, L, K): outputs under teacher forcing, NaN past a segment's end.

    readout: weights (P, S, K), or P expansions.
    """
    return _taught_to_hear(networks, segments).outputs(readout)


def sums_one_step(
    networks: Networks, readout: Outputs, segments: Sequence[Segment]
) -> Array:
    """Return (P, N, L, K): the readout's sums, where `respond_one_step` has outputs."""
    return _taught_to_hear(networks, segments).sums(readout)


def _taught_to_hear(networks: Networks, segments: Sequence[Segment]) -> Taught:
    return teach(networks, lesson(networks.architecture, (), heard=segments))


def sums_of(seen: Array, readout: Outputs) -> Array:
    """Return (P, T, K): what readouts make of what they see, (P, T, S)."""
    if isinstance(readout, np.ndarray):
        return np.asarray(seen @ readout)
    pairs = zip(readout, seen, strict=True)
    return np.stack([expanded(expansion, own) for expansion, own in pairs])


def chosen_of(readout: Outputs, which: IntArray) -> Outputs:
    """Return the readouts of some of P networks."""
    if isinstance(readout, np.ndarray):
        return np.asarray(readout[which])
    return [readout[p] for p in which]


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


def _target_before(segment: Segment) -> Array:
    """Return (K,): the target that a free run hears first, zeros at row 0."""
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


def _rows_of(seen: Array, rows: Rows, workspace: Workspace | None) -> Array:
    """Return (P, T, S), some rows of (P, R, S) as of `drive_over`; a slice is a view."""
    if isinstance(rows, slice):
        return seen[:, rows]
    if seen.flags.c_contiguous:
        return np.take(seen, rows, axis=1)
    lanes = to_lanes(seen, seen.dtype)
    shape = len(rows), *lanes.shape[1:]
    count = int(np.prod(shape))
    room = workspace.take("fitted", count, seen.dtype) if workspace else None
    picked = (aligned(count, seen.dtype) if room is None else room).reshape(shape)
    np.take(lanes, rows, axis=0, out=picked, mode="clip")
    return out_of_lanes(picked, len(seen))
