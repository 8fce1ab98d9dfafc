"""Features and readout sums of a network, and their gradients."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from evolino.network.features import columns_of
from evolino.network.lstm import LSTM
from evolino.vocabulary import Array


def readout_parts(architecture: LSTM, readout: Array) -> list[Array]:
    """Return the rows of a readout (S, K) for outputs, states, inputs, squares of outputs
    and of inputs, and the constant, as views; empty where the readout has no such columns.
    """
    return [readout[columns] for columns in _columns(architecture)]


@lru_cache(maxsize=8)  # a gradient of few cells needs them as often as it takes time
def _columns(architecture: LSTM) -> tuple[slice, ...]:
    plain = [columns_of(architecture, each) for each in ("outputs", "states", "inputs")]
    squares = [
        columns_of(architecture, each, squared=True) for each in ("outputs", "inputs")
    ]
    return (*plain, *squares, columns_of(architecture, "constant"))


def read_out(parts: list[Array], seen: tuple[Array, Array, Array], sums: Array) -> None:
    """Write the sums (K, N) of a readout, in parts, of outputs, states (C, N), u (U, N)."""
    h, s, u = seen
    of_h, of_s, of_u, of_hh, of_uu, constant = parts
    np.matmul(of_h.T, h, out=sums)
    if len(of_s):
        sums += of_s.T @ s
    if len(of_u):
        sums += of_u.T @ u
    if len(of_hh):
        sums += of_hh.T @ np.square(h) + of_uu.T @ np.square(u)
    if len(constant):
        sums += constant.T


def read_out_backward(
    parts: list[Array],
    seen: tuple[Array, Array, Array],
    to_sums: Array,
    to: tuple[Array, Array, list[Array]],
) -> Array:
    """Add what sums (K, N) pass on to outputs and states (C, N) and the readout.

    to: these three; the readout's in parts. Returns what is passed on to u (U, N).
    """
    (h, s, u), (to_h, to_s, to_parts) = seen, to
    of_h, of_s, of_u, of_hh, of_uu, constant = parts
    back = to_sums.T
    to_h += of_h @ to_sums
    to_parts[0] += h @ back
    to_u = np.zeros(u.shape)
    if len(of_s):
        to_s += of_s @ to_sums
        to_parts[1] += s @ back
    if len(of_u):
        to_u += of_u @ to_sums
        to_parts[2] += u @ back
    if len(of_hh):
        to_h += 2.0 * h * (of_hh @ to_sums)
        to_u += 2.0 * u * (of_uu @ to_sums)
        to_parts[3] += np.square(h) @ back
        to_parts[4] += np.square(u) @ back
    if len(constant):
        to_parts[5] += back.sum(axis=0)
    return to_u


def features_of(
    architecture: LSTM, h: Array, s: Array, u: Array, out: Array | None = None
) -> Array:
    """Return the features (T, S) of outputs, states (T, C) and input vectors (T, U).

    out: where they are written.
    """
    parts = [h]
    if architecture.readout_states:
        parts.append(s)
    if architecture.readout_inputs:
        parts.append(u)
    if architecture.readout_squares:
        parts += [h * h, u * u]
    if architecture.readout_constant:
        parts.append(np.ones((len(h), 1)))
    return np.concatenate(parts, axis=1, out=out)


def features_backward(
    architecture: LSTM, to_features: Array, h: Array
) -> tuple[Array, Array]:
    """Return what the gradient of features (T, S) gives outputs and states (T, C)."""
    to_h, to_s, _, to_hh, _, _ = readout_parts(architecture, to_features.T)
    whole = to_h.T + 2.0 * h * to_hh.T if len(to_hh) else to_h.T
    return whole, to_s.T if len(to_s) else np.zeros_like(h)
