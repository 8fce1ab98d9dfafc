"""From genomes to losses: drive the cells, solve the readout, run freely, score.

A pure function of its inputs: the loss of a network does not depend on the networks beside
it, on the number of workers, or on what was evaluated before.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from evolino.models.driving import (
    Lesson,
    Taught,
    chosen_of,
    drive,
    free_runs,
    left_to_themselves,
    lesson,
    stack_rows,
    teach,
)
from evolino.models.units import standardised
from evolino.network.kernel_expansion import Output, Outputs
from evolino.network.kernels.dispatch import (
    FreeRuns,
    Layout,
    Networks,
    Workspace,
    block_size,
    layout_of,
    pack,
)
from evolino.network.lstm import LSTM
from evolino.readout.base import Readout, Solutions
from evolino.readout.by_groups import solve_by_groups
from evolino.task.capabilities import ScoresManyNetworks
from evolino.task.protocol import Task
from evolino.task.scaling import Scaling
from evolino.task.series import Segment, Split
from evolino.vocabulary import Array

SMALLEST_FIT = 1e-5  # a root mean squared error below it tells nothing more


@dataclass(frozen=True, eq=False)
class Evaluator:
    """Gives every genome its loss.

    tolerance: a free run further than this from its target at a step is given up.
    confirm_at: the loss at which a network comes to the next stage of its validation.
    noise: (M, 2, C) on the cells in the free runs of validation, None for none.
    fit_weight: of the fit in the loss of a network that is not confirmed.
    scaling: of the task's columns; networks see standardised ones, the task's loss is
    given outputs in its own units. None leaves all as it is.
    """

    architecture: LSTM
    task: Task
    readout: Readout
    split: Split
    tolerance: float = float("inf")
    confirm_at: float = 0.0
    noise: Array | None = None
    fit_weight: float = 0.0
    scaling: Scaling | None = None
    _threads: threading.local = field(default_factory=threading.local, init=False)

    def losses(self, genomes: Array) -> Array:
        """Return (P,): the loss of each network, inf for one that failed.

        genomes: (P, C, G). With several penalties it is the loss of the best of them.
        """
        return np.concatenate([self.block_losses(block) for block in self.blocks(genomes)])

    def blocks(self, genomes: Array) -> list[Array]:
        """Return genomes (P, C, G) in the blocks that are evaluated together."""
        size = block_size(self.architecture)
        return [genomes[first : first + size] for first in range(0, len(genomes), size)]

    def block_losses(self, genomes: Array) -> Array:
        """Return (P,) for a block of genomes (P, C, G)."""
        return np.asarray(self._losses_by_penalty(genomes).min(axis=0))

    def solve_winner(self, genome: Array) -> Output:
        """Return the output weights (S, K) of a genome (C, G), or its expansion, fitted on
        the refit rows.

        The penalty is the one that did best on the validation rows.
        """
        best = int(np.argmin(self._losses_by_penalty(genome[None])[:, 0]))
        rows = standardised(self.scaling, self.split.refit or self.split.train)
        fitted, targets, _ = drive(pack(self._prepared.layout, genome[None]), rows, ())
        return self._solve(fitted, targets)[best][0]

    def _losses_by_penalty(self, genomes: Array) -> Array:
        """Return (L, P) for L penalties."""
        prepared, workspace = self._prepared, self._workspace()
        networks = pack(prepared.layout, genomes, workspace)
        stage = prepared.validation
        taught = teach(networks, stage.lesson, workspace)
        solved = self._solve(taught.fitted, stage.lesson.targets)
        losses = [
            self._stage_losses(networks, taught, readout, stage, workspace)
            for readout in solved
        ]
        if self.fit_weight:
            losses = [
                np.where(
                    found <= self.confirm_at, found, found + self._fit_loss(taught, readout)
                )
                for readout, found in zip(solved, losses, strict=True)
            ]
        if prepared.confirmation:
            losses = [
                self._confirmed(genomes, readout, found)
                for readout, found in zip(solved, losses, strict=True)
            ]
        found = np.array(losses)
        return np.where(np.isnan(found), np.inf, found)

    def _solve(self, states: Array, targets: Array) -> Solutions:
        """Return what the readout does, group by group."""
        return solve_by_groups(self.readout, self.architecture, states, targets)

    def _stage_losses(
        self,
        networks: Networks,
        taught: Taught,
        readout: Outputs,
        stage: _Stage,
        workspace: Workspace | None = None,
    ) -> Array:
        """Return (P,): the losses of networks on a stage. readout: weights (P, S, K), or P
        expansions."""
        if stage.runs is not None:
            outputs = left_to_themselves(
                networks, readout, taught.starts, stage.runs, workspace
            )
        elif stage.lesson.heard:
            outputs = taught.outputs(readout)
        else:
            outputs = taught.fitted_outputs(readout)
        return stage.loss(outputs)

    def _fit_loss(self, taught: Taught, readout: Outputs) -> Array:
        """Return (P,): what the fit adds to the loss, see `Experiment.fit_weight`."""
        error = taught.fitted_outputs(readout)[:, 0] - taught.lesson.targets
        with np.errstate(over="ignore", invalid="ignore"):
            # Each network alone, as in `loss_against`.
            root = np.sqrt([float(np.square(own).mean()) for own in error])
            decades = np.log10(np.clip(root, SMALLEST_FIT, 1.0))
        share = 1.0 - decades / np.log10(SMALLEST_FIT)
        return self.fit_weight * np.where(np.isnan(share), 1.0, share)

    def _confirmed(self, genomes: Array, readout: Outputs, losses: Array) -> Array:
        """Return (P,): losses in stages (`Experiment.confirm_at`) from those of validation.

        readout: weights (P, S, K), or P expansions.
        """
        stages = self._prepared.confirmation
        staged, passed = losses + len(stages), np.flatnonzero(losses <= self.confirm_at)
        for to_pass, stage in zip(reversed(range(len(stages))), stages, strict=True):
            if not len(passed):
                break
            networks = pack(self._prepared.layout, genomes[passed])
            taught = teach(networks, stage.lesson)
            found = self._stage_losses(networks, taught, chosen_of(readout, passed), stage)
            staged[passed] = to_pass + np.minimum(found, 1.0)
            passed = passed[found <= self.confirm_at]
        return staged

    @cached_property
    def _prepared(self) -> _Prepared:
        return _Prepared(
            layout_of(self.architecture),
            self._stage(self.split.train, self.split.validation, self.noise),
            tuple(self._stage((), stage) for stage in self.split.confirmation),
        )

    def _stage(
        self,
        fitted: Sequence[Segment],
        scored: Sequence[Segment],
        noise: Array | None = None,
    ) -> _Stage:
        """Return what networks are taught and scored on; without scored segments, on what
        fits the readout."""
        architecture, runs = self.architecture, None
        wanted = (
            stack_rows([segment.targets for segment in scored])
            if scored
            else np.concatenate([segment.targets for segment in fitted])[None]
        )
        seen = standardised(self.scaling, [*fitted, *scored])
        fitted, scored = seen[: len(fitted)], seen[len(fitted) :]
        if self.task.generates:
            given = lesson(architecture, fitted, started=scored)
            runs = free_runs(architecture, scored, self.tolerance, noise)
        else:
            given = lesson(architecture, fitted, heard=scored)
        loss = loss_against(self.task, wanted)
        if self.scaling is not None:
            loss = _of_restored(loss, self.scaling)
        return _Stage(given, runs, loss)

    def _workspace(self) -> Workspace:
        """Return what this thread works in."""
        if not hasattr(self._threads, "workspace"):
            self._threads.workspace = Workspace()
        return self._threads.workspace  # type: ignore[no-any-return]


@dataclass(frozen=True, slots=True, eq=False)
class _Stage:
    """One round of scoring. runs: None where the task does not generate. loss: (P,) of
    outputs (P, N, L, K) on the scored segments, or on the fitted rows."""

    lesson: Lesson
    runs: FreeRuns | None
    loss: Callable[[Array], Array]


@dataclass(frozen=True, slots=True, eq=False)
class _Prepared:
    """What is the same for every block."""

    layout: Layout
    validation: _Stage
    confirmation: tuple[_Stage, ...]


def _of_restored(
    loss: Callable[[Array], Array], scaling: Scaling
) -> Callable[[Array], Array]:
    """Return a loss of outputs in the user's units as one of standardised outputs."""
    return lambda outputs: loss(scaling.restored(outputs))


def loss_against(task: Task, targets: Array) -> Callable[[Array], Array]:
    """Return a task's loss against targets (N, L, K), a function of outputs (P, N, L, K).

    A network's loss does not depend on those beside it: each is scored alone, unless the
    task sees to it.
    """
    if isinstance(task, ScoresManyNetworks) and _by_one_class(task):
        return task.loss_against(targets)

    def one_by_one(outputs: Array) -> Array:
        # NumPy sums in an order that depends on the shape and strides of the whole array.
        alone = (np.ascontiguousarray(each)[None] for each in outputs)
        return np.array([float(task.loss(each, targets)[0]) for each in alone])

    return one_by_one


def _by_one_class(task: Task) -> bool:
    """Return whether the class that defines a task's loss defines `loss_against` too."""
    definers = (each for each in type(task).__mro__ if "loss" in vars(each))
    return "loss_against" in vars(next(definers, object))
