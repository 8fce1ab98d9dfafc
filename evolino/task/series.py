"""Series, segments and splits: train, validation and test data of a task."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from evolino.environments.base import Episodes
from evolino.task.symbols import Symbols, one_hot_rows
from evolino.vocabulary import Array


@dataclass(frozen=True, slots=True, eq=False)
class Series:
    """One sequence: what goes in and what should come out.

    inputs: (T, I), I may be 0, or `Symbols`, which are one-hot inputs given as indices.
    targets: (T, K); the output at row t is meant to be targets[t]. With output feedback a
    network is also given targets[t-1] at row t (zeros at row 0): teacher forcing. teacher:
    (T, K), the teacher signal that is fed back in place of the targets, where the two
    differ; None is the targets.

    >>> import evolino
    >>> import numpy as np
    >>> evolino.Series(inputs=np.zeros((9, 2)), targets=np.zeros((9, 1))).steps
    9
    """

    inputs: Array | Symbols
    targets: Array
    teacher: Array | None = None

    @property
    def steps(self) -> int:
        """T."""
        return int(self.targets.shape[0])

    def input_rows(self, start: int = 0, stop: int | None = None) -> Array:
        """Return (stop - start, I): the inputs at some rows, symbols as one-hot rows."""
        return one_hot_rows(self.inputs[start:stop])

    @property
    def fed_back(self) -> Array:
        """(T, K): what stands for the network's outputs under teacher forcing."""
        return self.targets if self.teacher is None else self.teacher


@dataclass(frozen=True, slots=True, eq=False)
class Segment:
    """Rows start .. stop-1 of a series; the rows before only drive the network (washout).

    Where the task generates, a validation or test segment is a free run: teacher forcing
    ends before row `start`, from there the network is fed its own outputs.

    series: a `Series` (T, I), (T, K). start, stop: rows, counted from 0.

    Raises ValueError for rows that do not lie inside the series.

    >>> import evolino
    >>> import numpy as np
    >>> series = evolino.Series(np.zeros((9, 0)), np.arange(9.0)[:, None])
    >>> evolino.Segment(series, 4, 7).targets.ravel()
    array([4., 5., 6.])
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
        it may hold train and validation, never test. test: reported, nothing else; training
        leaves it to the task's own `measure`, so that a large one may be a sequence which
        makes a segment when it is indexed.
    confirmation: longer validation, in stages; only networks that do well enough on one
        stage are put to the next (`Experiment.confirm_at`).
    episodes: of a task of control, which has no segments: what every candidate plays.

    >>> import evolino
    >>> import numpy as np
    >>> series = evolino.Series(np.zeros((9, 0)), np.zeros((9, 1)))
    >>> rows = [evolino.Segment(series, k, k + 2) for k in (2, 4, 6)]
    >>> evolino.Split(train=(rows[0],), validation=(rows[1],), test=(rows[2],)).refit
    ()
    """

    train: tuple[Segment, ...]
    validation: tuple[Segment, ...]
    test: Sequence[Segment]
    refit: tuple[Segment, ...] = ()
    confirmation: tuple[tuple[Segment, ...], ...] = ()
    episodes: Episodes | None = None

    def check_symbols(self, count: int) -> None:
        """Raise ValueError for symbols out of their range, or not so many, naming the
        sequence and the step; those of test are checked where they are used."""
        parts = {"train": self.train, "validation": self.validation, "refit": self.refit}
        parts |= {f"confirmation {k}": part for k, part in enumerate(self.confirmation)}
        for name, segments in parts.items():
            for k, segment in enumerate(segments):
                inputs = segment.series.inputs
                if isinstance(inputs, Symbols):
                    inputs.checked(f"inputs of {name} sequence {k}", count=count)
