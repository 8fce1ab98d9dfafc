"""Networks that act in environments stepped from Python, all episodes a step together."""

from __future__ import annotations

import numpy as np

from evolino.environments.base import Episodes, Outcomes
from evolino.environments.stepped import SteppedEnvironment, play_together
from evolino.network.lstm import LSTM
from evolino.network.reference import advance
from evolino.network.weights import unpack
from evolino.vocabulary import Array


def play_stepped(
    architecture: LSTM,
    genomes: Array,
    output_weights: Array,
    environment: SteppedEnvironment,
    episodes: Episodes,
) -> Outcomes:
    """Return what networks (P, C, G) with output weights (P, C, K) come to, (P, N)."""
    networks = Together(architecture, genomes, output_weights, episodes.number)
    return play_together(environment, episodes, len(genomes), networks.act)


class Together:
    """P networks, N instances of each, from rest; one set of NumPy operations is a step of
    all."""

    def __init__(
        self, architecture: LSTM, genomes: Array, output_weights: Array, number: int
    ) -> None:
        count, cells = len(genomes), architecture.cells
        self._architecture, self._shape = architecture, (count, number, cells)
        self._weights = unpack(architecture, genomes)
        self._sources = architecture.recurrent_sources()
        self._output_weights = output_weights
        peepholes = np.repeat(self._weights.peepholes[:, None], number, axis=1)
        self._peepholes = peepholes.reshape(-1, 3)
        self._h = np.zeros(self._shape)
        self._s = np.zeros(count * number * cells)

    def act(self, seen: Array) -> Array:
        """Return the outputs (P N, K) for observations (P N, I)."""
        count, number, _ = self._shape
        weights, u = self._weights, seen.reshape(count, number, -1)
        net = weights.bias[:, None] + np.einsum("pcug,pnu->pncg", weights.inputs, u)
        full = self._architecture.full_peepholes
        driving = self._s.reshape(self._shape) if full else self._h
        before = driving[:, :, self._sources]
        net = net + np.einsum("pcrg,pncr->pncg", weights.recurrent, before)
        h, self._s, _ = advance(
            self._architecture, net.reshape(-1, 4), self._peepholes, self._s
        )
        self._h = h.reshape(self._shape)
        outputs = np.einsum("pck,pnc->pnk", self._output_weights, self._h)
        return np.asarray(outputs.reshape(count * number, -1))
