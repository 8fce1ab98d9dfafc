"""From genomes to losses: drive the cells, solve the readout, run freely, score.

A pure function of its inputs: the loss of a network does not depend on the networks beside
it, on the number of workers, or on what was evaluated before.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from evolino.network.architecture import LSTM
from evolino.network.kernels.dispatch import (
    FreeRuns,
    Layout,
    Workspace,
    block_size,
    free_runs_of,
    layout_of,
    pack,
)
from evolino.readout.base import Readout
from evolino.respond import Lesson, drive, free_runs, lesson, stack_rows, teach
from evolino.task import ScoresManyNetworks, Split, Task
from evolino.vocabulary import Array


@dataclass(frozen=True, eq=False)
class Evaluator:
    """Gives every genome its loss.

    tolerance: a free run further than this from its target at a step is given up.
    """

    architecture: LSTM
    task: Task
    readout: Readout
    split: Split
    tolerance: float = float("inf")
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

    def solve_winner(self, genome: Array) -> Array:
        """Return the output weights (S, K) of a genome (C, G), fitted on the refit rows.

        The penalty is the one that did best on the validation rows.
        """
        best = int(np.argmin(self._losses_by_penalty(genome[None])[:, 0]))
        rows = self.split.refit or self.split.train
        fitted, targets, _ = drive(pack(self._prepared.layout, genome[None]), rows, ())
        return np.asarray(self.readout.solve(fitted, targets)[best, 0])

    def _losses_by_penalty(self, genomes: Array) -> Array:
        """Return (L, P) for L penalties."""
        prepared, workspace = self._prepared, self._workspace()
        networks = pack(prepared.layout, genomes, workspace)
        taught = teach(networks, prepared.lesson, workspace)
        solved = self.readout.solve(taught.fitted, prepared.lesson.targets)
        losses = []
        for weights in solved:
            if not self.split.validation:
                outputs = taught.fitted_outputs(weights)
            elif prepared.runs is None:
                outputs = taught.outputs(weights)
            else:
                outputs = free_runs_of(
                    networks, weights, taught.starts, prepared.runs, workspace
                )
            losses.append(prepared.loss(outputs))
        found = np.array(losses)
        return np.where(np.isnan(found), np.inf, found)

    @cached_property
    def _prepared(self) -> _Prepared:
        validation, architecture = self.split.validation, self.architecture
        if self.task.generates:
            given = lesson(architecture, self.split.train, started=validation)
            runs = free_runs(architecture, validation, self.tolerance)
        else:
            given, runs = lesson(architecture, self.split.train, heard=validation), None
        wanted = given.targets[None]
        if validation:
            wanted = stack_rows([segment.targets for segment in validation])
        loss = loss_against(self.task, wanted)
        return _Prepared(layout_of(architecture), given, runs, loss)

    def _workspace(self) -> Workspace:
        """Return what this thread works in."""
        if not hasattr(self._threads, "workspace"):
            self._threads.workspace = Workspace()
        return self._threads.workspace  # type: ignore[no-any-return]


@dataclass(frozen=True, slots=True, eq=False)
class _Prepared:
    """What is the same for every block. runs: None where the task does not generate.
    loss: (P,) of outputs (P, N, L, K) on the validation segments, or the fitted rows."""

    layout: Layout
    lesson: Lesson
    runs: FreeRuns | None
    loss: Callable[[Array], Array]


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
