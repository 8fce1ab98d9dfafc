"""From genomes to losses: drive the cells, solve the readout, run freely, score.

A pure function of its inputs: the loss of a network does not depend on the networks beside
it, on the number of workers, or on what was evaluated before.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from evolino.network.architecture import LSTM
from evolino.network.kernels.dispatch import block_size, pack
from evolino.readout.base import Readout
from evolino.readout.by_groups import solve_by_groups
from evolino.respond import drive, respond_one_step, run_freely, stack_rows
from evolino.task import Split, Task
from evolino.vocabulary import Array


@dataclass(frozen=True, slots=True, eq=False)
class Evaluator:
    """Gives every genome its loss.

    tolerance: a free run further than this from its target at a step is given up.
    """

    architecture: LSTM
    task: Task
    readout: Readout
    split: Split
    tolerance: float = float("inf")

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
        networks = pack(self.architecture, genome[None])
        fitted, targets, _ = drive(networks, rows, ())
        return np.asarray(self._solve(fitted, targets)[best, 0])

    def _losses_by_penalty(self, genomes: Array) -> Array:
        """Return (L, P) for L penalties."""
        networks = pack(self.architecture, genomes)
        validation = self.split.validation
        if self.task.generates:
            states, targets, starts = drive(networks, self.split.train, validation)
            solved = self._solve(states, targets)
            outputs = [
                run_freely(networks, weights, validation, starts, self.tolerance)
                for weights in solved
            ]
        else:
            states, targets, _ = drive(networks, self.split.train, ())
            solved = self._solve(states, targets)
            outputs = [
                respond_one_step(networks, weights, validation) for weights in solved
            ]
        wanted = stack_rows([segment.targets for segment in validation])
        losses = np.array([self._losses_one_by_one(each, wanted) for each in outputs])
        return np.where(np.isnan(losses), np.inf, losses)

    def _solve(self, states: Array, targets: Array) -> Array:
        """Return (L, P, S, K)."""
        return solve_by_groups(self.readout, self.architecture, states, targets)

    def _losses_one_by_one(self, outputs: Array, targets: Array) -> list[float]:
        """Return P losses of outputs (P, N, L, K), each network alone and contiguous.

        NumPy sums in an order that depends on the shape and strides of the whole array.
        """
        alone = (np.ascontiguousarray(each)[None] for each in outputs)
        return [float(self.task.loss(each, targets)[0]) for each in alone]
