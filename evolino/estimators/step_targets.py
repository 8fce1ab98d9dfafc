"""The task that estimators train networks on: a target at each step, or free runs of it.

Its loss has a gradient, so that networks can be refined by descent. What is descended on
are segments of one length, which `equal_parts` cuts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.random import Generator

from evolino.task.protocol import Predictor, Published
from evolino.task.scaling import Scaling
from evolino.task.series import Segment, Split
from evolino.vocabulary import Array

CAP = 5.0  # deviations, to which the error of a step of a free run is cut
PARTS = 8  # parts of the validation, at least


@dataclass(frozen=True, slots=True, eq=False)
class StepTargets:
    """Targets at each step. split: its segments. columns: their scaling. generates: whether
    networks run freely over the segments of validation."""

    split: Split
    columns: Scaling
    generates: bool = False

    @property
    def inputs(self) -> int:
        """I."""
        return len(self.columns.input_mean)

    @property
    def outputs(self) -> int:
        """K."""
        return len(self.columns.output_mean)

    def sequences(self, rng: Generator) -> Split:
        """Return the segments; nothing is drawn."""
        del rng
        return self.split

    def scaling(self) -> Scaling:
        """Return mean and scale of each column."""
        return self.columns

    def loss(self, outputs: Array, targets: Array) -> Array:
        """Return the root mean squared error of standardised columns, (P,). Errors of free
        runs are cut at `CAP`."""
        errors = (outputs - targets) / self.columns.output_scale
        if self.generates:
            errors = np.clip(np.where(np.isnan(outputs), CAP, errors), -CAP, CAP)
        return np.asarray(np.sqrt(np.nanmean(np.square(errors), axis=(1, 2, 3))))

    def loss_gradient(self, outputs: Array, targets: Array) -> tuple[float, Array]:
        """Return the logarithm of the loss of outputs (N, L, K), and its gradient. A step
        whose error is cut passes nothing on."""
        scale = self.columns.output_scale
        errors = (outputs - targets) / scale
        free = np.ones(errors.shape, np.bool_)
        if self.generates:
            free = np.abs(errors) < CAP
            errors = np.clip(np.where(np.isnan(outputs), CAP, errors), -CAP, CAP)
        square = float(np.square(errors).mean())
        with np.errstate(divide="ignore", invalid="ignore"):
            slope = errors / (square * errors.size) / scale
            return 0.5 * float(np.log(square)), np.where(free, slope, 0.0)

    def measure(self, model: Predictor, split: Split) -> dict[str, float]:
        """Return nothing: the estimators measure."""
        del model, split
        return {}

    def baselines(self, split: Split) -> dict[str, dict[str, float]]:
        """Return nothing."""
        del split
        return {}

    def published(self) -> tuple[Published, ...]:
        """Return nothing."""
        return ()


def equal_parts(segments: Sequence[Segment]) -> tuple[Segment, ...]:
    """Return segments cut into parts of one length, at least `PARTS` of them where there
    are as many rows; the first rows that fill no part are left out."""
    total = sum(each.stop - each.start for each in segments)
    shortest = min(each.stop - each.start for each in segments)
    length = max(1, min(shortest, total // PARTS))
    return tuple(
        Segment(each.series, start, start + length)
        for each in segments
        for start in range(
            each.start + (each.stop - each.start) % length, each.stop, length
        )
    )
