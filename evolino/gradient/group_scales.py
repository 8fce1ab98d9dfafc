"""Scales of groups of genes in the place of genes: what few numbers descend on.

A scale multiplies all weights of a group. The descent moves its logarithm, whose slope is
the sum of weight times slope over the group.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np

from evolino.gradient.descent import Descended, Loss
from evolino.gradient.genes import Scales, movable_genes
from evolino.network.lstm import LSTM
from evolino.vocabulary import Array, BoolArray, IntArray

BASE, LOGS = "base", "logs"  # in the memory of a place: genome and logarithms of scales


@dataclass(frozen=True, slots=True, eq=False)
class GroupScales:
    """Groups of genes, each with a scale. group: (C, G), the number of each gene's group,
    -1 for one that does not move. count: of groups."""

    group: IntArray
    count: int

    def genome(self, base: Array, logs: Array) -> Array:
        """Return base (C, G), its groups times the scales of logarithms (count,)."""
        with np.errstate(over="ignore"):
            return np.asarray(base * np.append(np.exp(logs), 1.0)[self.group])

    def slope(self, genome: Array, gradient: Array) -> Array:
        """Return (count,): the gradient with respect to the logarithms, from a genome
        (C, G) and the gradient there."""
        moving = self.group >= 0
        terms = (genome * gradient)[moving]
        sums = np.bincount(self.group[moving], terms, minlength=self.count)
        return sums.astype(np.float64)


def group_scales(architecture: LSTM, names: Sequence[str], scales: Scales) -> GroupScales:
    """Return a scale for each source and gate ("group"), or for each of them in each cell
    ("cell"), of the groups that have these names."""
    movable, groups = movable_genes(architecture, names), architecture.gene_groups()
    numbers = {group: number for number, group in enumerate(dict.fromkeys(groups))}
    number = np.broadcast_to([numbers[group] for group in groups], movable.shape)
    if scales == "cell":
        number = number + len(numbers) * np.arange(architecture.cells)[:, None]
    there, place = np.unique(number[movable], return_inverse=True)
    group = np.full(movable.shape, -1)
    group[movable] = place
    return GroupScales(group, len(there))


class Round(Protocol):
    """A round of descent, as `evolino.gradient.descent.Descent.round`."""

    def __call__(
        self,
        losses: Callable[[int], Loss],
        start: Descended,
        movable: BoolArray,
        until: int,
    ) -> Descended:
        """Return where it ends."""
        ...


def descend_scales(
    descend: Round,
    scales: GroupScales,
    losses: Callable[[int], Loss],
    start: Descended,
    until: int,
) -> Descended:
    """Return where a round of descent ends that moves scales alone.

    They multiply the genome at which the descent, or its stage, began, which goes on in the
    memory of the place. Weight decay is of the logarithms.
    """
    own = {k: v for k, v in start.memory.items() if k not in (BASE, LOGS)}
    base = start.memory.get(BASE, start.genome)
    logs = start.memory.get(LOGS, np.zeros(scales.count))

    def loss_of(number: int) -> Loss:
        loss = losses(number)

        def of_logs(logs: Array) -> tuple[float, Array]:
            genome = scales.genome(base, logs)
            value, gradient = loss(genome)
            return value, scales.slope(genome, gradient)

        return of_logs

    inside = replace(start, genome=logs, memory=own)
    ran = descend(loss_of, inside, np.ones(scales.count, dtype=bool), until)
    memory = {**ran.memory, BASE: base, LOGS: ran.genome}
    return replace(ran, genome=scales.genome(base, ran.genome), memory=memory)
