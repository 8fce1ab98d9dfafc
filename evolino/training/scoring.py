"""Score candidates: by their one-step error, by free runs, or by episodes.

A scoring is a frozen dataclass that says how a candidate gets its loss; `scoring_of`, the
one place where it is chosen, takes it from what the task declares.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from evolino.models.driving import Forced, forced_pass, free_running, stack_rows
from evolino.models.units import standardised
from evolino.network.base import Networks
from evolino.network.kernel_expansion import Output, Outputs
from evolino.simd.workspace import Workspace
from evolino.task.control import ControlTask
from evolino.task.protocol import Task
from evolino.task.series import Segment
from evolino.training.episode_scoring import EpisodeLoss
from evolino.training.loss import asks_for_inputs, loss_against
from evolino.training.solved_candidates import Setting, SolvedCandidates, Stage
from evolino.vocabulary import Array


class Scorer(Protocol):
    """What gives networks their losses in a setting; pure, and threads share it."""

    def losses(self, genomes: Array, workspace: Workspace) -> Array:
        """Return (L, P): the losses of a block of genomes (P, C, G), inf for networks that
        failed; L penalties of the readout to choose from, 1 if there is no choice."""
        ...

    def solve(self, genome: Array) -> Output:
        """Return the readout of a genome (C, G), as the trained model has it."""
        ...


class Scoring(Protocol):
    """How candidates are scored."""

    def prepare(self, setting: Setting) -> Scorer:
        """Return what scores candidates in a setting; what is the same for all of them is
        worked out once."""
        ...


@dataclass(frozen=True, slots=True)
class OneStepError:
    """Outputs one step ahead, teacher-forced over the segments that are scored."""

    def prepare(self, setting: Setting) -> SolvedCandidates:
        """Return what scores candidates in a setting."""
        return SolvedCandidates(setting, self)

    def stage(
        self,
        setting: Setting,
        fitted: Sequence[Segment],
        scored: Sequence[Segment],
        *,
        confirmation: bool = False,
    ) -> Stage:
        """Return a stage of validation; without scored segments on the rows that fit."""
        loss = _loss_on(setting, scored or fitted, stacked=bool(scored))
        fitted, scored = _standardised(setting, fitted, scored)
        over = forced_pass(setting.driver, fitted, scored=scored)

        def losses(
            networks: Networks,
            forced: Forced,
            readout: Outputs,
            workspace: Workspace | None,
        ) -> Array:
            return loss(
                forced.outputs(readout) if scored else forced.fitted_outputs(readout)
            )

        return Stage(over, losses)


@dataclass(frozen=True, slots=True, eq=False)
class FreeRun:
    """Free runs over the segments that are scored.

    tolerance: a run further than this from its target at a step is given up, in the units
    of what networks learn: standardised where a task is. noise:
    (M, *state_shape), on the states in validation, none in confirmation; None for none.
    """

    tolerance: float = float("inf")
    noise: Array | None = None

    def prepare(self, setting: Setting) -> SolvedCandidates:
        """Return what scores candidates in a setting."""
        return SolvedCandidates(setting, self)

    def stage(
        self,
        setting: Setting,
        fitted: Sequence[Segment],
        scored: Sequence[Segment],
        *,
        confirmation: bool = False,
    ) -> Stage:
        """Return a stage of validation."""
        loss = _loss_on(setting, scored, stacked=True)
        fitted, scored = _standardised(setting, fitted, scored)
        over = forced_pass(setting.driver, fitted, continued=scored)
        noise = None if confirmation else self.noise
        run = free_running(setting.driver, scored, self.tolerance, noise)

        def losses(
            networks: Networks,
            forced: Forced,
            readout: Outputs,
            workspace: Workspace | None,
        ) -> Array:
            return loss(run(networks, readout, forced.states, workspace))

        return Stage(over, losses)


def scoring_of(
    task: Task, *, tolerance: float = float("inf"), noise: Array | None = None
) -> Scoring:
    """Return how a task's candidates are scored. tolerance, noise: as of `FreeRun`."""
    if isinstance(task, ControlTask):
        return EpisodeLoss(task)
    return FreeRun(tolerance, noise) if task.generates else OneStepError()


def _loss_on(
    setting: Setting, segments: Sequence[Segment], *, stacked: bool
) -> Callable[[Array], Array]:
    """Return the loss (P,) of a network's own outputs (P, N, L, K) on segments.

    stacked: the segments are apart, N of them; else they are one, their rows joined.
    """

    def together(rows: Sequence[Array]) -> Array:
        return stack_rows(rows) if stacked else np.concatenate(rows)[None]

    targets = [segment.targets for segment in segments]
    shown = None
    if asks_for_inputs(setting.task):
        shown = together(
            [each.series.input_rows(each.start, each.stop) for each in segments]
        )
    loss = loss_against(setting.task, together(targets), shown)
    scaling = setting.scaling
    return loss if scaling is None else lambda outputs: loss(scaling.restored(outputs))


def _standardised(
    setting: Setting, fitted: Sequence[Segment], scored: Sequence[Segment]
) -> tuple[Sequence[Segment], Sequence[Segment]]:
    """Return both in the columns that networks are given; series stay shared."""
    every = standardised(setting.scaling, [*fitted, *scored])
    return every[: len(fitted)], every[len(fitted) :]
