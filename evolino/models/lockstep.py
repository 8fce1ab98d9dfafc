"""Drive networks in lockstep, each step fed the mean of their readouts' sums.

For improvising, where what is fed back is drawn by chance from the outputs, and for free
runs of ensembles.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import ArrayLike

from evolino.network.base import EXPLODED, Architecture, input_vectors
from evolino.network.kernel_expansion import Output
from evolino.task.series import Segment
from evolino.vocabulary import Array, as_series, check_count

# External inputs of improvised steps: known, or a function from all rows before a step.
ImprovisedWith = ArrayLike | Callable[[Array], Array] | None


class Lockstep:
    """Networks of one architecture at rest. networks: genome (C, G) and readout of each."""

    def __init__(
        self, architecture: Architecture, networks: Sequence[tuple[Array, Output]]
    ) -> None:
        self.architecture = architecture
        driver = architecture.driver()
        self._networks = [(driver.stepper(genome), output) for genome, output in networks]

    def step(self, u: Array) -> None:
        """Give all of them an input vector u (U,)."""
        for network, _ in self._networks:
            network.step(u)

    def outputs(self) -> Array:
        """Return (K,)."""
        each = [
            sums_of_features(network.features(), output)
            for network, output in self._networks
        ]
        return self.architecture.outputs_of(np.mean(each, axis=0))


def improvise(
    networks: Lockstep,
    steps: int,
    prime: ArrayLike,
    choose: Callable[[Array], Array],
    inputs: ImprovisedWith = None,
) -> tuple[Array, Array]:
    """Return what was chosen, and the outputs that it was chosen from: (steps, K) each.

    prime: (T, K), fed back first. choose: outputs (K,) -> what is fed back next (K,).
    inputs: (T + steps, I), or a function from all rows before a step (t, K) to its inputs
    (I,); None for networks without. Raises ValueError for inputs that do not fit, and for
    networks without feedback.
    """
    architecture = networks.architecture
    if not architecture.feedback:
        raise ValueError("only a network with output feedback improvises")
    check_count("steps", steps, least=0)
    prime = as_series("prime", prime, width=architecture.outputs)
    given = _external(architecture, inputs, len(prime) + steps)
    scale, begun = architecture.feedback_scale, len(prime)
    rows = np.concatenate([prime, np.zeros((steps, architecture.outputs))])
    outputs = np.zeros((steps, architecture.outputs))
    previous = np.zeros(architecture.outputs)
    for t in range(len(rows)):
        networks.step(np.concatenate([given(rows[:t]), scale * previous]))
        if t >= begun:
            outputs[t - begun] = networks.outputs()
            rows[t] = choose(outputs[t - begun])
        previous = rows[t]
    return rows[begun:], outputs


def _external(
    architecture: Architecture, inputs: ImprovisedWith, steps: int
) -> Callable[[Array], Array]:
    """Return what gives the inputs (I,) after rows (t, K); ValueError for others."""
    if callable(inputs):
        return _checked(inputs, architecture.inputs)
    known = _known(architecture, inputs, steps)
    return lambda before: known[len(before)]


def _checked(inputs: Callable[[Array], Array], width: int) -> Callable[[Array], Array]:
    """Return a function whose results are (I,); ValueError for others."""

    def given(before: Array) -> Array:
        found = np.asarray(inputs(before), dtype=np.float64)
        if found.shape != (width,):
            raise ValueError(
                f"inputs must give {width} numbers a step for this network, got "
                f"{found.shape}"
            )
        return found

    return given


def _known(architecture: Architecture, inputs: ArrayLike | None, steps: int) -> Array:
    """Return inputs as (steps, I); ValueError for others."""
    if inputs is None:
        if architecture.inputs:
            raise ValueError(
                f"this network has {architecture.inputs} external inputs: pass inputs"
            )
        return np.zeros((steps, 0))
    rows = as_series("inputs", inputs, width=architecture.inputs)
    if len(rows) != steps:
        raise ValueError(f"inputs must have {steps} steps, got {len(rows)}")
    return rows


def free_run(networks: Lockstep, segment: Segment) -> Array:
    """Return (stop - start, K): a free run after the rows before a segment.

    One that is lost, at an output that is not finite or beyond EXPLODED, is inf from there
    on and fed 0, as by `FreeRuns`. Raises ValueError for outputs that cannot be fed back.
    """
    architecture = networks.architecture
    architecture.check_free_run()
    series, start = segment.series, segment.start
    vectors = input_vectors(
        architecture,
        np.nan_to_num(series.input_rows(0, segment.stop)),
        series.fed_back[: segment.stop],
    )
    outputs, alive = np.zeros((segment.stop - start, architecture.outputs)), True
    previous = series.fed_back[start - 1] if start else np.zeros(architecture.outputs)
    with np.errstate(over="ignore", invalid="ignore"):  # some runs diverge
        for t, u in enumerate(vectors):
            if t >= start and architecture.feedback:
                u[architecture.inputs :] = architecture.fed_back(previous)
            networks.step(u)
            if t >= start:
                given = networks.outputs()
                alive = alive and bool((np.abs(given) <= EXPLODED).all())
                outputs[t - start] = given if alive else np.inf
                previous = given if alive else np.zeros(architecture.outputs)
    return outputs


def sums_of_features(features: Array, output: Output) -> Array:
    """Return (K,): what a readout sums up of the features at a step (S,)."""
    if not isinstance(output, np.ndarray):
        return np.asarray(output.outputs(features[None])[0])
    return np.asarray(features @ output)
