"""From genomes to losses, in blocks of networks, by threads.

A pure function of its inputs: the loss of a network does not depend on the networks beside
it, on the number of workers, or on what was evaluated before.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from evolino.network.kernel_expansion import Output, Outputs
from evolino.simd.workspace import Workspace
from evolino.training.scoring import Scorer, Scoring
from evolino.training.solved_candidates import Setting, SolvedCandidates
from evolino.vocabulary import Array


@dataclass(frozen=True, eq=False)
class Evaluator:
    """Gives every genome its loss: by a scoring, in a setting."""

    setting: Setting
    scoring: Scoring
    _threads: threading.local = field(default_factory=threading.local, init=False)

    def losses(self, genomes: Array) -> Array:
        """Return (P,): the loss of each network, inf for one that failed.

        genomes: (P, C, G). With several penalties it is the loss of the best of them.
        """
        return np.concatenate([self.block_losses(block) for block in self.blocks(genomes)])

    def blocks(self, genomes: Array) -> list[Array]:
        """Return genomes (P, C, G) in the blocks that are evaluated together."""
        size = self.setting.driver.block_size
        return [genomes[first : first + size] for first in range(0, len(genomes), size)]

    def block_losses(self, genomes: Array) -> Array:
        """Return (P,) for a block of genomes (P, C, G)."""
        return np.asarray(self._scorer.losses(genomes, self._workspace()).min(axis=0))

    def losses_with(self, genomes: Array, readouts: Outputs) -> Array:
        """Return (P,): the losses of genomes (P, C, G) with readouts that are given.

        Raises ValueError for a scoring without one-step errors or free runs.
        """
        if not isinstance(self._scorer, SolvedCandidates):
            raise ValueError(f"{type(self.scoring).__name__} scores no given readouts")
        return self._scorer.losses_with(genomes, readouts)

    def solve_winner(self, genome: Array) -> Output:
        """Return the readout of a genome (C, G), as the trained model has it."""
        return self._scorer.solve(genome)

    @cached_property
    def _scorer(self) -> Scorer:
        return self.scoring.prepare(self.setting)

    def _workspace(self) -> Workspace:
        """Return what this thread works in."""
        if not hasattr(self._threads, "workspace"):
            self._threads.workspace = Workspace()
        return self._threads.workspace  # type: ignore[no-any-return]
