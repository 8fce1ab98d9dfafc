"""Experiment: all settings that decide the result of a run, as one record."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import Any

from evolino.gradient.bptt import BPTT
from evolino.gradient.descent import Descent
from evolino.gradient.kalman import Kalman
from evolino.gradient.reinforce import Reinforce
from evolino.network.base import Architecture
from evolino.network.initialisers.base import Initialiser, check_initialiser
from evolino.readout.base import Readout
from evolino.search.base import SearchSettings
from evolino.task.protocol import Task, name_of
from evolino.vocabulary import check_count, check_number

WITHOUT_SEARCH = ("bptt", "kalman", "reinforce")  # ways to train in a search's place

MOST_ISLANDS = 10_000


@dataclass(frozen=True, slots=True)
class Budget:
    """When to stop; None is no limit, the first limit reached ends the run.

    generations, evaluations: counts; the last generation evaluates what is left, islands
    go on to their next exchange. seconds: wall-clock time, interruptions and the
    compilation of kernels left out. target: the loss at which the run is good enough.
    stagnation: generations without a better network. cpu_seconds: of this process, whose
    threads evaluate, compilation left out; looked at after each generation.

    Raises TypeError or ValueError, naming the field, for one out of its range.

    >>> import evolino
    >>> evolino.train("mso", budget=evolino.Budget(evaluations=20)).stopped
    ['evaluations: 20 >= 20']
    """

    generations: int | None = None
    evaluations: int | None = None
    seconds: float | None = None
    target: float | None = None
    stagnation: int | None = None
    cpu_seconds: float | None = None

    def __post_init__(self) -> None:
        """Check every limit."""
        for name in ("generations", "evaluations", "stagnation"):
            if getattr(self, name) is not None:
                check_count(name, getattr(self, name), most=None)
        for name in ("seconds", "cpu_seconds"):
            if getattr(self, name) is not None:
                check_number(name, getattr(self, name), above=0)
        if self.target is not None:
            check_number("target", self.target, least=0)

    @property
    def unlimited(self) -> bool:
        """Whether nothing would ever stop the run."""
        return all(getattr(self, each.name) is None for each in fields(self))


@dataclass(frozen=True, slots=True)
class Curriculum:
    """Easier variants of the task that come before it.

    variants: the tasks, easiest first. advance_at: the loss at which the next one begins;
    the search then starts again from the best network of the variant.
    patience: generations after which a variant is left even so.
    restart_after: generations of a variant, or of the task itself, after which all begins
    again at the easiest variant, with new draws; None is never. The best network on the
    task stays the answer until there is a better one.

    Raises TypeError or ValueError, naming the field, for one out of its range.

    >>> import evolino
    >>> easier = evolino.Oscillators(sines=1)
    >>> curriculum = evolino.Curriculum((easier,), advance_at=1e-3)
    >>> result = evolino.train(evolino.Oscillators(sines=2), curriculum=curriculum,
    ...     budget=evolino.Budget(generations=2))
    >>> result.history[0].variant
    1
    """

    variants: tuple[Task, ...] = ()
    advance_at: float = 0.0
    patience: int = 100
    restart_after: int | None = None

    def __post_init__(self) -> None:
        """Check the threshold and the generations."""
        check_number("advance_at", self.advance_at, least=0)
        check_count("patience", self.patience)
        if self.restart_after is not None:
            check_count("restart_after", self.restart_after)


@dataclass(frozen=True, slots=True)
class Islands:
    """Several searches that exchange their best networks in a ring.

    count: of islands; each has a search of its own, with its own generator.
    migrate_every: generations between exchanges. Limits of the budget are looked at, and
    checkpoints written, at exchanges only.

    Raises TypeError or ValueError, naming the field, for one out of its range.

    >>> import evolino
    >>> result = evolino.train("mso", islands=2, migrate_every=2,
    ...     budget=evolino.Budget(generations=2))
    >>> result.experiment.islands
    Islands(count=2, migrate_every=2)
    """

    count: int
    migrate_every: int = 10

    def __post_init__(self) -> None:
        """Check both."""
        check_count("islands", self.count, most=MOST_ISLANDS)
        check_count("migrate_every", self.migrate_every)


@dataclass(frozen=True, slots=True)
class Experiment:
    """A run, complete: the same experiment gives the same bits, whatever the workers.

    task, network, initialiser, search, readout: what is learnt, by what.
    budget: when to stop. seed: of all randomness. curriculum: easier variants first.
    tolerance: a free run further than this from its target at any step is given up and
        its later outputs count as failed; inf never gives up. In the units of what the
        network learns: of a task that standardises its columns, as `SeriesTask` does, in
        standard deviations of each column's rows of train.
    confirm_at: a network with at most this loss on the task's validation is put to the
        first stage of its confirmation, with at most this loss there to the next. Its loss
        is the number of stages that it did not pass, plus that of the first one of them
        (above 1 that counts as 1), or of the last stage.
    robust: standard deviation of noise that is added to all cell outputs and states in the
        free runs of validation, the same for all networks of a run; confirmation is
        without.
    fit_weight: what the fit adds to the loss of a network whose validation is above
        confirm_at: this, times 0 to 1 for root mean squared errors of 1e-5 to 1 (by their
        logarithm) on the rows that fit the readout.
    ensemble: so many of the best networks that were evaluated make the model, which gives
        the mean of what their readouts sum up (`evolino.models.ensemble`); an extension of
        the papers' method.
    islands: None is one search for all workers.
    refine: how the best networks descend once the search is over; None leaves them.
    bptt: training by back-propagation through time in place of search and readout, which
        then serve the baselines only; the budget's evaluations are gradients. None evolves.
    kalman: the same by the decoupled extended Kalman filter; the budget's evaluations are
        strings presented.
    reinforce: the same by recurrent policy gradients, for a task of control; the budget's
        evaluations are episodes.
    preset: the name of the preset that this came from, if any.

    Raises TypeError or ValueError, naming the field, for one out of its range.

    >>> import evolino
    >>> made = evolino.Experiment(evolino.Oscillators(), evolino.LSTM(cells=4),
    ...     evolino.Gaussian(0.1), evolino.ESP(), evolino.Ridge(),
    ...     evolino.Budget(generations=1))
    >>> evolino.run(made).generations
    1
    """

    task: Task
    network: Architecture
    initialiser: Initialiser[Any]
    search: SearchSettings
    readout: Readout
    budget: Budget = field(default_factory=Budget)
    seed: int = 0
    curriculum: Curriculum = field(default_factory=Curriculum)
    tolerance: float = float("inf")
    preset: str | None = None
    islands: Islands | None = None
    confirm_at: float = 0.0
    robust: float = 0.0
    fit_weight: float = 0.0
    ensemble: int = 1
    refine: Descent | None = None
    bptt: BPTT | None = None
    kalman: Kalman | None = None
    reinforce: Reinforce | None = None

    def __post_init__(self) -> None:
        """Check the seed and the tolerance; see that something ends the run."""
        check_count("seed", self.seed, least=0, most=None)
        if not self.tolerance > 0:
            raise ValueError(f"tolerance must be > 0, got {self.tolerance}")
        check_number("confirm_at", self.confirm_at, least=0)
        check_number("robust", self.robust, least=0)
        check_number("fit_weight", self.fit_weight, least=0)
        check_count("ensemble", self.ensemble)
        if self.refine is not None and self.refine.best < self.ensemble:
            raise ValueError(
                f"refine.best must be at least ensemble, {self.ensemble}, got "
                f"{self.refine.best}"
            )
        if self.refine is not None and self.refine.every and self.islands is not None:
            raise ValueError(
                "refine.every refines one search on its way: leave out islands"
            )
        self._check_without_search()
        check_initialiser(self.initialiser, self.network)
        check_pictures(self.task, self.network)
        if self.budget.unlimited:
            raise ValueError(
                "nothing would stop this run: set generations, evaluations, seconds, "
                "cpu_seconds, target or stagnation"
            )

    def _check_without_search(self) -> None:
        """Raise ValueError for what belongs to a search, where there is none."""
        ways = [name for name in WITHOUT_SEARCH if getattr(self, name) is not None]
        if not ways:
            return
        if len(ways) > 1:
            raise ValueError(f"a network is trained one way, not by {' and '.join(ways)}")
        curriculum = self.curriculum.variants or self.curriculum.restart_after is not None
        others = {
            "refine": self.refine is not None,
            "islands": self.islands is not None,
            "curriculum": bool(curriculum) and self.reinforce is None,
            "ensemble": self.ensemble != 1,
            "confirm_at": self.confirm_at != 0,
            "fit_weight": self.fit_weight != 0,
        }
        for name, is_set in others.items():
            if is_set:
                raise ValueError(
                    f"{ways[0]} trains by itself, without search: leave out {name}"
                )

    @property
    def kept(self) -> int:
        """How many of the best networks a run keeps."""
        return max(self.ensemble, 0 if self.refine is None else self.refine.best)

    @property
    def architecture(self) -> Architecture:
        """The network with the task's inputs and outputs."""
        network: Any = self.network
        if hasattr(self.task, "picture_size"):
            network = network.for_pictures(*self.task.picture_size)
        found: Architecture = network.for_task(self.task.inputs, self.task.outputs)
        return found


def check_pictures(task: object, network: object) -> None:
    """Raise ValueError for a task of pictures without a convolutional network, and for such
    a network without pictures. task: or its class."""
    if hasattr(task, "picture_size") != hasattr(network, "for_pictures"):
        kind = getattr(network, "name", type(network).__name__)
        raise ValueError(
            "networks of kind convolutional are for tasks of pictures, such as frames, and "
            f"these for them, got {kind} and {name_of(task)}"
        )
