"""Score candidates by episodes: each acts in the task's environment."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from evolino.network.base import Acts
from evolino.simd.workspace import Workspace
from evolino.task.control import ControlTask
from evolino.training.solved_candidates import Setting
from evolino.vocabulary import Array


@dataclass(frozen=True, slots=True)
class EpisodeLoss:
    """The task's loss of what a network comes to in the split's episodes, the same for
    every candidate of a run."""

    task: ControlTask

    def prepare(self, setting: Setting) -> ActingCandidates:
        """Return what scores candidates in a setting.

        Raises ValueError for networks whose output weights are not evolved.
        """
        driver = setting.driver
        if not isinstance(driver, Acts):
            raise ValueError(
                f"a network of kind {driver.architecture.name} cannot act in episodes"
            )
        return ActingCandidates(self.task, setting, driver)


@dataclass(frozen=True, eq=False)
class ActingCandidates:
    """Gives networks that act their losses and output weights; a `Scorer`."""

    task: ControlTask
    setting: Setting
    acts: Acts

    def losses(self, genomes: Array, workspace: Workspace) -> Array:
        """Return (1, P): the losses of a block of genomes."""
        episodes = self.setting.split.episodes
        assert episodes is not None
        outcomes = self.acts.play(
            genomes,
            self.acts.output_weights(genomes),
            self.task.environment,
            episodes,
            workspace,
        )
        # Each network alone: a mean over episodes has an order that depends on the array.
        losses = np.array([self.task.outcome_loss(each)[0] for each in outcomes.apart()])
        return np.where(np.isnan(losses), np.inf, losses)[None]

    def solve(self, genome: Array) -> Array:
        """Return the output weights (S, K) of a genome (C, G)."""
        return np.asarray(self.acts.output_weights(genome[None])[0])
