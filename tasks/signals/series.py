"""A user's own sequence: learn to continue it, or to map inputs to targets."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, ClassVar

import numpy as np
from numpy.random import Generator
from numpy.typing import ArrayLike

from evolino.task.protocol import Predictor, Published
from evolino.task.series import Segment, Series, Split
from evolino.tasks.measures import nrmse, nrmse_against
from evolino.vocabulary import Array, as_series, check_count


class SeriesTask:
    """Generation of a user's own array, cut into washout, train, validation and test.

    series: (T,) or (T, K), finite. inputs: (T, I) that drive the network at the same steps.
    washout, train, validation, test: numbers of steps, in this order from the start; test
    None is all that is left. generates: score free runs (True) or one step ahead (False).

    Raises TypeError or ValueError, naming the argument: values that are not finite, a
    wrong shape, a series too short for the parts.
    """

    name: ClassVar[str] = "series"

    def __init__(
        self,
        series: ArrayLike,
        *,
        inputs: ArrayLike | None = None,
        washout: Annotated[int, "first steps, which only drive the network"] = 100,
        train: Annotated[int, "steps that fit the readout"] = 200,
        validation: Annotated[int, "steps that select networks"] = 100,
        test: Annotated[int | None, "steps that are reported; default: all left"] = None,
        generates: Annotated[bool, "score free runs, or one step ahead"] = True,
    ) -> None:
        self.series = as_series("series", series)
        steps = len(self.series)
        self._inputs = (
            np.zeros((steps, 0)) if inputs is None else as_series("inputs", inputs)
        )
        if len(self._inputs) != steps:
            raise ValueError(
                f"inputs must have {steps} steps like series, got {len(self._inputs)}"
            )
        check_count("washout", washout, least=0)
        for name, value in (("train", train), ("validation", validation)):
            check_count(name, value)
        left = steps - washout - train - validation
        if test is not None:
            check_count("test", test)
        if left < (test or 1):
            raise ValueError(
                f"series has {steps} steps, too short for washout {washout} + train "
                f"{train} + validation {validation} + test {test or 1}"
            )
        self.washout, self.train, self.validation = washout, train, validation
        self.test = left if test is None else test
        self.generates = generates

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
        fitted = self.washout + self.train
        selected = fitted + self.validation
        return Split(
            train=(Segment(series, self.washout, fitted),),
            validation=(Segment(series, fitted, selected),),
            test=(Segment(series, selected, selected + self.test),),
            refit=(Segment(series, self.washout, selected),),
        )

    def loss(self, outputs: Array, targets: Array) -> Array:
        """Return (P,): the normalised root mean squared error."""
        return nrmse(outputs, targets)

    def loss_against(self, targets: Array) -> Callable[[Array], Array]:
        """Return the loss against these targets."""
        return nrmse_against(targets)

    def measure(self, model: Predictor, split: Split) -> dict[str, float]:
        """Return test_nrmse."""
        outputs = np.stack(model.respond(split.test, free_running=self.generates))
        targets = np.stack([segment.targets for segment in split.test])
        return {"test_nrmse": float(nrmse(outputs[None], targets)[0])}

    def baselines(self, split: Split) -> dict[str, dict[str, float]]:
        """Return test_nrmse of repeating the last value heard."""
        (test,) = split.test
        shown = slice(test.start - 1, test.start if self.generates else test.stop - 1)
        repeated = np.broadcast_to(test.series.targets[shown], test.targets.shape)
        figure = float(nrmse(repeated[None, None], test.targets[None])[0])
        return {"repeat the last value": {"test_nrmse": figure}}

    def published(self) -> tuple[Published, ...]:
        """Return nothing: the series is the user's own."""
        return ()

    def to_table(self) -> dict[str, Any]:
        """Return the task as numbers, text and lists, enough to make it again."""
        table: dict[str, Any] = {"name": self.name, "series": self.series.tolist()}
        if self.inputs:
            table["inputs"] = self._inputs.tolist()
        for part in ("washout", "train", "validation", "test", "generates"):
            table[part] = getattr(self, part)
        return table

    @classmethod
    def from_table(cls, table: dict[str, Any]) -> SeriesTask:
        """Return the task of `to_table`. Raises ValueError if it has no series."""
        if not table.get("series"):
            raise ValueError("series is empty: give a file of numbers with --series")
        parts = {
            key: value for key, value in table.items() if key not in ("name", "series")
        }
        return cls(table["series"], **parts)
