"""Passes of a convolutional network over films beside each other, and their gradient.

A pass keeps outputs, states and net inputs of all frames; the patches around the pixels are
gathered again on the way back.
"""

from __future__ import annotations

import numpy as np

from evolino.network.convolutional import ConvLSTM
from evolino.network.convolutional_step import (
    CELL_FLAGS,
    Filters,
    in_vectors,
    patches,
)
from evolino.network.kernels.cell_gradient import step_backward, step_forward
from evolino.network.lstm import GATES, PEEPHOLE_GATES
from evolino.simd.memory import aligned
from evolino.simd.vectors import WIDTH
from evolino.vocabulary import Array


class FilterGradient:
    """The gradient with respect to the filters of a network, gathered over passes."""

    def __init__(self, architecture: ConvLSTM, filters: Filters) -> None:
        self.architecture = architecture
        self.weights = [np.zeros_like(each) for each in filters.weights]
        self.peepholes = [np.zeros_like(each) for each in filters.peepholes]

    def genome(self) -> Array:
        """Return (C, G)."""
        return _genome(self.architecture, self.weights, self.peepholes)


class FilmsPass:
    """N films beside each other, a frame at a time, and the way back.

    begin: outputs and states of every layer, (C, N, H W) each, before the first frame; None
    is at rest. outputs, states: over frames, one more than were taken, then layers.
    """

    def __init__(
        self,
        architecture: ConvLSTM,
        filters: Filters,
        number: int,
        begin: tuple[list[Array], list[Array]] | None = None,
    ) -> None:
        own = self._architecture = architecture
        self._filters, self._number = filters, number
        shape = own.channels, number, own.pixels
        rest = [np.zeros(shape) for _ in range(own.layers)]
        h, s = begin if begin is not None else (rest, rest)
        self.frames: list[Array] = []
        self.outputs, self.states = [h], [s]
        self._net: list[list[Array]] = []
        self._shape, self._cells = shape, own.channels * number * own.pixels
        self._peepholes = [_peepholes(filters, k, number) for k in range(own.layers)]
        self._work = aligned(7 * WIDTH)
        n = -(-self._cells // WIDTH)
        self.to_outputs = [aligned(n * WIDTH) for _ in range(own.layers)]
        self.to_states = [aligned(n * WIDTH) for _ in range(own.layers)]

    def step(self, u: Array) -> None:
        """Take a frame u (U, N, H W)."""
        own, below = self._architecture, u
        outputs, states, nets = [], [], []
        for layer in range(own.layers):
            seen = _seen(own, below, self.outputs[-1][layer])
            net = in_vectors(self._filters.weights[layer] @ seen, len(GATES))
            before = in_vectors(self.states[-1][layer], 1)
            h, s = aligned(len(before)), aligned(len(before))
            step_forward(
                net, self._peepholes[layer], before, s, h, self._work,
                len(before) // WIDTH, CELL_FLAGS,
            )  # fmt: skip
            nets.append(net)
            outputs.append(h[: self._cells].reshape(self._shape))
            states.append(s[: self._cells].reshape(self._shape))
            below = outputs[-1]
        self.frames.append(u)
        self.outputs.append(outputs)
        self.states.append(states)
        self._net.append(nets)

    def back(self, to_top: Array, gradient: FilterGradient) -> Array:
        """Go back over the last frame that was not gone back over; return what it is passed
        (U, N, H W).

        to_top: (C, N, H W), what is passed on to the outputs of the top layer there. Adds
        to a gradient; `to_outputs` and `to_states` become those before the frame.
        """
        own, cells, t = self._architecture, self._cells, len(self._net) - 1
        nets, u = self._net.pop(), self.frames[t]
        self.to_outputs[-1][:cells] += to_top.reshape(-1)
        down = u
        for layer in reversed(range(own.layers)):
            below = self.outputs[t + 1][layer - 1] if layer else u
            before, net = self.outputs[t][layer], nets[layer]
            held = in_vectors(self.states[t][layer], 1)
            dpeep = aligned(3 * len(held))
            step_backward(
                net, self._peepholes[layer],
                (held, in_vectors(self.states[t + 1][layer], 1)),
                self.to_outputs[layer], self.to_states[layer], dpeep,
                len(held) // WIDTH, CELL_FLAGS,
            )  # fmt: skip
            to_net = net.reshape(len(GATES), -1)[:, :cells]
            to_net = to_net.reshape(len(GATES) * own.channels, -1)
            by_pixel = dpeep.reshape(3, -1)[:, :cells].reshape(3, *self._shape)
            gradient.peepholes[layer] += by_pixel.sum(axis=2)
            gradient.weights[layer] += to_net @ _seen(own, below, before).T
            back = self._filters.weights[layer].T @ to_net
            split = len(below) * own.kernel**2
            passed = gathered(own, back[split:-1], own.kernel)
            self.to_outputs[layer][:cells] = passed.reshape(-1)
            down = gathered(own, back[:split], own.kernel)
            if layer:
                self.to_outputs[layer - 1][:cells] += down.reshape(-1)
        return down


def _seen(own: ConvLSTM, below: Array, before: Array) -> Array:
    """Return all that drives a layer: patches of what is below and before, and 1."""
    return np.concatenate([
        patches(below, own.height, own.width, own.kernel),
        patches(before, own.height, own.width, own.kernel),
        np.ones((1, before[0].size)),
    ])  # fmt: skip


def gathered(own: ConvLSTM, rows: Array, size: int) -> Array:
    """Return (C, N, H W): the sum of what patches of a size pass on to each pixel, the way
    back of `patches`. rows: (C size^2, N H W)."""
    edge, height, width = size // 2, own.height, own.width
    by_place = rows.reshape(-1, size, size, rows.shape[1] // own.pixels, height, width)
    channels, _, _, number = by_place.shape[:4]
    padded = np.zeros((channels, number, height + 2 * edge, width + 2 * edge))
    for y in range(size):
        for x in range(size):
            padded[:, :, y : y + height, x : x + width] += by_place[:, y, x]
    inside = padded[:, :, edge : edge + height, edge : edge + width]
    return np.ascontiguousarray(inside).reshape(channels, number, -1)


def _peepholes(filters: Filters, layer: int, number: int) -> Array:
    repeated = np.repeat(filters.peepholes[layer][:, :, None], number, axis=2)
    return in_vectors(repeated, len(PEEPHOLE_GATES))


def _genome(own: ConvLSTM, to_weights: list[Array], to_peepholes: list[Array]) -> Array:
    """Return (C, G) of filters, as `filters_of` takes them apart."""
    genome = np.zeros(own.genome_shape)
    groups = np.array([source for source, _ in own.gene_groups()])
    for layer in range(own.layers):
        rows = np.arange(own.rows(layer).start, own.rows(layer).stop)[:, None]
        by_gate = to_weights[layer].reshape(len(GATES), own.channels, -1)
        parts = by_gate.transpose(1, 2, 0)
        entering = groups == "below" if layer else np.isin(groups, ("input", "feedback"))
        first = np.count_nonzero(entering) // len(GATES)
        for source, part in (
            (entering, parts[:, :first]),
            (groups == "recurrent", parts[:, first:-1]),
            (groups == "bias", parts[:, -1:]),
        ):
            genome[rows, np.flatnonzero(source)] = part.reshape(own.channels, -1)
        if own.peepholes != "none":
            found = to_peepholes[layer].swapaxes(0, 1)
            if own.peepholes == "channel":
                found = found.sum(axis=2, keepdims=True)
            places = np.flatnonzero(groups == "peephole")
            genome[rows, places] = found.reshape(own.channels, -1)
    return genome
