"""Refine networks: descent on the loss after solving, from the genomes of a search.

The readout is solved on the rows of *train*. The loss is of segments of *validation*, as in
the search; a share of them is held out, whose rows no other one touches, and chooses the
genome that is kept. Where a task confirms networks on longer runs and nothing can be held
out, the loss of the search chooses, all its stages included. With folds the loss is of
*train*, each fold scored with a readout solved on the others, and all of *validation*
chooses. Nothing of *test* is seen.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np

from evolino.gradient import pictures_objective as pictures
from evolino.gradient.ctc_objective import (
    CTCObjective,
    check_ctc_descent,
    ctc_objective,
)
from evolino.gradient.descent import Descended, Descent, Loss, refined_readout
from evolino.gradient.genes import check_genes_of, movable_genes
from evolino.gradient.group_scales import descend_scales, group_scales
from evolino.gradient.held_out import dealt, parts_of
from evolino.gradient.likelihood_objective import (
    Fold,
    LikelihoodObjective,
    check_likelihood,
)
from evolino.gradient.minibatches import minibatch
from evolino.gradient.objective import Objective, check_loss
from evolino.gradient.pictures_objective import PicturesObjective
from evolino.gradient.readout import check_differentiable
from evolino.gradient.schedule import (
    at_stage,
    end_of_stage,
    scheduled,
    spread,
    stage_of,
    without_schedule,
)
from evolino.network.convolutional import ConvLSTM
from evolino.network.lstm import LSTM
from evolino.network.stacked import StackedLSTM
from evolino.readout.ctc import CTC
from evolino.readout.linear import PseudoInverse, Ridge
from evolino.readout.logistic import Logistic
from evolino.task.protocol import Task, name_of
from evolino.task.scaling import Scaling
from evolino.task.series import Split
from evolino.vocabulary import Array

Kind = TypeVar("Kind", Objective, LikelihoodObjective)
Judge = Callable[[Array], float]
Losses = Objective | LikelihoodObjective | CTCObjective | PicturesObjective


@dataclass(frozen=True, slots=True, eq=False)
class Refined:
    """How far the refinement of a network is.

    genome: (C, G), that of the lowest loss on what is held out, so far. loss: there. place:
    where the descent is, to go on from.
    """

    genome: Array
    loss: float
    place: Descended


@dataclass(frozen=True, slots=True, eq=False)
class Refinement:
    """Descent for the networks of one experiment; made by `refinement_of`.

    descended: the loss that is descended on. held_out: the loss that chooses, unless
    there is a judge. seed: of the order in which minibatches take the segments.
    """

    settings: Descent
    descended: Losses
    held_out: Losses
    seed: int = 0
    judge: Judge | None = None

    def begin(self, genome: Array) -> Refined:
        """Return a genome (C, G) before its descent, its penalty chosen."""
        loss = self.loss_that_chooses(genome)
        memory = self.held_out.kept() if isinstance(self.held_out, CTCObjective) else {}
        return Refined(genome, loss, Descended(genome, np.inf, 0, memory=memory))

    def loss_that_chooses(self, genome: Array) -> float:
        """Return the loss by which a genome (C, G) is kept."""
        return self.held_out.value(genome) if self.judge is None else self.judge(genome)

    def rounds(self, start: Refined) -> Iterator[Refined]:
        """Yield where each round of the descent ends; the last one has `place.ended`."""
        here = start
        while here.place.ended is None:
            here = self.next_round(here, self.settings.steps)
            yield here

    def next_round(self, here: Refined, until: int) -> Refined:
        """Return how far the refinement is after one more round.

        until: the round takes no gradients beyond so many, but those of a line search.
        """
        for objective in (self.descended, self.held_out):
            if isinstance(objective, LikelihoodObjective):
                objective.forget()  # a round depends on what came before it alone
            elif isinstance(objective, CTCObjective):
                objective.go_on_from(here.place.memory)
        stage = stage_of(here.place)
        until = min(until, end_of_stage(self.settings, stage))
        ran = self.at(stage).descend(without_schedule(here.place), until)
        loss = self.loss_that_chooses(ran.genome)
        if isinstance(self.held_out, CTCObjective):
            ran = replace(ran, memory={**ran.memory, **self.held_out.kept()})
        place = scheduled(self.settings, here.place, ran, improved=loss < here.loss)
        if loss < here.loss:
            return Refined(place.genome, loss, place)
        return Refined(here.genome, here.loss, place)

    def descend(self, start: Descended, until: int) -> Descended:
        """Return where a round ends that moves the genes, or scales, of the settings."""
        settings, architecture = self.settings, self.descended.architecture
        if settings.scales == "none":
            movable = movable_genes(architecture, settings.genes)
            return settings.round(self.loss_of, start, movable, until)
        scales = group_scales(check_lstm(architecture), settings.genes, settings.scales)
        return descend_scales(settings.round, scales, self.loss_of, start, until)

    def at(self, stage: int) -> Refinement:
        """Return the refinement whose free runs are cut to the horizon of a stage."""
        if isinstance(self.descended, PicturesObjective):
            horizons = self.settings.horizons
            if stage == len(horizons):
                return self
            return replace(self, descended=self.descended.cut(horizons[stage]))
        if not isinstance(self.descended, Objective):
            return self
        descended = at_stage(self.descended, self.settings, stage)
        return self if descended is self.descended else replace(self, descended=descended)

    def loss_of(self, number: int) -> Loss:
        """Return the loss that a gradient is of, by its number: of all segments, or of
        those of its minibatch."""
        if isinstance(self.descended, CTCObjective):
            return self.descended.loss_of(number, self.settings.batch_size())
        if isinstance(self.descended, PicturesObjective):
            flips, size = getattr(self.settings, "flips", False), self.settings.batch_size()
            return self.descended.loss_of(number, size, self.seed, flips=flips)
        if not isinstance(self.descended, Objective):
            return self.descended.value_and_gradient
        segments, size = self.descended.scored, self.settings.batch_size()
        if not 0 < size < len(segments):
            return self.descended.value_and_gradient
        chosen = minibatch(len(segments), size, number, self.seed)
        some = tuple(segments[k] for k in chosen)
        return replace(self.descended, scored=some).value_and_gradient


def check_refinement(
    settings: Descent, architecture: object, task: Task, readout: object
) -> None:
    """Raise ValueError for a network, a task or a readout that has no gradient."""
    readout = refined_readout(settings, readout)
    if isinstance(architecture, ConvLSTM):
        pictures.check_pictures_objective(settings, architecture, readout)
        return
    if getattr(settings, "flips", False):
        raise ValueError("flips are of films: they need a convolutional network")
    if isinstance(readout, CTC):
        check_ctc_descent(settings, architecture, readout)
        return
    for name in ("noise", "keep_readout"):
        if getattr(settings, name, False):
            raise ValueError(f"{name} needs a ctc readout, got {name_of(readout)}")
    network = check_network(architecture)
    check_genes_of(network, settings.genes)
    if settings.scales != "none" and not isinstance(network, LSTM):
        raise ValueError(
            f"scales descend in a network of one layer: scales must be 'none', got "
            f"{settings.scales!r}"
        )
    if settings.horizons and not task.generates:
        raise ValueError(f"horizons are of free runs, which {name_of(task)} does not make")
    if isinstance(readout, Logistic):
        check_likelihood(network, task, readout)
        if settings.batch_size():
            raise ValueError(
                "a logistic readout is refined through on all segments: batch must be 0, "
                f"got {settings.batch_size()}"
            )
        return
    check_differentiable(readout)
    check_loss(network, task)
    if task.generates:
        network.check_free_run()
    if settings.folds:
        raise ValueError(f"folds need a logistic readout, got {name_of(readout)}")


def check_network(architecture: object) -> LSTM | StackedLSTM:
    """Return an architecture that descends through its readout: an LSTM, or layers of it.
    Raises ValueError for others."""
    if isinstance(architecture, StackedLSTM):
        return architecture
    return check_lstm(architecture)


def check_lstm(architecture: object, what: str = "refinement") -> LSTM:
    """Return an architecture that is an LSTM. Raises ValueError for others, naming what
    needs one."""
    if not isinstance(architecture, LSTM):
        found = type(architecture).__name__
        raise ValueError(f"{what} needs an LSTM, got {found}, which has no gradient")
    return architecture


def refinement_of(
    settings: Descent,
    architecture: object,
    task: Task,
    readout: object,
    split: Split,
    genome: Array,
    scaling: Scaling | None = None,
    *,
    seed: int = 0,
    judge: Judge | None = None,
) -> Refinement:
    """Return the refinement of networks that begins at a genome (C, G).

    scaling: of the task's columns, if it has one. seed: as of `Refinement`. judge: the loss
    of the search; it chooses where the task confirms networks, something is to be held out,
    and nothing can be. Of several
    penalties of the readout it is the one that is best for this genome. Raises ValueError
    for what has no gradient.
    """
    check_refinement(settings, architecture, task, readout)
    readout = refined_readout(settings, readout)
    if isinstance(architecture, ConvLSTM):
        both = pictures.best_objectives(architecture, readout, split, genome)
        return Refinement(settings, *both, seed)
    if isinstance(readout, CTC):
        assert isinstance(architecture, LSTM | StackedLSTM)
        objective = ctc_objective(settings, architecture, readout, split, scaling, seed)
        return Refinement(settings, objective, objective, seed)
    assert isinstance(architecture, LSTM | StackedLSTM)
    folds, held_out = folds_of(settings, split)
    if isinstance(readout, Logistic):
        likelihoods = [
            LikelihoodObjective(architecture, task, readout, folds, penalty)
            for penalty in readout.penalties
        ]
        best = _best(likelihoods, genome)
        return Refinement(settings, best, replace(best, folds=(held_out,)), seed)
    assert isinstance(readout, PseudoInverse | Ridge)
    scored = folds[0].scored
    objectives = [
        Objective(architecture, task, readout, split.train, scored, penalty, scaling)
        for penalty in readout.penalties
    ]
    chosen = _best(objectives, genome)
    held = replace(chosen, scored=held_out.scored)
    judged = split.confirmation and settings.hold_out and held_out.scored is scored
    return Refinement(settings, chosen, held, seed, judge if judged else None)


def _best(objectives: Sequence[Kind], genome: Array) -> Kind:
    """Return the objective of the penalty that is best for a genome."""
    if len(objectives) == 1:
        return objectives[0]
    return min(objectives, key=lambda each: each.value(genome))


def folds_of(settings: Descent, split: Split) -> tuple[tuple[Fold, ...], Fold]:
    """Return what is descended on, and what is held out.

    Raises ValueError for more folds than there are series to deal out.
    """
    validation = split.validation or split.train
    if settings.folds:
        return dealt(split.train, settings.folds), Fold(split.train, validation)
    if settings.starts:
        validation = spread(validation, split.train, settings.starts, settings.run_length)
    scored, held_out = parts_of(validation, settings.hold_out)
    return (Fold(split.train, scored),), Fold(split.train, held_out)
