"""The best networks of a run, each once, the best first."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from evolino.vocabulary import Array

Found = tuple[float, Array]  # a loss, and the genome (C, G) that has it


def lowest_of(losses: Array, genomes: Array, count: int) -> list[Found]:
    """Return at most so many of a generation, losses (P,) and genomes (P, C, G).

    Networks that failed are left out; of equals the one that comes first is the better.
    """
    order = np.argsort(losses, kind="stable")[:count]
    return [(float(losses[p]), genomes[p].copy()) for p in order if np.isfinite(losses[p])]


def best_of(known: Sequence[Found], new: Sequence[Found], count: int) -> list[Found]:
    """Return at most so many of both; of equals those known are the better, and a network
    that was found twice counts once."""
    best: list[Found] = []
    for loss, genome in sorted([*known, *new], key=lambda found: found[0]):
        if len(best) == count:
            break
        if not any(loss == a and np.array_equal(genome, b) for a, b in best):
            best.append((loss, genome))
    return best
