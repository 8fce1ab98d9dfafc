"""Convert between the user's units and the standardised columns of a network."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import ArrayLike

from evolino.models.lockstep import ImprovisedWith, Lockstep, improvise
from evolino.network.base import EXPLODED, Architecture
from evolino.task.scaling import Scaling
from evolino.task.series import Segment
from evolino.vocabulary import Array, as_series


def check_scaling(architecture: Architecture, scaling: Scaling | None) -> None:
    """Raise ValueError unless a scaling has the columns of an architecture."""
    if scaling is None:
        return
    found = len(scaling.input_mean), len(scaling.output_mean)
    expected = architecture.inputs, architecture.outputs
    if found != expected:
        raise ValueError(f"scaling must have {expected} inputs and outputs, got {found}")


def same_scaling(a: Scaling | None, b: Scaling | None) -> bool:
    """Return whether two models' scalings are equal."""
    if a is None or b is None:
        return a is b
    one, other = a.as_state(), b.as_state()
    return all(np.array_equal(one[name], other[name]) for name in one)


def standardised(scaling: Scaling | None, segments: Sequence[Segment]) -> Sequence[Segment]:
    """Return segments in standardised columns."""
    return segments if scaling is None else scaling.segments(segments)


def in_units(
    scaling: Scaling | None, outputs: list[Array], *, free_running: bool
) -> list[Array]:
    """Return a network's outputs (L, K) in the user's units, free runs within bounds."""
    if scaling is None:
        return outputs
    restored = [scaling.restored(each) for each in outputs]
    return [scaling.bounded(each) for each in restored] if free_running else restored


def first_lost(outputs: Array) -> int | None:
    """Return the first step of outputs (L, K) that is not finite, None where all are."""
    lost = ~np.isfinite(outputs).all(axis=1)
    return int(lost.argmax()) if lost.any() else None


def generated(outputs: Array) -> Array:
    """Return a free run's outputs (L, K), with a RuntimeWarning where it was lost."""
    step = first_lost(outputs)
    if step is not None:
        warnings.warn(
            f"the free run is lost at step {step + 1} of {len(outputs)}: an output beyond "
            f"{EXPLODED:.0e} or not a number; its outputs are inf from there on",
            RuntimeWarning,
            stacklevel=3,
        )
    return outputs


def improvise_in_units(
    scaling: Scaling | None,
    networks: Lockstep,
    steps: int,
    prime: ArrayLike,
    choose: Callable[[Array], Array],
    inputs: ImprovisedWith = None,
) -> tuple[Array, Array]:
    """Return `improvise`, all of it in the user's units."""
    if scaling is None:
        return improvise(networks, steps, prime, choose, inputs)
    known = scaling

    def chosen_of(outputs: Array) -> Array:
        return known.outputs(choose(known.restored(outputs)))

    width = networks.architecture.outputs
    shown = known.outputs(as_series("prime", prime, width=width))
    if callable(inputs):
        derived = inputs

        def inputs_of(before: Array) -> Array:
            return np.asarray(known.inputs(derived(known.restored(before))[None])[0])

        inputs = inputs_of
    elif inputs is not None:
        driving = as_series("inputs", inputs, width=networks.architecture.inputs)
        inputs = known.inputs(driving)
    chosen, outputs = improvise(networks, steps, shown, chosen_of, inputs)
    return known.restored(chosen), known.restored(outputs)
