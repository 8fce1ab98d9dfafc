"""Validate what callers pass to predict and generate, as segments of series."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from evolino.network.base import Architecture
from evolino.task.series import Segment, Series
from evolino.task.symbols import Symbols
from evolino.vocabulary import Array, as_series, check_count

Inputs = ArrayLike | Symbols | None  # (T, I), or the indices of one-hot inputs


def series_of(
    architecture: Architecture, inputs: Inputs, targets: ArrayLike | None
) -> Series:
    """Return inputs (T, I) and targets (T, K), one of which may be None, as a series.

    Raises ValueError or TypeError, naming the argument, for what does not fit the network.
    """
    if targets is None:
        if inputs is None:
            raise ValueError("predict, states and generate need inputs, targets or both")
        if architecture.feedback:
            raise ValueError(
                "this network has output feedback: pass the true series as targets"
            )
        inputs = _checked(architecture, inputs)
        return Series(inputs, np.zeros((len(inputs), architecture.outputs)))
    targets = as_series("targets", targets, width=architecture.outputs)
    if inputs is None:
        if architecture.inputs:
            raise ValueError(
                f"this network has {architecture.inputs} external inputs: pass inputs"
            )
        return Series(np.zeros((len(targets), 0)), targets)
    inputs = _checked(architecture, inputs)
    if len(inputs) != len(targets):
        raise ValueError(
            f"inputs and targets must have as many steps, got {len(inputs)} and "
            f"{len(targets)}"
        )
    return Series(inputs, targets)


def _checked(architecture: Architecture, inputs: ArrayLike | Symbols) -> Array | Symbols:
    """Return inputs as an array (T, I), or as symbols."""
    if isinstance(inputs, Symbols):
        return inputs.checked("inputs", count=architecture.inputs)
    return as_series("inputs", inputs, width=architecture.inputs)


def all_of(
    architecture: Architecture, inputs: Inputs, targets: ArrayLike | None
) -> Segment:
    """Return every row of a series, for the output at each step."""
    series = series_of(architecture, inputs, targets)
    return Segment(series, 0, series.steps)


def ahead_of(
    architecture: Architecture,
    steps: int,
    prime: ArrayLike | None,
    inputs: Inputs,
) -> Segment:
    """Return so many rows after a prime (T, K), None for no prime, for a free run.

    inputs: (T + steps, I), None for a network without external inputs.
    """
    check_count("steps", steps)
    width = architecture.outputs
    before = (
        np.zeros((0, width)) if prime is None else as_series("prime", prime, width=width)
    )
    ahead = np.concatenate([before, np.zeros((steps, width))])
    series = series_of(architecture, inputs, ahead)
    return Segment(series, len(before), len(before) + steps)


def without_padding(outputs: Array, segments: Sequence[Segment]) -> list[Array]:
    """Return each segment's own rows (stop - start, K) of outputs (N, L, K)."""
    return [
        outputs[k, : segment.stop - segment.start] for k, segment in enumerate(segments)
    ]
