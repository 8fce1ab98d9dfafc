"""A user's own sequence: learn to continue it, or to map inputs to targets."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
from numpy.random import Generator
from numpy.typing import ArrayLike

from evolino.storage.plain_text import say
from evolino.task.protocol import Predictor, Published
from evolino.task.scaling import Scaling, bounds_of
from evolino.task.series import Segment, Series, Split
from evolino.tasks.error_measures import (
    column_errors_against,
    log_column_errors_gradient,
    root_mean_square,
)
from evolino.tasks.signals.reading import hint_of, names_of, parts_of, read_columns
from evolino.vocabulary import Array, check_count, check_flag, check_number

LONG = 2000  # steps of an array from which on default parts are printed
BOUNDS = 0.1  # free runs go so much beyond the training range, as a share of it


class SeriesTask:
    """A user's own series, cut into washout, train, validation and test: continue it.

    series: (T,) or (T, K), finite; or a DataFrame, or a file that holds them
    (`evolino.storage.tables`). inputs: (T, I) that drive the network at the same steps; or
    a file, or columns of the series' own table, by name or by number from 1. columns: those
    of the table that are the series; default: all that are no inputs. missing: "refuse"
    missing values, or fill them with the "previous" one or "linear" between both sides.
    separator, decimal: of a text file; default: found out.
    washout, train, validation, test: numbers of steps, in this order from the start; those
    not given are shares of the series (`evolino.tasks.signals.reading.parts_of`).
    generates: score free runs (True) or one step ahead (False).
    past_targets_known: whether the targets of the steps before are known when the network
    is used, so that one step ahead they are fed back; default: where there are no inputs.
    bounds: outputs of free runs are cut to the range of the rows that fit the readout,
    wider by this share of it on both sides; "none" leaves them as they are. names: of the
    columns of the series, where a table does not name them.

    The network sees each column standardised by its mean and deviation on the rows of
    train; whatever is given to and by the task and the model is in the series' own units.
    Raises TypeError or ValueError, naming the argument: values that are not finite, a
    wrong shape, a series too short for the parts, a file that can be read in two ways.

    >>> import evolino
    >>> import numpy as np
    >>> task = evolino.SeriesTask(np.sin(0.2 * np.arange(600)), train=300)
    >>> task.sequences(np.random.default_rng(0)).train[0].targets.shape
    (300, 1)
    """

    name: ClassVar[str] = "series"

    def __init__(
        self,
        series: Annotated[
            ArrayLike | Path,
            "file of numbers, a step a row: csv, txt, npy, parquet; or .gz",
        ],
        *,
        inputs: Annotated[
            ArrayLike | Path | None, "columns that drive the network, or another file"
        ] = None,
        columns: Annotated[
            str | int | Sequence[str | int] | None,
            "columns to learn, by name or number from 1; default: all but the inputs",
        ] = None,
        missing: Annotated[
            Literal["refuse", "previous", "linear"],
            "refuse missing values, or fill: previous, linear",
        ] = "refuse",
        separator: Annotated[str | None, "between fields; default: found out"] = None,
        decimal: Annotated[str | None, "point or comma; default: found out"] = None,
        washout: Annotated[
            int | None,
            "first steps, which only drive the network; default: a tenth, to 100",
        ] = None,
        train: Annotated[
            int | None, "steps that fit the readout; default: 60 % after the washout"
        ] = None,
        validation: Annotated[
            int | None, "steps that select networks; default: 20 % after the washout"
        ] = None,
        test: Annotated[int | None, "steps that are reported; default: all left"] = None,
        generates: Annotated[bool, "score free runs, or one step ahead"] = True,
        past_targets_known: Annotated[
            bool | None,
            "whether one step ahead the last targets are fed back; default: without inputs",
        ] = None,
        bounds: Annotated[
            str | float,
            "how far free runs may leave the training range, as a share of it; or none",
        ] = BOUNDS,
        names: Sequence[str] | None = None,
    ) -> None:
        text = {"separator": separator, "decimal": decimal}
        found = read_columns(series, inputs, columns=columns, missing=missing, **text)
        self.series, self._inputs = found.series, found.inputs
        self.names = names_of(names, found.names)
        parts = {"washout": washout, "train": train, "validation": validation, "test": test}
        self.washout, self.train, self.validation, self.test = self._parts(parts)
        check_flag("generates", generates)
        check_flag("past_targets_known", past_targets_known or False)
        known = not self.inputs if past_targets_known is None else past_targets_known
        self.past_targets_known, self.generates = known, generates
        self.bounds = _share(bounds)
        by_default = None in (washout, train, validation) and len(self.series) > LONG
        self._say(found.read, parts=bool(found.read) or by_default)

    def _say(self, read: Sequence[str], *, parts: bool) -> None:
        """Print how a file was read, and which steps serve what."""
        for line in (*read, *([self.described()] if parts else [])):
            say(f"evolino: {line}", sys.stderr)

    def _parts(self, given: Mapping[str, int | None]) -> tuple[int, int, int, int]:
        """Return the parts, default ones filled in; ValueError if they do not fit."""
        steps = len(self.series)
        for name, value in given.items():
            if value is not None:
                check_count(name, value, least=int(name != "washout"))
        washout, train, validation, left = parts_of(steps, **given)
        test = given["test"]
        if left < (test or 1):
            raise ValueError(
                f"series has {steps} steps, too short for washout {washout} + train "
                f"{train} + validation {validation} + test {test or 1}"
                f"{hint_of(self.series)}"
            )
        return washout, train, validation, left if test is None else test

    def described(self) -> str:
        """Return which steps serve what, in a line."""
        parts = f"washout {self.washout:,}, train {self.train:,}, "
        parts += f"validation {self.validation:,}, test {self.test:,}"
        used = self.washout + self.train + self.validation + self.test
        left = len(self.series) - used
        return f"steps: {parts}" + (f"; {left:,} at the end are not used" if left else "")

    @property
    def inputs(self) -> int:
        """I."""
        return int(self._inputs.shape[1])

    @property
    def outputs(self) -> int:
        """K."""
        return int(self.series.shape[1])

    def sequences(self, rng: Generator) -> Split:
        """Return the four parts; nothing is drawn."""
        series = Series(self._inputs, self.series)
        fitted, selected = self._ends
        return Split(
            train=(Segment(series, self.washout, fitted),),
            validation=(Segment(series, fitted, selected),),
            test=(Segment(series, selected, selected + self.test),),
            refit=(Segment(series, self.washout, selected),),
        )

    def scaling(self) -> Scaling:
        """Return mean and deviation of each column on the rows of train, and the bounds."""
        fitted, selected = self._ends
        rows = slice(self.washout, fitted)
        scaling = Scaling.of(self._inputs[rows], self.series[rows])
        if self.bounds is None:
            return scaling
        return scaling.with_bounds(self.series[self.washout : selected], self.bounds)

    def loss(self, outputs: Array, targets: Array) -> Array:
        """Return (P,): the normalised root mean squared error, of several columns the root
        mean square of each one's own.

        A free run that leaves its bounds is scored as cut to them, and the share of its
        steps from there on is added: of networks that all fail the one is best that stays
        within bounds longest.
        """
        return self.loss_against(targets)(outputs)

    def loss_against(self, targets: Array) -> Callable[[Array], Array]:
        """Return the loss against these targets."""
        errors = column_errors_against(targets, self.scaling().output_scale)
        if not self.generates or self.bounds is None:
            return lambda outputs: root_mean_square(errors(outputs))
        rows = self.series[self.washout : self._ends[0]]
        lower, upper = bounds_of(rows, self.bounds, self.scaling().output_scale)
        # A target beyond them can be reached: the right output is never wrong.
        lower = np.minimum(lower, np.nanmin(targets, axis=(0, 1)))
        upper = np.maximum(upper, np.nanmax(targets, axis=(0, 1)))

        def loss(outputs: Array) -> Array:
            known = np.where(np.isnan(outputs), np.inf, outputs)
            cut = np.clip(known, lower, upper)
            left = np.logical_or.accumulate((cut != known).any(axis=3), axis=2)
            share = np.count_nonzero(left, axis=(1, 2)) / left[0].size
            return np.asarray(root_mean_square(errors(cut)) + share)

        return loss

    def loss_gradient(self, outputs: Array, targets: Array) -> tuple[float, Array]:
        """Return the logarithm of the loss of outputs (N, L, K), and its gradient.

        A free run that leaves its bounds is scored as cut to them, and passes nothing on
        there; the share of its steps outside has no gradient, and is left out.
        """
        fallback, cut = self.scaling().output_scale, outputs
        if self.generates and self.bounds is not None:
            rows = self.series[self.washout : self._ends[0]]
            lower, upper = bounds_of(rows, self.bounds, fallback)
            known = np.where(np.isnan(outputs), np.inf, outputs)
            cut = np.clip(known, np.minimum(lower, targets), np.maximum(upper, targets))
        loss, gradient = log_column_errors_gradient(cut, targets, fallback)
        return loss, np.where(cut == outputs, gradient, 0.0)

    def measure(self, model: Predictor, split: Split) -> dict[str, float]:
        """Return test_nrmse, that of each column where there are several, and of a free run
        test_steps_in_bounds: so many steps it stayed within its bounds."""
        outputs = np.stack(model.respond(split.test, free_running=self.generates))
        return self._figures(outputs, split)

    def baselines(self, split: Split) -> dict[str, dict[str, float]]:
        """Return the figures of repeating the last value that was there."""
        (test,) = split.test
        shown = slice(test.start - 1, test.start if self.generates else test.stop - 1)
        repeated = np.broadcast_to(test.series.targets[shown], test.targets.shape)
        return {"repeat the last value": self._figures(repeated[None], split)}

    def _figures(self, outputs: Array, split: Split) -> dict[str, float]:
        """Return the metrics of outputs (1, L, K) on the test."""
        targets = np.stack([segment.targets for segment in split.test])
        scale = self.scaling().output_scale
        errors = column_errors_against(targets, scale)(outputs[None])
        figures = {"test_nrmse": float(root_mean_square(errors)[0])}
        if self.outputs > 1:
            names = [f"test_nrmse_{name}" for name in self.names]
            figures |= dict(zip(names, errors[0].tolist(), strict=True))
        if self.generates:
            share = BOUNDS if self.bounds is None else self.bounds
            fitted = self.series[self.washout : self._ends[1]]
            lower, upper = bounds_of(fitted, share, scale)
            inside = ((outputs > lower) & (outputs < upper)) | (outputs == targets)
            kept = np.logical_and.accumulate(inside.all(axis=2), axis=1)
            figures["test_steps_in_bounds"] = int(kept.sum())
        return figures

    @property
    def _ends(self) -> tuple[int, int]:
        """The row after the last of train, and that after the last of validation."""
        fitted = self.washout + self.train
        return fitted, fitted + self.validation

    def published(self) -> tuple[Published, ...]:
        """Return nothing: the series is the user's own."""
        return ()

    def to_table(self) -> dict[str, Any]:
        """Return the task as numbers, text and lists, enough to make it again."""
        table: dict[str, Any] = {"name": self.name, "series": self.series.tolist()}
        if self.inputs:
            table["inputs"] = self._inputs.tolist()
        table["names"] = list(self.names)
        parts = ("washout", "train", "validation", "test", "generates")
        for part in (*parts, "past_targets_known"):
            table[part] = getattr(self, part)
        table["bounds"] = "none" if self.bounds is None else self.bounds
        return table

    @classmethod
    def from_table(cls, table: dict[str, Any]) -> SeriesTask:
        """Return the task of `to_table`. Raises ValueError if it has no series."""
        series = table.get("series")
        if series is None or (isinstance(series, list | tuple) and not series):
            raise ValueError("series is empty: give a file of numbers with --series")
        parts = {
            key: value for key, value in table.items() if key not in ("name", "series")
        }
        return cls(table["series"], **parts)


def _share(bounds: str | float) -> float | None:
    """Return a share as a number, None for "none". Raises ValueError for others."""
    if isinstance(bounds, str):
        if bounds == "none":
            return None
        try:
            bounds = float(bounds)
        except ValueError:
            raise ValueError(f"bounds must be a number or none, got {bounds!r}") from None
    check_number("bounds", bounds, least=0)
    return float(bounds)
