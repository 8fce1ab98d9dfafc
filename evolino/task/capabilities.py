"""Optional protocols: what a task may offer more, what it may require of a network."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol, runtime_checkable

from evolino.task.counted import Checked, Phase
from evolino.task.protocol import Predictor
from evolino.task.scaling import Scaling
from evolino.task.series import Segment
from evolino.vocabulary import Array, IntArray


@runtime_checkable
class ScoresManyNetworks(Protocol):
    """What a task may offer beside its loss, where scoring takes a part of the time.

    It is used only of the class that defines the task's loss: one that overrides `loss`
    alone is scored by it.
    """

    def loss_against(self, targets: Array) -> Callable[[Array], Array]:
        """Return the loss against targets (N, L, K), a function of outputs (P, N, L, K).

        What needs the targets alone is worked out once. Each network's loss has the bits
        that `loss` gives on outputs of it alone.
        """
        ...


def feeds_back(task: object) -> bool:
    """Return whether the outputs of a task's networks may be fed back.

    Teacher forcing hands a network the targets of the steps before. A task that generates
    is tested without them. One that does not (`generates` is False) must say that they are
    known when the network is used, as the last notes are where the next one is predicted,
    by `past_targets_known = True`; else a target that is repeated over rows would be given
    away.
    """
    generates = bool(getattr(task, "generates", False))
    return generates or bool(getattr(task, "past_targets_known", False))


def over_evaluations(
    task: object, figures: dict[str, float], evaluations: int | None
) -> dict[str, float]:
    """Return a task's metrics with those of one evaluation, which its class attribute
    `per_evaluation` names, times a run's evaluations; without those where evaluations is
    None, because one does not go over all that is learnt from."""
    names = getattr(task, "per_evaluation", ())
    if evaluations is None:
        return {k: v for k, v in figures.items() if k not in names}
    return {k: v * evaluations if k in names else v for k, v in figures.items()}


@runtime_checkable
class Standardised(Protocol):
    """A task whose columns the network sees standardised, such as a user's own series.

    Its `sequences`, `loss` and `measure` are in the user's units; so are the arguments and
    outputs of the model, which keeps the scaling.
    """

    def scaling(self) -> Scaling | None:
        """Return mean and scale of each column, of training rows; None for none."""
        ...


@runtime_checkable
class Reader(Predictor, Protocol):
    """A predictor that can be checked on strings which are not written out."""

    def check(self, phases: Sequence[Phase], strings: IntArray) -> Checked:
        """Return margins and errors on strings given by parameters (N, parameters)."""
        ...


@runtime_checkable
class Improviser(Protocol):
    """A predictor in free run that is fed back what is chosen from its outputs."""

    def improvise(
        self,
        steps: int,
        prime: Array,
        choose: Callable[[Array], Array],
        *,
        inputs: Array | None = None,
    ) -> tuple[Array, Array]:
        """Go on from a prime (T, K); choose: outputs (K,) -> what is fed back next (K,).
        inputs: (T + steps, I), None for a network without.

        Returns what was chosen, and the outputs that it was chosen from: (steps, K) each.
        """
        ...


@runtime_checkable
class Disturbable(Protocol):
    """A predictor whose cells can be disturbed in free run."""

    def disturbed(
        self,
        segments: Sequence[Segment],
        *,
        noise: float = 0.0,
        kick: float = 0.0,
        seed: int = 0,
    ) -> list[Array]:
        """Return the outputs (stop - start, K) of free runs over the segments.

        noise: standard deviation of what is added to all cell outputs and states after
        every step. kick: the same, once, before the first step. seed: of both.
        """
        ...


@runtime_checkable
class Differentiable(Protocol):
    """What a task may offer beside its loss: the gradient with respect to outputs.

    One whose parameters leave it none, such as a count of wrong steps, says so by
    `differentiable = False`.
    """

    def loss_gradient(self, outputs: Array, targets: Array) -> tuple[float, Array]:
        """Return a loss of one network, and its gradient with respect to the outputs.

        outputs, targets: (N, L, K), what the network gave on N segments of L rows. The loss
        has the value of `loss`, or is an increasing function of it; the gradient has the
        shape of the outputs.
        """
        ...
