"""Workers: many networks evaluated at once, with the same bits as one after another.

The kernels release the interpreter lock, so threads of one process are enough on one
machine. Work is cut by blocks of networks, never by the number of workers.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import numpy as np
from threadpoolctl import threadpool_limits

from evolino.training.evaluate import Evaluator
from evolino.vocabulary import Array, check_count


class Workers:
    """Evaluates genomes in `count` threads; made by `workers`."""

    def __init__(self, pool: ThreadPoolExecutor | None) -> None:
        self._pool = pool

    def losses(self, evaluator: Evaluator, genomes: Array) -> Array:
        """Return (P,): the losses of genomes (P, C, G)."""
        blocks = evaluator.blocks(genomes)
        if self._pool is None:
            return np.concatenate([evaluator.block_losses(block) for block in blocks])
        return np.concatenate(list(self._pool.map(evaluator.block_losses, blocks)))


@contextmanager
def workers(count: int) -> Iterator[Workers]:
    """Open `count` workers, each with one BLAS thread. Raises ValueError below 1."""
    check_count("workers", count)
    with threadpool_limits(1):
        if count == 1:
            yield Workers(None)
            return
        with ThreadPoolExecutor(count, thread_name_prefix="evolino") as pool:
            yield Workers(pool)
