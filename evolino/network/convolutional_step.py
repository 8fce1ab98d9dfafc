"""A step of a convolutional network over pictures side by side, and its features."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from evolino.network.convolutional import ConvLSTM
from evolino.network.kernels.cell import (
    GERS_OUTPUT,
    HAS_FORGET_GATE,
    HAS_PEEPHOLES,
    TANH_INPUT,
)
from evolino.network.kernels.cell_gradient import step_forward
from evolino.network.kernels.pictures import Sizes, cut_patches
from evolino.network.lstm import GATES, PEEPHOLE_GATES
from evolino.simd.memory import aligned
from evolino.simd.vectors import WIDTH
from evolino.vocabulary import Array

CELL_FLAGS = HAS_FORGET_GATE | TANH_INPUT | GERS_OUTPUT | HAS_PEEPHOLES


@dataclass(frozen=True, slots=True, eq=False)
class Filters:
    """A genome, taken apart; over layers.

    weights: (4 C, W), for each gate and channel from the patches of what enters (input
    vector, or the layer below), of its own layer's outputs, and the bias. peepholes:
    (3, C, H W).
    """

    weights: tuple[Array, ...]
    peepholes: tuple[Array, ...]


def filters_of(architecture: ConvLSTM, genome: Array) -> Filters:
    """Return the filters of a genome (C, G)."""
    channels, pixels = architecture.channels, architecture.pixels
    groups = np.array([source for source, _ in architecture.gene_groups()])
    weights, peepholes = [], []
    for layer in range(architecture.layers):
        own = genome[architecture.rows(layer)]
        entering = groups == "below" if layer else (groups == "input") | (
            groups == "feedback"
        )  # fmt: skip
        parts = [own[:, entering], own[:, groups == "recurrent"], own[:, groups == "bias"]]
        by_gate = np.concatenate(parts, axis=1).reshape(channels, -1, len(GATES))
        weights.append(np.ascontiguousarray(by_gate.transpose(2, 0, 1)).reshape(
            len(GATES) * channels, -1
        ))  # fmt: skip
        own_peepholes = np.zeros((len(PEEPHOLE_GATES), channels, pixels))
        if architecture.peepholes != "none":
            by_gate = own[:, groups == "peephole"].reshape(channels, 3, -1)
            own_peepholes[...] = by_gate.swapaxes(0, 1)
        peepholes.append(own_peepholes)
    return Filters(tuple(weights), tuple(peepholes))


class Pictures:
    """Outputs and states of all channels of N networks at rest, alike but for what enters.

    outputs, states: (C, N, H W), over the channels of all layers.
    """

    def __init__(self, architecture: ConvLSTM, number: int) -> None:
        self._architecture, self._number = architecture, number
        shape = architecture.genome_shape[0], number, architecture.pixels
        self.outputs, self.states = np.zeros(shape), np.zeros(shape)
        cells = architecture.channels * number * architecture.pixels
        self._vectors = -(-cells // WIDTH)
        self._work = aligned(7 * WIDTH)

    def step(self, filters: Filters, u: Array) -> None:
        """Take a frame: u (U, N, H W)."""
        below = u
        own = self._architecture
        for layer in range(own.layers):
            rows = own.rows(layer)
            before = self.outputs[rows]
            seen = np.concatenate([
                patches(below, own.height, own.width, own.kernel),
                patches(before, own.height, own.width, own.kernel),
                np.ones((1, before[0].size)),
            ])  # fmt: skip
            net = filters.weights[layer] @ seen
            self._advance(rows, net, filters.peepholes[layer])
            below = self.outputs[rows]

    def _advance(self, rows: slice, net: Array, peepholes: Array) -> None:
        """Step the cells of a layer from their net inputs (4 C, N H W)."""
        n, states = self._vectors, self.states[rows]
        peep = np.repeat(peepholes[:, :, None], self._number, axis=2)
        before, after, outputs = (aligned(n * WIDTH) for _ in range(3))
        before[: states.size] = states.reshape(-1)
        step_forward(
            in_vectors(net, len(GATES)), in_vectors(peep, len(PEEPHOLE_GATES)),
            before, after, outputs, self._work, n, CELL_FLAGS,
        )  # fmt: skip
        self.states[rows] = after[: states.size].reshape(states.shape)
        self.outputs[rows] = outputs[: states.size].reshape(states.shape)

    def disturb(self, noise: Array) -> None:
        """Add noise, of the architecture's `state_shape`, to outputs and states."""
        cells = self._architecture.genome_shape[0] * self._architecture.pixels
        shape = len(self.outputs), 1, self._architecture.pixels
        self.outputs += noise[:cells].reshape(shape)
        self.states += noise[cells : 2 * cells].reshape(shape)

    def features(self, u: Array) -> Array:
        """Return (N, H W, S): the features of the readout, after a frame u (U, N, H W)."""
        own, size = self._architecture, self._architecture.readout_kernel
        seen = [self.outputs[own.rows(own.layers - 1)]]
        if own.readout_inputs:
            seen.append(u)
        parts = [patches(each, own.height, own.width, size) for each in seen]
        rows = np.concatenate([*parts, np.ones((1, parts[0].shape[1]))]).T
        return np.ascontiguousarray(rows).reshape(self._number, own.pixels, -1)


def patches(pictures: Array, height: int, width: int, size: int) -> Array:
    """Return (C size^2, N H W): what surrounds every pixel of pictures (C, N, H W), 0
    beyond the border; rows over channels, then lines and columns of the patch."""
    channels, number, pixels = pictures.shape
    flat = np.ascontiguousarray(pictures).reshape(channels, -1)
    if size == 1:
        return flat
    found = np.empty((channels * size * size, number * pixels))
    cut_patches(flat, Sizes(number, height, width, size), found)
    return found


def in_vectors(values: Array, parts: int) -> Array:
    """Return values, so many equal parts, each in whole vectors of its own."""
    by_part = values.reshape(parts, -1)
    n = -(-by_part.shape[1] // WIDTH)
    held = aligned(parts * n * WIDTH).reshape(parts, n * WIDTH)
    held[:, : by_part.shape[1]] = by_part
    return held.reshape(-1)
