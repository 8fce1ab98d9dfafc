"""The likelihood of labels after solving the CTC readout, and its gradient for a genome.

With the readout at its optimum W* a change of W changes nothing of first order, so that the
gradient of the penalised likelihood max_W L(W, genome) is that of L(W*, genome) with the
weights held (the envelope theorem; Danskin 1967): no implicit differentiation is needed.

With minibatches the weights are solved on all strings when the descent begins; after that
they take a step of Adam beside each step of the genome, without the penalty. Gaussian noise
on the frames of a minibatch keeps the network from learning single frames. The readout that
has come along can be kept (`keep_readout`): on features that were descended on, penalised
weights are too small, and a flat alignment is far from the one that the network has.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.random import Generator

from evolino.gradient.adam import Adam
from evolino.gradient.descent import Descended, Descent, Loss
from evolino.gradient.directions import Driven
from evolino.gradient.first_order import AdamStep, Moments, adam, clipped, scheduled
from evolino.gradient.minibatches import minibatch
from evolino.gradient.schedule import READOUT
from evolino.network.lstm import LSTM
from evolino.network.stacked import StackedLSTM
from evolino.readout.ctc import CTC
from evolino.solvers.ctc import Labelled, ctc_gradient, labelled
from evolino.solvers.ctc_decoding import collapsed
from evolino.solvers.ctc_solver import solve_ctc
from evolino.solvers.likelihood_columns import column_scales
from evolino.task.scaling import Scaling
from evolino.task.series import Segment, Split
from evolino.vocabulary import Array

WEIGHTS = "weights"  # of the readout
MOMENTS = ("mean", "square", "count")  # of Adam, for the readout


@dataclass(frozen=True, eq=False)
class CTCObjective:
    """The nats of a label, with gradient.

    fitted: whole sequences that the readout is solved on, and that are descended on.
    held_out: sequences whose nats `value` is; where there are none, those that are fitted.
    penalty: of the readout. adam: for minibatches, the rate and the noise on their frames;
    None without them. seed: of minibatches and noise.
    """

    architecture: LSTM | StackedLSTM
    readout: CTC
    fitted: tuple[Segment, ...]
    held_out: tuple[Segment, ...]
    penalty: float
    scaling: Scaling | None = None
    adam: Adam | None = None
    seed: int = 0
    _place: dict[str, Any] = field(default_factory=dict, init=False)

    def __post_init__(self) -> None:
        """Check that all of it has a gradient. Raises ValueError, saying what has none."""
        check_ctc(self.architecture, self.readout)

    def go_on_from(self, memory: Mapping[str, Any]) -> None:
        """Forget all but the readout that a round left, if there is one."""
        self._place.clear()
        self._place.update(memory.get(READOUT, {}))

    def kept(self) -> dict[str, Any]:
        """Return what the next round goes on from: the readout and its moments."""
        return {READOUT: dict(self._place)}

    def loss_of(self, number: int, size: int) -> Loss:
        """Return the loss that a gradient is of, by its number: of all fitted sequences,
        the readout solved, or of those of a minibatch."""
        if not 0 < size < len(self.fitted):
            return self.value_and_gradient
        chosen = minibatch(len(self.fitted), size, number, self.seed)
        return lambda genome: self._of_minibatch(genome, number, chosen)

    def value(self, genome: Array) -> float:
        """Return the nats of a label of the held-out sequences; inf where not finite."""
        with np.errstate(over="ignore", invalid="ignore"):
            weights = self._moved(genome) if self.adam else self._solved(genome)
            held_out = self._held_out if self.held_out else self._fitted
            features = Driven.of(self.architecture, genome, held_out.frames).features
            likelihoods, _ = ctc_gradient(features @ weights, held_out.strings)
        loss = -likelihoods.sum() / held_out.labels
        return float(loss) if np.isfinite(loss) else float("inf")

    def value_and_gradient(self, genome: Array) -> tuple[float, Array]:
        """Return the penalised loss of all fitted sequences with the readout solved, in
        nats a label, and its gradient with respect to a genome (C, G).

        Where one of them is not finite the loss is inf and the gradient 0.
        """
        weights, own = self._solved(genome), self._fitted
        driven = Driven.of(self.architecture, genome, own.frames)
        loss, to_features, _ = self._loss(driven.features, weights, own, self.penalty)
        return _finite(loss, driven.backward(to_features))

    def _of_minibatch(
        self, genome: Array, number: int, chosen: Sequence[int]
    ) -> tuple[float, Array]:
        """Return loss and gradient of some sequences at the readout that the round has, and
        move that readout."""
        assert self.adam is not None
        weights = self._moved(genome)
        some = self._fitted.some(chosen)
        if self.adam.noise:
            rng = np.random.default_rng((self.seed, number))
            some = some.noisy(rng, self.adam.noise)
        driven = Driven.of(self.architecture, genome, some.frames)
        loss, to_features, to_weights = self._loss(driven.features, weights, some, 0.0)
        found = _finite(loss, driven.backward(to_features))
        if np.isfinite(found[0]) and np.isfinite(to_weights).all():
            own = self.adam
            step = AdamStep(own.rate, own.betas, own.epsilon)
            slope = clipped(to_weights.ravel(), own.clip)
            share = scheduled(own.schedule, number / own.steps)
            before = Moments(*(self._place[name] for name in MOMENTS))
            move, after = adam(before, slope, step, share)
            self._place[WEIGHTS] = weights + move.reshape(weights.shape)
            moments = after.mean, after.square, after.count
            self._place.update(zip(MOMENTS, moments, strict=True))
        return found

    def _moved(self, genome: Array) -> Array:
        """Return the readout (S, K) that minibatches move; it is solved for the first."""
        if WEIGHTS not in self._place:
            zeros = Moments.zeros(self._solved(genome).size)
            moments = zeros.mean, zeros.square, zeros.count
            self._place.update(zip(MOMENTS, moments, strict=True))
        weights: Array = self._place[WEIGHTS]
        return weights

    def _solved(self, genome: Array) -> Array:
        """Return the readout (S, K) of a genome, solved from the last one on."""
        own = self._fitted
        features = Driven.of(self.architecture, genome, own.frames).features
        solved = solve_ctc(
            features,
            own.strings,
            self.architecture.outputs,
            self.penalty,
            self.readout.alternation,
            self._place.get(WEIGHTS),
        ).weights
        # What is not finite is no start for the next one.
        if np.isfinite(solved).all() or self.adam:
            self._place[WEIGHTS] = solved
        return solved

    def _loss(
        self, features: Array, weights: Array, own: _Strings, penalty: float
    ) -> tuple[float, Array, Array]:
        """Return the penalised nats of a label, and its gradient with respect to features
        (T, S) and weights (S, K)."""
        likelihoods, to_sums = ctc_gradient(features @ weights, own.strings)
        per_label = len(features) / own.labels  # the penalty is a frame's
        scales, share, centre = column_scales(features, self.readout.unnormalised)
        squares = np.square(weights).sum(axis=1)
        pull = 0.5 * penalty * float((np.square(scales) * squares).sum())
        loss = -likelihoods.sum() / own.labels + per_label * pull
        to_features = -(to_sums @ weights.T) / own.labels
        to_features += penalty / own.labels * squares * share * (features - centre)
        to_weights = -(features.T @ to_sums) / own.labels
        to_weights += per_label * penalty * np.square(scales)[:, None] * weights
        return float(loss), to_features, to_weights

    @cached_property
    def _fitted(self) -> _Strings:
        return _Strings.of(self.fitted, self.scaling)

    @cached_property
    def _held_out(self) -> _Strings:
        return _Strings.of(self.held_out, self.scaling)


def ctc_objective(
    settings: Descent,
    architecture: LSTM | StackedLSTM,
    readout: CTC,
    split: Split,
    scaling: Scaling | None,
    seed: int,
) -> CTCObjective:
    """Return the objective of a descent: of train, with validation held out; of both where
    nothing is to be held out. Of several penalties it is the least; with minibatches, which
    hardly turn the large weights of a small penalty, the largest."""
    own = settings if isinstance(settings, Adam) and settings.batch else None
    penalty = min(readout.penalties) if own is None else max(readout.penalties)
    fitted, held_out = split.train, split.validation
    if settings.hold_out == 0:
        fitted, held_out = (*fitted, *held_out), ()
    return CTCObjective(
        architecture, readout, fitted, held_out, penalty, scaling, own, seed
    )


def readout_of(place: Descended) -> Array:
    """Return the readout (S, K) that a descent has come to."""
    found: Array = place.memory[READOUT][WEIGHTS]
    return found


def check_ctc_descent(settings: Descent, architecture: object, readout: CTC) -> None:
    """Raise ValueError for a descent that is not one through a CTC readout."""
    check_ctc(architecture, readout)
    for name, usual in (("folds", 0), ("starts", 0), ("horizons", ()), ("scales", "none")):
        if getattr(settings, name) != usual:
            raise ValueError(
                f"a ctc readout is refined through on train: {name} must be {usual!r}, got "
                f"{getattr(settings, name)!r}"
            )


def check_ctc(architecture: object, readout: CTC) -> None:
    """Raise ValueError for a network whose CTC readout has no gradient."""
    if not isinstance(architecture, LSTM | StackedLSTM):
        found = type(architecture).__name__
        raise ValueError(f"refinement needs an LSTM, got {found}, which has no gradient")
    readout.check_network(architecture)
    extras = ("feedback", "readout_states", "readout_squares", "groups")
    for name in extras:
        if getattr(architecture, name, False):
            raise ValueError(f"refinement through a ctc readout needs no {name}")
    if architecture.precision != "float64":
        raise ValueError(
            f"refinement needs precision 'float64', got {architecture.precision}"
        )


@dataclass(frozen=True, slots=True, eq=False)
class _Strings:
    """frames: (T_n, I) of each of N sequences. strings: theirs."""

    frames: tuple[Array, ...]
    strings: Labelled

    @classmethod
    def of(cls, segments: Sequence[Segment], scaling: Scaling | None) -> _Strings:
        rows = [each.series.input_rows(each.start, each.stop) for each in segments]
        labels = [collapsed(each.targets.argmax(axis=1)) for each in segments]
        frames = tuple(own if scaling is None else scaling.inputs(own) for own in rows)
        return cls(frames, labelled([len(own) for own in frames], labels))

    @property
    def labels(self) -> int:
        return max(len(self.strings.labels), 1)

    def noisy(self, rng: Generator, deviation: float) -> _Strings:
        added = (own + rng.normal(0.0, deviation, own.shape) for own in self.frames)
        return _Strings(tuple(added), self.strings)

    def some(self, chosen: Sequence[int]) -> _Strings:
        frames = tuple(self.frames[k] for k in chosen)
        labels = [self.strings.labels_of(k) for k in chosen]
        return _Strings(frames, labelled([len(own) for own in frames], labels))


def _finite(loss: float, gradient: Array) -> tuple[float, Array]:
    if not np.isfinite(loss) or not np.isfinite(gradient).all():
        return float("inf"), np.zeros_like(gradient)
    return loss, gradient
