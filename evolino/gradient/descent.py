"""Descent of one network by its gradient, in rounds: what all refiners share.

A round begins from what the one before it left, so that a descent that is broken off goes
on to the same bits.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal, get_args

from evolino.gradient.genes import Scales, check_genes, check_scales
from evolino.readout.best_only import BestOnly
from evolino.task.protocol import name_of
from evolino.vocabulary import (
    Array,
    BoolArray,
    check_count,
    check_number,
    unknown_name,
)

Through = Literal["costly", "ranking"]
THROUGH = get_args(Through)

# Genome (C, G) -> the loss and its gradient (C, G).
Loss = Callable[[Array], tuple[float, Array]]


@dataclass(frozen=True, slots=True, eq=False)
class Descended:
    """Where a round of descent ended.

    genome: (C, G), the best so far. loss: its. gradients: how many were taken since the
    beginning. ended: why there is nothing more to do, None while there is. losses: of each
    gradient of this round, in their order. memory: what the next round goes on from, beside
    these.
    """

    genome: Array
    loss: float
    gradients: int
    ended: str | None = None
    losses: tuple[float, ...] = ()
    memory: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Descent:
    """Settings that every refiner has.

    steps: about so many gradients for each network; the last line search is finished.
    decay: weight of half the mean square of the genes, added to the loss. best: how many
    of the search's best networks are refined. halve_after: successive halving of these: all
    take so many gradients, the better half of them goes on to twice as many, and so forth
    until one is left, which goes on to `steps`; 0 lets all go on. genes: groups of
    weights that may move, by their source, "bias", "input", "feedback", "below" (of the
    layers of a stack), "recurrent" or "peephole", or by source and gate, "bias.forget";
    none is all of them. scales: what of them descends: "none" each weight; "group" a factor
    for each source and gate; "cell" such factors for each cell, which all weights that they
    are of are multiplied by.
    hold_out: share of the segments of validation that no gradient sees; their
    loss says which genome of the descent is kept. 0 keeps the one of the lowest loss that
    was descended on. starts: descend on so many segments, spread evenly over the rows of
    validation and train, also those that the readout is fitted on; 0 descends on the
    segments of validation alone. run_length: steps of these segments, 0 for those of
    validation's. folds: with a logistic readout descend on train instead,
    its series dealt out into so many folds: each is scored with the readout solved on the
    others, one fold alone with that of its own rows; all of validation is held out. 0
    descends on validation. every: after so many generations each time the best network
    descends, and goes back into the search if it is better; 0 refines at the end alone.
    every_steps: gradients of such a descent. round_steps: gradients of a round, after which
    what is held out is looked at: what a resume repeats. horizons: free runs are cut to so
    many steps at first (of convolutional networks: frames), in rising order, each for an
    equal share of the steps; the last share has them whole. patience: end after so many
    rounds in which nothing held out has improved, those of cut runs not counted; 0 goes on.
    through: of a best-only readout the one that the gradient goes through, "costly" or
    "ranking".
    seconds: no round of descent begins later than this after the search, by the clock on
    the wall. cpu_seconds: the same by the processor, in this process, whose threads
    descend. Where they end a descent depends on the machine.

    Raises TypeError or ValueError, naming the field, for one out of its range.
    """

    name: ClassVar[str]

    steps: int = 1000
    decay: float = 0.0
    best: int = 1
    halve_after: int = 0
    genes: tuple[str, ...] = ()
    scales: Scales = "none"
    hold_out: float = 0.25
    starts: int = 0
    run_length: int = 0
    folds: int = 0
    every: int = 0
    every_steps: int = 20
    round_steps: int = 100
    horizons: tuple[int, ...] = ()
    patience: int = 0
    through: Through = "costly"
    seconds: float | None = None
    cpu_seconds: float | None = None

    def __post_init__(self) -> None:
        """Check every field."""
        check_count("steps", self.steps)
        check_number("decay", self.decay, least=0)
        check_count("best", self.best)
        check_count("halve_after", self.halve_after, least=0, most=self.steps)
        check_count("starts", self.starts, least=0)
        check_count("run_length", self.run_length, least=0)
        if self.run_length and not self.starts:
            raise ValueError("run_length is of the segments of starts, which is 0")
        check_count("folds", self.folds, least=0)
        check_count("round_steps", self.round_steps)
        check_count("every", self.every, least=0)
        check_count("every_steps", self.every_steps)
        check_count("patience", self.patience, least=0)
        object.__setattr__(self, "horizons", tuple(self.horizons))
        self._check_horizons()
        if self.folds and self.starts:
            raise ValueError("folds are of train, starts of validation: give one of them")
        for name in ("seconds", "cpu_seconds"):
            if getattr(self, name) is not None:
                check_number(name, getattr(self, name), above=0)
        check_number("hold_out", self.hold_out, least=0)
        if self.hold_out >= 1:
            raise ValueError(f"hold_out must be < 1, got {self.hold_out:g}")
        object.__setattr__(self, "genes", check_genes(self.genes))
        check_scales(self.scales)
        if self.through not in THROUGH:
            raise unknown_name("through", self.through, THROUGH)

    def _check_horizons(self) -> None:
        for horizon in self.horizons:
            check_count("horizons", horizon)
        if list(self.horizons) != sorted(set(self.horizons)):
            raise ValueError(f"horizons must rise, got {list(self.horizons)}")
        if self.steps <= len(self.horizons):
            raise ValueError(
                f"steps must be more than the {len(self.horizons)} horizons, "
                f"got {self.steps}"
            )
        if self.horizons and self.every:
            raise ValueError("horizons are of the descent at the end: every must be 0")

    def batch_size(self) -> int:
        """Return how many segments a gradient is of; 0 is all of them."""
        return 0

    def round(
        self,
        losses: Callable[[int], Loss],
        start: Descended,
        movable: BoolArray,
        until: int,
    ) -> Descended:
        """Return where a round of descent from a start ends.

        losses: number of a gradient -> the loss that it is of. start: where to go on from;
        with 0 gradients only its genome counts. movable: (C, G), whether a gene may move.
        until: the round takes no gradients beyond so many, but those of a last line search.

        A loss that is not finite shortens the step. A first one that is not ends the
        descent.
        """
        raise NotImplementedError


def descend(
    loss: Loss, start: Descended, settings: Descent, movable: BoolArray
) -> Iterator[Descended]:
    """Yield where each round ends, until there is nothing more to do."""
    here = start
    while here.ended is None:
        here = settings.round(lambda _: loss, here, movable, settings.steps)
        yield here


def weighed(settings: Descent, genome: Array, movable: BoolArray) -> tuple[float, Array]:
    """Return what weight decay adds to the loss of a genome (C, G), and to its gradient
    with respect to the genes that may move."""
    genes = genome[movable]
    penalty = 0.5 * settings.decay * float((genes * genes).mean()) if len(genes) else 0.0
    return penalty, settings.decay * genes / max(len(genes), 1)


def refined_readout(settings: Descent, readout: object) -> object:
    """Return what a network is refined through: of two readouts the one of `through`.
    Raises ValueError for the ranking one of a readout that has none."""
    if isinstance(readout, BestOnly):
        return readout.ranking if settings.through == "ranking" else readout.readout
    if settings.through == "ranking":
        raise ValueError(
            f"refine.through = 'ranking' needs a best-only readout, got {name_of(readout)}"
        )
    return readout
