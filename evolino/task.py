"""What a task is: sequences to learn from, a loss for evolution, figures to report.

A task knows nothing of networks or searches. It says which steps of which sequences fit
the readout, which ones select among networks, and which ones are reported.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from numpy.random import Generator

from evolino.phases import Checked, Phase
from evolino.vocabulary import Array, IntArray


@dataclass(frozen=True, slots=True, eq=False)
class Series:
    """One sequence: what goes in and what should come out.

    inputs: (T, I), I may be 0. targets: (T, K); the output at row t is meant to be
    targets[t]. With output feedback a network is also given targets[t-1] at row t
    (zeros at row 0): teacher forcing. heard: (T, K), what it is given in their place, where
    that is not what should have come out; None is the targets.
    """

    inputs: Array
    targets: Array
    heard: Array | None = None

    @property
    def steps(self) -> int:
        """T."""
        return int(self.targets.shape[0])

    @property
    def fed_back(self) -> Array:
        """(T, K): what stands for the network's outputs under teacher forcing."""
        return self.targets if self.heard is None else self.heard


@dataclass(frozen=True, slots=True, eq=False)
class Segment:
    """Rows start .. stop-1 of a series; the rows before only drive the network (washout).

    Where the task generates, a validation or test segment is a free run: teacher forcing
    ends before row `start`, from there the network is fed its own outputs.
    """

    series: Series
    start: int
    stop: int

    def __post_init__(self) -> None:
        """Check that the rows lie inside the series."""
        if not 0 <= self.start < self.stop <= self.series.steps:
            raise ValueError(
                f"segment {self.start}..{self.stop} does not lie in a series of "
                f"{self.series.steps} steps"
            )

    @property
    def targets(self) -> Array:
        """(stop - start, K)."""
        return self.series.targets[self.start : self.stop]


@dataclass(frozen=True, slots=True)
class Split:
    """Which rows serve what; no row of train is in validation or test.

    train: fits the readout of every candidate. validation: selects among candidates;
        empty: the rows of train do, which no task that generates can have.
    refit: fits the readout of the winner once the search is over (empty: train again);
        it may hold train and validation, never test. test: reported, nothing else.
    confirmation: longer validation, in stages; only networks that do well enough on one
        stage are put to the next (`Experiment.confirm_at`).
    """

    train: tuple[Segment, ...]
    validation: tuple[Segment, ...]
    test: tuple[Segment, ...]
    refit: tuple[Segment, ...] = ()
    confirmation: tuple[tuple[Segment, ...], ...] = ()


class Predictor(Protocol):
    """What a task measures: a trained network."""

    def respond(self, segments: Sequence[Segment], *, free_running: bool) -> list[Array]:
        """Return the outputs (stop - start, K) on each segment."""
        ...


@runtime_checkable
class Reader(Predictor, Protocol):
    """A predictor that can be checked on strings which are not written out."""

    def check(self, phases: Sequence[Phase], strings: IntArray) -> Checked:
        """Return how it does on counted strings, given by parameters (N, parameters)."""
        ...


@runtime_checkable
class Improviser(Protocol):
    """A predictor that goes on alone, hearing what is made of its outputs."""

    def improvise(
        self, steps: int, prime: Array, choose: Callable[[Array], Array]
    ) -> tuple[Array, Array]:
        """Go on from a prime (T, K); choose: outputs (K,) -> what is heard next (K,).

        Returns what was chosen, and the outputs that it was chosen from: (steps, K) each.
        """
        ...


@runtime_checkable
class Disturbable(Protocol):
    """A predictor whose cells can be shaken while it runs freely."""

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


@dataclass(frozen=True, slots=True)
class Published:
    """A figure from the literature to print beside ours.

    metric: the metric it compares with; value; method: what reached it; source: paper and
    page or section; checked: False where it was recalled and not read in its source.
    """

    metric: str
    value: float
    method: str
    source: str
    checked: bool = False


@runtime_checkable
class ScoresManyNetworks(Protocol):
    """What a task may offer beside its loss, where scoring takes a part of the time.

    It is asked only of the class that defines the task's loss: one that overrides `loss`
    alone is scored by it.
    """

    def loss_against(self, targets: Array) -> Callable[[Array], Array]:
        """Return the loss against targets (N, L, K), a function of outputs (P, N, L, K).

        What needs the targets alone is worked out once. Each network's loss has the bits
        that `loss` gives on outputs of it alone.
        """
        ...


class Task(Protocol):
    """A frozen dataclass whose fields are the task's own parameters."""

    @property
    def name(self) -> str:
        """The name in the table of tasks."""
        ...

    @property
    def inputs(self) -> int:
        """I: external inputs."""
        ...

    @property
    def outputs(self) -> int:
        """K: outputs."""
        ...

    @property
    def generates(self) -> bool:
        """Whether validation and test are free runs on the network's own outputs."""
        ...

    def sequences(self, rng: Generator) -> Split:
        """Return the task's data; the same rng gives the same bits."""
        ...

    def loss(self, outputs: Array, targets: Array) -> Array:
        """Return (P,): what evolution minimises, 0 for perfect outputs.

        outputs: (P, N, L, K), what P networks gave on N validation segments of L rows; or
        on all rows of train as one segment, where there is no validation.
        targets: (N, L, K); NaN where a shorter segment has no row, which does not count.
        """
        ...

    def measure(self, model: Predictor, split: Split) -> dict[str, float]:
        """Return the metrics that the papers report, on the test segments."""
        ...

    def baselines(self, split: Split) -> Mapping[str, dict[str, float]]:
        """Return the metrics of trivial methods on the same data, by method."""
        ...

    def published(self) -> tuple[Published, ...]:
        """Return the figures from the literature for these very parameters."""
        ...
