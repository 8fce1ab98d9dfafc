"""From genomes to losses: drive the cells, solve the readout, run freely, score.

A pure function of its inputs: the loss of a network does not depend on the networks beside
it, on the number of workers, or on what was evaluated before.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from evolino.network.architecture import LSTM
from evolino.network.kernels.dispatch import CellStates, Networks, block_size, pack
from evolino.readout.base import Readout
from evolino.respond import drive, respond_one_step, run_freely, stack_rows
from evolino.task import Segment, Split, Task
from evolino.vocabulary import Array


@dataclass(frozen=True, slots=True, eq=False)
class Evaluator:
    """Gives every genome its loss.

    tolerance: a free run further than this from its target at a step is given up.
    confirm_at: the loss at which a network comes to the next stage of its validation.
    noise: (M, 2, C) on the cells in free runs, None for none.
    """

    architecture: LSTM
    task: Task
    readout: Readout
    split: Split
    tolerance: float = float("inf")
    confirm_at: float = 0.0
    noise: Array | None = None

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
        return np.asarray(self.readout.solve(fitted, targets)[best, 0])

    def _losses_by_penalty(self, genomes: Array) -> Array:
        """Return (L, P) for L penalties."""
        networks = pack(self.architecture, genomes)
        started = [each for stage in self._stages for each in stage]
        states, targets, starts = drive(
            networks, self.split.train, started if self.task.generates else ()
        )
        solved = self.readout.solve(states, targets)
        losses = [self._staged_losses(genomes, weights, starts) for weights in solved]
        return np.where(np.isnan(losses), np.inf, losses)

    @property
    def _stages(self) -> tuple[tuple[Segment, ...], ...]:
        return self.split.validation, *self.split.confirmation

    def _staged_losses(self, genomes: Array, weights: Array, starts: CellStates) -> Array:
        """Return (P,) for output weights (P, S, K); starts: of the segments of all stages.

        A network's loss on a stage decides whether it comes to the next one.
        """
        first, who = 0, np.arange(len(genomes))
        losses = np.zeros(len(genomes))
        for number, stage in enumerate(self._stages):
            rows = slice(first, first + len(stage))
            found = self._stage_losses(
                pack(self.architecture, genomes[who]),
                weights[who],
                stage,
                CellStates(starts.outputs[who, rows], starts.states[who, rows]),
            )
            to_pass = len(self._stages) - 1 - number
            losses[who] = to_pass + (np.minimum(found, 1.0) if number else found)
            first, who = rows.stop, who[found <= self.confirm_at]
            if not len(who):
                break
        return losses

    def _stage_losses(
        self,
        networks: Networks,
        weights: Array,
        stage: Sequence[Segment],
        starts: CellStates,
    ) -> Array:
        """Return (P,): the losses on the segments of a stage."""
        if self.task.generates:
            outputs = run_freely(
                networks, weights, stage, starts, self.tolerance, self.noise
            )
        else:
            outputs = respond_one_step(networks, weights, stage)
        wanted = stack_rows([segment.targets for segment in stage])
        return np.array(self._losses_one_by_one(outputs, wanted))

    def _losses_one_by_one(self, outputs: Array, targets: Array) -> list[float]:
        """Return P losses of outputs (P, N, L, K), each network alone and contiguous.

        NumPy sums in an order that depends on the shape and strides of the whole array.
        """
        alone = (np.ascontiguousarray(each)[None] for each in outputs)
        return [float(self.task.loss(each, targets)[0]) for each in alone]
