"""Enforced SubPopulations: a subpopulation of chromosomes for each memory cell.

A chromosome holds the weights into one cell. Networks are put together from one chromosome
of each subpopulation, and their loss is credited to the chromosomes that took part.

Source: Schmidhuber, Wierstra, Gagliolo & Gomez 2007, section 2.3; Gomez & Miikkulainen 1997
(both recalled): the top quarter breeds, copies get Cauchy noise and replace the lowest
ranked, burst mutation on stagnation; Evolino leaves crossover out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Literal, get_args

import numpy as np
from numpy.random import Generator

from evolino.search.ask_tell import AskTell
from evolino.search.base import Search, State, WeightSpace
from evolino.search.mutation import cauchy_mutation
from evolino.search.random_state import rng_state, set_rng_state
from evolino.vocabulary import Array, IntArray, check_count, check_number

Credit = Literal["best", "mean", "sum"]
CREDITS = get_args(Credit)


@dataclass(frozen=True, slots=True)
class ESP:
    """Settings of ESP. A generation evaluates subpopulation * combinations networks.

    subpopulation: chromosomes of a cell. combinations: networks that each chromosome takes
    part in. credit: a chromosome's loss is the best (PyBrain), the mean or the sum (classic
    ESP) of its networks'. parents: the share of a subpopulation that breeds. replaced: the
    share, the lowest ranked, that mutated copies of the parents take the place of.
    mutation: strength of the Cauchy noise, in scales of the weight space. mutated_genes:
    chance of each gene of a copy to be mutated. crossover: copies are one-point crossings
    of two parents first. burst_after: generations without a better network until every
    subpopulation is refilled around the best network's chromosomes; 0 is never.
    burst_mutation: strength of that noise; None is `mutation`.

    Raises TypeError or ValueError, naming the field, for one out of its range.

    >>> import evolino
    >>> import numpy as np
    >>> first, network = evolino.Gaussian(0.1), evolino.LSTM(cells=4)
    >>> space = evolino.WeightSpace(
    ...     lambda rng, n: first.draw(network, rng, n), first.scale(network))
    >>> search = evolino.ESP(subpopulation=8, combinations=2).start(
    ...     space, np.random.default_rng(0), None)
    >>> search.ask().shape  # (P, C, G)
    (16, 4, 24)
    """

    name: ClassVar[str] = "esp"

    subpopulation: int = 40
    combinations: int = 10
    credit: Credit = "best"
    parents: float = 0.25
    replaced: float = 0.5
    mutation: float = 0.1
    mutated_genes: float = 1.0
    crossover: bool = False
    burst_after: int = 20
    burst_mutation: float | None = None

    def __post_init__(self) -> None:
        """Check the settings."""
        check_count("subpopulation", self.subpopulation, least=2)
        check_count("combinations", self.combinations)
        if self.credit not in CREDITS:
            raise ValueError(
                f"credit must be one of {', '.join(CREDITS)}, got {self.credit!r}"
            )
        for name in ("parents", "replaced", "mutated_genes"):
            check_number(name, getattr(self, name), above=0)
            if getattr(self, name) > 1:
                raise ValueError(f"{name} must be <= 1, got {getattr(self, name):g}")
        check_number("mutation", self.mutation, above=0)
        check_count("burst_after", self.burst_after, least=0)
        if self.burst_mutation is not None:
            check_number("burst_mutation", self.burst_mutation, above=0)

    def start(self, space: WeightSpace, rng: Generator, origin: Array | None) -> Search:
        """Begin with rows of first draws, or with mutated copies of the origin's rows."""
        return _Running(self, space, rng, origin)


class _Running:
    """_subpopulations: (n, C, G), chromosome n of cell c in [n, c]."""

    def __init__(
        self, settings: ESP, space: WeightSpace, rng: Generator, origin: Array | None
    ) -> None:
        self._settings, self._space, self._rng = settings, space, rng
        self._ask_tell, self._members = AskTell(), np.zeros((0, 0), dtype=np.int64)
        self._best_loss, self._stagnant = float("inf"), 0
        self._best = None if origin is None else origin.copy()
        if origin is None:
            self._subpopulations = space.draw(rng, settings.subpopulation)
        else:
            self._subpopulations = self._around(origin)

    def ask(self) -> Array:
        size, cells = self._settings.subpopulation, self._space.shape[0]
        # One permutation a cell and combination: each chromosome takes part once in each.
        order = np.tile(np.arange(size)[:, None], (1, cells))
        rounds = [
            self._rng.permuted(order, axis=0) for _ in range(self._settings.combinations)
        ]
        self._members = np.concatenate(rounds)
        return self._ask_tell.ask(self._subpopulations[self._members, np.arange(cells)])

    def tell(self, losses: Array) -> None:
        genomes, losses = self._ask_tell.tell(losses)
        first = int(np.argmin(losses))
        if losses[first] < self._best_loss:
            self._best_loss, self._stagnant = float(losses[first]), 0
            self._best = genomes[first].copy()
        else:
            self._stagnant += 1
        del genomes
        burst_after = self._settings.burst_after
        if burst_after and self._stagnant >= burst_after and self._best is not None:
            self._subpopulations = self._around(self._best)
            self._stagnant = 0
        else:
            self._breed(credits_of(losses, self._members, self._settings))

    def receive(self, genome: Array, loss: float) -> None:
        """Let its chromosomes take the place of the lowest ranked of each subpopulation."""
        self._subpopulations = self._subpopulations.copy()
        # There `_breed` has put a copy for the lowest ranked.
        self._subpopulations[-1] = genome
        if loss < self._best_loss:
            self._best_loss, self._stagnant, self._best = loss, 0, genome.copy()

    def state(self) -> State:
        return {
            "rng": rng_state(self._rng),
            "subpopulations": self._subpopulations,
            "best": self._best,
            "best_loss": self._best_loss,
            "stagnant": self._stagnant,
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        set_rng_state(self._rng, state["rng"])
        self._subpopulations, self._best = state["subpopulations"], state["best"]
        self._best_loss, self._stagnant = state["best_loss"], state["stagnant"]

    def _around(self, genome: Array) -> Array:
        """Return subpopulations of the genome's chromosomes and burst mutations of them."""
        settings = self._settings
        strength = settings.burst_mutation or settings.mutation
        copies = np.tile(genome, (settings.subpopulation, 1, 1))
        copies[1:] = cauchy_mutation(self._space, copies[1:], self._rng, strength, 1.0)
        return copies

    def _breed(self, credit: Array) -> None:
        """Replace the lowest ranked chromosomes by mutated copies of the best."""
        settings, rng = self._settings, self._rng
        size, cells, genes = self._subpopulations.shape
        order = np.argsort(credit, axis=0, kind="stable")
        self._subpopulations = np.take_along_axis(
            self._subpopulations, order[:, :, None], axis=0
        )
        parents = max(1, round(settings.parents * size))
        replaced = min(size - 1, max(1, round(settings.replaced * size)))
        cell = np.arange(cells)
        copies = self._subpopulations[rng.integers(parents, size=(replaced, cells)), cell]
        if settings.crossover:
            others = self._subpopulations[
                rng.integers(parents, size=(replaced, cells)), cell
            ]
            points = rng.integers(genes + 1, size=(replaced, cells, 1))
            copies = np.where(np.arange(genes) < points, copies, others)
        self._subpopulations[size - replaced :] = cauchy_mutation(
            self._space, copies, rng, settings.mutation, settings.mutated_genes
        )


def credits_of(losses: Array, members: IntArray, settings: ESP) -> Array:
    """Return (n, C): the loss credited to each chromosome, inf for one without a success.

    losses: (P,). members: (P, C), the chromosome of each cell in each network. For mean and
    sum a failed network counts twice the largest finite loss, so that one failure does not
    hide what a chromosome did elsewhere.
    """
    size, cells = settings.subpopulation, members.shape[1]
    finite = np.isfinite(losses)
    if settings.credit != "best" and finite.any():
        losses = np.where(finite, losses, 2.0 * np.abs(losses[finite]).max())
    credit = np.full((size, cells), np.inf if settings.credit == "best" else 0.0)
    cell = np.broadcast_to(np.arange(cells), members.shape)
    spread = np.broadcast_to(losses[:, None], members.shape)
    gather = np.minimum if settings.credit == "best" else np.add
    gather.at(credit, (members, cell), spread)
    return credit / settings.combinations if settings.credit == "mean" else credit
