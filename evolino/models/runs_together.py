"""Free runs of an ensemble: all runs at once, each step fed the mean of the readouts' sums.

The rows before the runs are driven by the compiled teacher-forced pass.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

import numpy as np

from evolino.models.driving import drive, stack_rows
from evolino.models.lockstep import sums_of_features
from evolino.network.base import EXPLODED, Architecture
from evolino.network.kernel_expansion import Output
from evolino.task.series import Segment
from evolino.vocabulary import Array


class Runs(Protocol):
    """N runs of one network, a step at a time."""

    def step(self, u: Array) -> None:
        """Take an input vector for each run, (N, U)."""
        ...

    def features(self) -> Array:
        """Return (N, S): the features after the last step."""
        ...


@runtime_checkable
class StepsRuns(Protocol):
    """A driver that steps many runs of a network at once, what is fed back decided
    outside."""

    def runs_stepper(self, genome: Array, states: tuple[Array, ...]) -> Runs:
        """Return runs of a network (C, G) from its states, an array of the first axis N
        for each kind."""
        ...


def free_runs(
    architecture: Architecture,
    networks: Sequence[tuple[Array, Output]],
    segments: Sequence[Segment],
) -> list[Array]:
    """Return (stop - start, K) for each segment: free runs after the rows before it.

    networks: genome (C, G) and readout of each; the driver of their architecture is one of
    `StepsRuns`. A run that is lost, at an output that is not finite or beyond EXPLODED, is
    inf from there on and fed 0. Raises ValueError for outputs that cannot be fed back.
    """
    architecture.check_free_run()
    driver = architecture.driver()
    assert isinstance(driver, StepsRuns)
    members: list[tuple[Runs, Output]] = []
    for genome, output in networks:
        _, _, states = drive(driver, driver.pack(genome[None]), (), segments)
        runs = driver.runs_stepper(genome, tuple(each[0] for each in states))
        members.append((runs, output))
    inputs = np.nan_to_num(
        stack_rows([s.series.input_rows(s.start, s.stop) for s in segments])
    )
    count, steps = inputs.shape[:2]
    outputs = np.zeros((count, steps, architecture.outputs))
    previous = np.stack([_fed_back_before(architecture, each) for each in segments])
    alive = np.ones(count, dtype=bool)
    with np.errstate(over="ignore", invalid="ignore"):  # some runs diverge
        for t in range(steps):
            u = inputs[:, t]
            if architecture.feedback:
                u = np.concatenate([u, architecture.fed_back(previous)], axis=1)
            given = architecture.outputs_of(_mean_sums(members, u))
            alive = alive & (np.abs(given) <= EXPLODED).all(axis=1)
            outputs[:, t] = np.where(alive[:, None], given, np.inf)
            previous = np.where(alive[:, None], given, 0.0)
    return [own[: s.stop - s.start] for own, s in zip(outputs, segments, strict=True)]


def _mean_sums(members: Sequence[tuple[Runs, Output]], u: Array) -> Array:
    """Return (N, K): what the readouts of networks sum up after a step over u (N, U)."""
    total: Array = np.zeros(0)
    for number, (runs, output) in enumerate(members):
        runs.step(u)
        # Each run alone: BLAS rounds by the number of rows.
        own = np.stack([sums_of_features(row, output) for row in runs.features()])
        total = own if number == 0 else total + own
    return total / len(members)


def _fed_back_before(architecture: Architecture, segment: Segment) -> Array:
    """Return (K,): the target before a segment, zeros at row 0."""
    if segment.start == 0:
        return np.zeros(architecture.outputs)
    return np.asarray(segment.series.fed_back[segment.start - 1])
