"""Passes of a convolutional network over films beside each other, and their gradient.

A pass keeps outputs, states and net inputs of all frames; the patches around the pixels are
gathered again on the way back.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from evolino.network.convolutional import ConvLSTM
from evolino.network.convolutional_step import CELL_FLAGS, Filters
from evolino.network.kernels.cell_gradient import step_backward, step_forward
from evolino.network.kernels.pictures import Sizes, add_patches, cut_patches
from evolino.network.lstm import GATES, PEEPHOLE_GATES
from evolino.simd.memory import aligned, width_of
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

    begin: outputs and states of every layer, (C, M) each, before the first frame; None is
    at rest. outputs, states: over frames, one more than were taken, then layers. dtype: of
    what is computed, float64 or float32. M: columns, the pixels of film after film in whole
    vectors; what fills up the last one is passed nothing on.
    """

    def __init__(
        self,
        architecture: ConvLSTM,
        filters: Filters,
        number: int,
        begin: tuple[list[Array], list[Array]] | None = None,
        dtype: Any = np.float64,
    ) -> None:
        own = self._architecture = architecture
        self.dtype, self.number = np.dtype(dtype), number
        width = width_of(dtype)
        self.pixels = number * own.pixels
        self.columns = -(-self.pixels // width) * width
        self._vectors = own.channels * self.columns // width
        self._sizes = Sizes(number, own.height, own.width, own.kernel)
        self._weights = [each.astype(dtype) for each in filters.weights]
        self._peepholes = [self._repeated(each) for each in filters.peepholes]
        self._work = aligned(7 * width, dtype)
        self._seen = [self.zeros(each.shape[1]) for each in filters.weights]
        rest = [self.zeros(own.channels) for _ in range(own.layers)]
        h, s = begin if begin is not None else (rest, rest)
        self.frames: list[Array] = []
        self.outputs, self.states = [h], [s]
        self._net: list[list[Array]] = []
        self._branches: dict[int, FilmsPass] = {}
        self.to_outputs = [self.zeros(own.channels) for _ in range(own.layers)]
        self.to_states = [self.zeros(own.channels) for _ in range(own.layers)]
        gates = len(PEEPHOLE_GATES) * own.channels
        self._to_peepholes = [self.zeros(gates) for _ in range(own.layers)]

    def laid_out(self, frames: Array) -> Array:
        """Return frames (T, K, N, H W) as the pass has them: (T, K, M)."""
        first, second = frames.shape[:2]
        found = self.zeros(first * second).reshape(first, second, -1)
        found[..., : self.pixels] = frames.reshape(first, second, -1)
        return found

    def continued_by(self, later: FilmsPass, t: int) -> None:
        """Add what a pass that began before frame t got there, on the way back."""
        self._branches[t] = later

    def step(self, u: Array) -> None:
        """Take a frame u (U, M)."""
        below = u
        outputs, states, nets = [], [], []
        for layer, weights in enumerate(self._weights):
            seen = self._see(layer, below, self.outputs[-1][layer])
            net = self.zeros(len(weights))
            np.matmul(weights, seen, out=net)
            before = self.states[-1][layer]
            h, s = self.zeros(len(before)), self.zeros(len(before))
            step_forward(
                net.reshape(-1), self._peepholes[layer], before.reshape(-1),
                s.reshape(-1), h.reshape(-1), self._work, self._vectors, CELL_FLAGS,
            )  # fmt: skip
            nets.append(net)
            outputs.append(h)
            states.append(s)
            below = h
        self.frames.append(u)
        self.outputs.append(outputs)
        self.states.append(states)
        self._net.append(nets)

    def back(self, to_top: Array, gradient: FilterGradient) -> Array:
        """Go back over the last frame that was not gone back over; return what it is passed
        (U, M).

        to_top: (C, M), what is passed on to the outputs of the top layer there. Adds to a
        gradient; `to_outputs` and `to_states` become those before the frame.
        """
        t, nets = len(self._net) - 1, self._net.pop()
        if t + 1 in self._branches:
            later = self._branches.pop(t + 1)
            for layer in range(len(nets)):
                self.to_outputs[layer] += later.to_outputs[layer]
                self.to_states[layer] += later.to_states[layer]
        self.to_outputs[-1] += to_top
        u = down = self.frames[t]
        for layer in reversed(range(len(nets))):
            below = self.outputs[t + 1][layer - 1] if layer else u
            net, before = nets[layer], self.states[t][layer]
            after, to = self.states[t + 1][layer], self.to_outputs[layer]
            step_backward(
                net.reshape(-1), self._peepholes[layer],
                (before.reshape(-1), after.reshape(-1)), to.reshape(-1),
                self.to_states[layer].reshape(-1), self._to_peepholes[layer].reshape(-1),
                self._vectors, CELL_FLAGS,
            )  # fmt: skip
            seen = self._see(layer, below, self.outputs[t][layer])
            gradient.weights[layer] += net @ seen.T
            np.matmul(self._weights[layer].T, net, out=seen)
            split = len(below) * self._sizes.kernel**2
            to[...] = 0.0
            add_patches(seen[split:-1], self._sizes, to)
            down = self.zeros(len(below))
            add_patches(seen[:split], self._sizes, down)
            if layer:
                self.to_outputs[layer - 1] += down
        if t == 0:
            self._give_peepholes(gradient)
        return down

    def _see(self, layer: int, below: Array, before: Array) -> Array:
        """Return all that drives a layer: patches of what is below and before, and 1."""
        seen, area = self._seen[layer], self._sizes.kernel**2
        split = len(below) * area
        cut_patches(below, self._sizes, seen[:split])
        cut_patches(before, self._sizes, seen[split:-1])
        seen[-1] = 1.0
        return seen

    def _give_peepholes(self, gradient: FilterGradient) -> None:
        shape = len(PEEPHOLE_GATES), self._architecture.channels, self.number, -1
        for layer, found in enumerate(self._to_peepholes):
            gradient.peepholes[layer] += (
                found[:, : self.pixels].reshape(shape).sum(axis=2, dtype=np.float64)
            )

    def zeros(self, rows: int) -> Array:
        """Return (rows, M) zeros."""
        return aligned(rows * self.columns, self.dtype).reshape(rows, self.columns)

    def _repeated(self, peepholes: Array) -> Array:
        """Return peepholes (3, C, H W) of every film, in vectors."""
        found = self.zeros(peepholes.shape[0] * peepholes.shape[1])
        each = np.repeat(peepholes[:, :, None], self.number, axis=2)
        found[:, : self.pixels] = each.reshape(len(found), -1)
        return found.reshape(-1)


class FilmFeatures:
    """The features of the readout over a pass, and the way back."""

    def __init__(self, architecture: ConvLSTM, passed: FilmsPass) -> None:
        own = self._architecture = architecture
        self._passed = passed
        size = own.readout_kernel
        self._sizes = Sizes(passed.number, own.height, own.width, size)
        self._split = own.channels * size**2
        self._rows = passed.zeros(own.readout_width)

    def after(self, t: int) -> Array:
        """Return (S, M), after frame t; overwritten by the next call."""
        rows, split = self._rows, self._split
        cut_patches(self._passed.outputs[t + 1][-1], self._sizes, rows[:split])
        if self._architecture.readout_inputs:
            cut_patches(self._passed.frames[t], self._sizes, rows[split:-1])
        rows[-1, : self._passed.pixels] = 1.0
        return rows

    def back(self, to_rows: Array) -> tuple[Array, Array]:
        """Return what features (S, M) pass on to the outputs of the top layer (C, M) and to
        what entered (U, M). Overwrites them."""
        own = self._architecture
        to_top, to_u = self._passed.zeros(own.channels), self._passed.zeros(own.input_width)
        add_patches(to_rows[: self._split], self._sizes, to_top)
        if own.readout_inputs:
            add_patches(to_rows[self._split : -1], self._sizes, to_u)
        return to_top, to_u


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
