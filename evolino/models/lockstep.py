"""Networks a step at a time, all hearing the same: the mean of their readouts' sums.

For improvising, where what is heard next is drawn by chance from the outputs, and for free
runs of several networks, which hear what they make together.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import ArrayLike

from evolino.network.kernel_expansion import KernelExpansion, Output
from evolino.network.kernels.dispatch import check_fed_back, input_vectors
from evolino.network.lstm import LSTM
from evolino.network.stepper import Stepper
from evolino.task.series import Segment
from evolino.vocabulary import Array, as_series, check_count


class Together:
    """Networks of one architecture at rest. networks: genome (C, G) and output of each."""

    def __init__(
        self, architecture: LSTM, networks: Sequence[tuple[Array, Output]]
    ) -> None:
        self.architecture = architecture
        self._networks = [
            (Stepper(architecture, genome), output) for genome, output in networks
        ]

    def step(self, u: Array) -> None:
        """Give all of them an input vector u (U,)."""
        for network, _ in self._networks:
            network.step(u)

    def outputs(self) -> Array:
        """Return (K,)."""
        each = [_sums(network.seen(), output) for network, output in self._networks]
        return self.architecture.outputs_of(np.mean(each, axis=0))


def improvised(
    networks: Together, steps: int, prime: ArrayLike, choose: Callable[[Array], Array]
) -> tuple[Array, Array]:
    """Return what was chosen, and the outputs that it was chosen from: (steps, K) each.

    prime: (T, K), heard first. choose: outputs (K,) -> what is heard next (K,). Raises
    ValueError for networks with external inputs or without feedback.
    """
    architecture = networks.architecture
    if architecture.inputs or not architecture.feedback:
        raise ValueError(
            "only a network without external inputs that hears its outputs improvises"
        )
    check_count("steps", steps, least=0)
    prime = as_series("prime", prime, width=architecture.outputs)
    scale = architecture.feedback_scale
    heard = np.zeros(architecture.outputs)
    for row in prime:
        networks.step(scale * heard)
        heard = row
    chosen = np.zeros((steps, architecture.outputs))
    outputs = np.zeros_like(chosen)
    for t in range(steps):
        networks.step(scale * heard)
        outputs[t] = networks.outputs()
        heard = chosen[t] = choose(outputs[t])
    return chosen, outputs


def left_alone(networks: Together, segment: Segment) -> Array:
    """Return (stop - start, K): a free run after the rows before a segment.

    Raises ValueError for outputs that are probabilities.
    """
    architecture = networks.architecture
    check_fed_back(architecture)
    series, start = segment.series, segment.start
    vectors = input_vectors(
        architecture,
        np.nan_to_num(series.inputs[: segment.stop]),
        series.fed_back[: segment.stop],
    )
    outputs = np.zeros((segment.stop - start, architecture.outputs))
    heard = series.fed_back[start - 1] if start else np.zeros(architecture.outputs)
    with np.errstate(over="ignore", invalid="ignore"):  # some runs diverge
        for t, u in enumerate(vectors):
            if t >= start and architecture.feedback:
                u[architecture.inputs :] = architecture.fed_back(heard)
            networks.step(u)
            if t >= start:
                heard = outputs[t - start] = networks.outputs()
    return outputs


def _sums(seen: Array, output: Output) -> Array:
    """Return (K,) of what a readout sees at a step (S,)."""
    if isinstance(output, KernelExpansion):
        return np.asarray(output.outputs(seen[None])[0])
    return np.asarray(seen @ output)
