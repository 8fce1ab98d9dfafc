"""Score candidates whose readout is solved: teacher-forced pass, fit, validation in stages.

What the outputs of validation are, a scoring says (`evolino.training.scoring`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import numpy as np

from evolino.models.driving import Forced, ForcedPass, drive, teacher_forced
from evolino.models.units import standardised
from evolino.network.base import Driver, Networks, ReadoutPart
from evolino.network.kernel_expansion import Output, Outputs
from evolino.network.readout_sums import readouts_of
from evolino.readout.base import Readout, Solutions
from evolino.readout.in_parts import solve_in_parts
from evolino.simd.workspace import Workspace
from evolino.task.protocol import Task
from evolino.task.scaling import Scaling
from evolino.task.series import Segment, Split
from evolino.vocabulary import Array

SMALLEST_FIT = 1e-5  # a root mean squared error below it tells nothing more


@dataclass(frozen=True, slots=True, eq=False)
class Setting:
    """What candidates are scored on.

    confirm_at, fit_weight: as of `Experiment`. scaling: of the task's columns; networks are
    given standardised ones, the task's loss is given outputs in its own units. None leaves
    all as it is.
    """

    driver: Driver
    task: Task
    readout: Readout
    split: Split
    confirm_at: float = 0.0
    fit_weight: float = 0.0
    scaling: Scaling | None = None


# From networks, what they did in the stage's pass, and their readouts (weights (P, S, K),
# or P expansions) to their losses (P,).
StageLosses = Callable[[Networks, Forced, Outputs, "Workspace | None"], Array]


@dataclass(frozen=True, slots=True, eq=False)
class Stage:
    """One stage of validation: the teacher-forced pass that it needs, and its losses."""

    over: ForcedPass
    losses: StageLosses


class MakesStages(Protocol):
    """What makes the stages of validation: a scoring."""

    def stage(
        self,
        setting: Setting,
        fitted: Sequence[Segment],
        scored: Sequence[Segment],
        *,
        confirmation: bool = False,
    ) -> Stage:
        """Return a stage.

        fitted: their rows fit the readout. scored: segments that the loss is taken on;
        none: the rows that fit. Both are in the task's own units. confirmation: whether it
        is one of the stages after the first (`Experiment.confirm_at`).
        """
        ...


@dataclass(frozen=True, eq=False)
class SolvedCandidates:
    """Gives networks their losses and their readouts; a `Scorer`."""

    setting: Setting
    scoring: MakesStages

    def losses(self, genomes: Array, workspace: Workspace) -> Array:
        """Return (L, P): the losses of a block of genomes for each of L penalties."""
        setting, stage = self.setting, self._validation
        networks = setting.driver.pack(genomes, workspace)
        forced = teacher_forced(setting.driver, networks, stage.over, workspace)
        losses = []
        for readout in self._solve(forced.fitted, stage.over.targets):
            found = stage.losses(networks, forced, readout, workspace)
            if setting.fit_weight:
                more = setting.fit_weight * lack_of_fit(forced, readout)
                found = np.where(found <= setting.confirm_at, found, found + more)
            if self._confirmation:
                found = self._confirmed(genomes, readout, found)
            losses.append(found)
        all_losses = np.array(losses)
        return np.where(np.isnan(all_losses), np.inf, all_losses)

    def losses_with(self, genomes: Array, readouts: Outputs) -> Array:
        """Return (P,): the losses on validation of genomes (P, C, G) whose readouts are
        given, inf for networks that failed."""
        stage = self._validation
        networks = self.setting.driver.pack(genomes)
        forced = teacher_forced(self.setting.driver, networks, stage.over)
        found = stage.losses(networks, forced, readouts, None)
        return np.where(np.isnan(found), np.inf, found)

    def solve(self, genome: Array) -> Output:
        """Return the readout of a genome (C, G), fitted on the refit rows: weights (S, K),
        or an expansion.

        The penalty is the one that did best on the validation rows.
        """
        driver, split = self.setting.driver, self.setting.split
        rows = standardised(self.setting.scaling, split.refit or split.train)
        features, targets, _ = drive(driver, driver.pack(genome[None]), rows)
        found = self._solve(features, targets)
        if len(found) == 1:
            return found[0][0]
        best = int(np.argmin(self.losses(genome[None], Workspace())[:, 0]))
        return found[best][0]

    def _solve(self, features: Array, targets: Array) -> Solutions:
        """Return what the readout does, part by part."""
        return solve_in_parts(self.setting.readout, self._parts, features, targets)

    def _confirmed(self, genomes: Array, readout: Outputs, losses: Array) -> Array:
        """Return (P,): losses in stages (`Experiment.confirm_at`) from those of validation.

        readout: weights (P, S, K), or P expansions.
        """
        driver, confirm_at = self.setting.driver, self.setting.confirm_at
        stages = self._confirmation
        staged, passed = losses + len(stages), np.flatnonzero(losses <= confirm_at)
        for to_pass, stage in zip(reversed(range(len(stages))), stages, strict=True):
            if not len(passed):
                break
            networks = driver.pack(genomes[passed])
            forced = teacher_forced(driver, networks, stage.over)
            found = stage.losses(networks, forced, readouts_of(readout, passed), None)
            staged[passed] = to_pass + np.minimum(found, 1.0)
            passed = passed[found <= confirm_at]
        return staged

    @cached_property
    def _parts(self) -> tuple[ReadoutPart, ...]:
        return self.setting.driver.readout_parts()

    @cached_property
    def _validation(self) -> Stage:
        split = self.setting.split
        return self.scoring.stage(self.setting, split.train, split.validation)

    @cached_property
    def _confirmation(self) -> tuple[Stage, ...]:
        return tuple(
            self.scoring.stage(self.setting, (), segments, confirmation=True)
            for segments in self.setting.split.confirmation
        )


def lack_of_fit(forced: Forced, readout: Outputs) -> Array:
    """Return (P,): 0 to 1 for root mean squared errors of 1e-5 to 1, by their logarithm, on
    the rows that fit the readout; see `Experiment.fit_weight`."""
    error = forced.fitted_outputs(readout)[:, 0] - forced.over.targets
    with np.errstate(over="ignore", invalid="ignore"):
        # Each network alone, as in `loss_against`.
        root = np.sqrt([float(np.square(own).mean()) for own in error])
        decades = np.log10(np.clip(root, SMALLEST_FIT, 1.0))
    share = 1.0 - decades / np.log10(SMALLEST_FIT)
    return np.asarray(np.where(np.isnan(share), 1.0, share))
