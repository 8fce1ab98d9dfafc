"""One convolutional network a row at a time; and its equations, pixel by pixel.

The second is the plain twin that tests hold the convolutions to.
"""

from __future__ import annotations

import numpy as np

from evolino.network.convolutional import ConvLSTM
from evolino.network.convolutional_step import Pictures, filters_of
from evolino.vocabulary import Array


class ConvStepper:
    """A network (C, G) at rest; a row is a pixel, line by line, frame after frame.

    Raises ValueError for external pictures of more than one pixel: of those a network must
    have the whole frame.
    """

    def __init__(self, architecture: ConvLSTM, genome: Array) -> None:
        if architecture.inputs and architecture.pixels > 1:
            raise ValueError(
                "a convolutional network with external pictures takes whole frames, not a "
                "row at a time"
            )
        self._architecture, self._filters = architecture, filters_of(architecture, genome)
        self._pictures = Pictures(architecture, 1)
        self._fed = np.zeros((architecture.outputs, architecture.pixels))
        self._row = -1
        self._features = np.zeros((architecture.pixels, architecture.readout_width))

    def step(self, u: Array) -> None:
        """Take an input vector u (U,): external inputs, then what is fed back."""
        own = self._architecture
        self._row = (self._row + 1) % own.pixels
        fed = u[own.inputs :]
        if own.feedback:
            # The row before has come; of the first row of a frame that is its last pixel.
            self._fed[:, self._row - 1] = fed
        if self._row == 0:
            entering = [np.repeat(u[: own.inputs, None], own.pixels, axis=1)]
            entering += [self._fed] if own.feedback else []
            frame = np.concatenate(entering)[:, None]
            self._pictures.step(self._filters, frame)
            self._features = self._pictures.features(frame)[0]

    def features(self) -> Array:
        """Return (S,): the features at the pixel of the last row."""
        return np.asarray(self._features[self._row])


def run(architecture: ConvLSTM, genome: Array, frames: Array) -> tuple[Array, Array]:
    """Return outputs and states (T, C, H, W) of all channels over frames (T, U, H, W).

    The equations of `evolino.network.convolutional`, one pixel after another.
    """
    own, height, width = architecture, architecture.height, architecture.width
    channels, filters = own.channels, filters_of(own, genome)
    shape = own.layers * channels, height, width
    h, s = np.zeros(shape), np.zeros(shape)
    outputs, states = [], []
    for below in frames:
        new_h = h.copy()
        for layer in range(own.layers):
            rows = own.rows(layer)
            for y in range(height):
                for x in range(width):
                    patch = _around(below, y, x, own.kernel)
                    before = _around(h[rows], y, x, own.kernel)
                    seen = np.concatenate([patch, before, [1.0]])
                    net = (filters.weights[layer] @ seen).reshape(4, channels)
                    peep = filters.peepholes[layer][:, :, y * width + x]
                    new_h[rows, y, x], s[rows, y, x] = _cell(net, peep, s[rows, y, x])
            below = new_h[rows]
        h = new_h
        outputs.append(h)
        states.append(s.copy())
    return np.array(outputs), np.array(states)


def _cell(net: Array, peep: Array, s: Array) -> tuple[Array, Array]:
    i, f = _sigma(net[0] + peep[0] * s), _sigma(net[1] + peep[1] * s)
    s = f * s + i * np.tanh(net[2])
    o = _sigma(net[3] + peep[2] * s)
    return o * np.tanh(s), s


def _around(pictures: Array, y: int, x: int, size: int) -> Array:
    edge = size // 2
    padded = np.pad(pictures, ((0, 0), (edge, edge), (edge, edge)))
    return np.asarray(padded[:, y : y + size, x : x + size].reshape(-1))


def _sigma(x: Array) -> Array:
    return np.asarray(1.0 / (1.0 + np.exp(-x)))
