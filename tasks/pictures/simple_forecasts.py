"""Forecasts of frames without a network: the last frame again; a linear map of a few."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from evolino.vocabulary import Array

PENALTIES = (1e-4, 1e-3, 1e-2, 1e-1, 1.0, 10.0)  # of which validation chooses


def copied(given: Array, ahead: int) -> Array:
    """Return (N, ahead, H W): the last of the given frames (N, T, H W) again."""
    return np.repeat(given[:, -1:], ahead, axis=1)


def linear_forecasts(
    train: Sequence[Array], validation: Array, given: Array, last: int, ahead: int
) -> Array:
    """Return (N, ahead, H W): frames after the given ones (N, T, H W), by one linear map
    from all pixels of the last few frames to the next one, fed back.

    The map is ridge regression on the films (T, H W) of train; films (N, T, H W) of
    validation, continued from as many frames as are given, choose its penalty.
    """
    x = np.concatenate([_windows(film, last) for film in train])
    y = np.concatenate([film[last:] for film in train])
    gram, right = x.T @ x, x.T @ y
    begin = given.shape[1]
    best, lowest = None, np.inf
    for penalty in PENALTIES:
        weights = np.linalg.solve(gram + penalty * np.eye(len(gram)), right)
        found = _continued(
            validation[:, :begin], weights, last, validation.shape[1] - begin
        )
        error = float(np.square(found - validation[:, begin:]).mean())
        if error < lowest or best is None:
            best, lowest = weights, error
    assert best is not None
    return _continued(given, best, last, ahead)


def _windows(film: Array, last: int) -> Array:
    """Return (T - last, last H W + 1): the frames before each frame, and a constant."""
    columns = [film[k : len(film) - last + k] for k in range(last)]
    return np.concatenate([*columns, np.ones((len(film) - last, 1))], axis=1)


def _continued(given: Array, weights: Array, last: int, ahead: int) -> Array:
    frames = list(given.swapaxes(0, 1))
    for _ in range(ahead):
        x = np.concatenate([*frames[-last:], np.ones((len(given), 1))], axis=1)
        frames.append(np.clip(x @ weights, 0.0, 1.0))
    return np.stack(frames[-ahead:], axis=1)
