"""Kernel matrices between rows, and kernel expansions from the fits on them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Protocol

import numpy as np

from evolino.network.kernel_expansion import KERNELS, Kernel, KernelExpansion
from evolino.readout.checks import check_several, several
from evolino.vocabulary import Array, IntArray, check_number

GIGABYTE = 1e9

Fit = tuple[IntArray, Array, float]  # support rows, their coefficients, the intercept
Fitter = Callable[[Array, float, int], Fit]  # of kernels (T, T), a capacity, an output


class Settings(Protocol):
    """The fields that the readouts with kernels have in common."""

    @property
    def capacity(self) -> float | tuple[float, ...]:
        """C, one or several."""
        ...

    @property
    def width(self) -> float | tuple[float, ...]:
        """Standard deviation of the Gaussian, one or several."""
        ...

    @property
    def kernel(self) -> Kernel:
        """One of KERNELS."""
        ...

    @property
    def unnormalised(self) -> bool:
        """Whether columns are taken as they are."""
        ...

    @property
    def memory(self) -> float:
        """Gigabytes that matrices of kernels may take."""
        ...


def check_kernel(settings: Settings) -> None:
    """Raise ValueError, naming the field, for one that is out of range."""
    check_several("capacity", settings.capacity)
    check_several("width", settings.width)
    check_number("memory", settings.memory, above=0)
    if settings.kernel not in KERNELS:
        raise ValueError(
            f"kernel must be one of {', '.join(KERNELS)}, got {settings.kernel!r}"
        )


def check_memory(settings: Settings, rows: int) -> None:
    """Raise ValueError, naming the size needed, for too large a matrix of kernels."""
    # The distances are kept until the last width is done, which then takes their place.
    matrices = 2 if len(_widths(settings)) > 1 else 1
    needed = matrices * 8 * rows**2 / GIGABYTE
    if needed > settings.memory:
        raise ValueError(
            f"kernels between {rows} rows need {needed:.3g} GB, memory is "
            f"{settings.memory:g} GB: take fewer rows, or a linear readout such as svm"
        )


def pairs(settings: Settings) -> list[tuple[float, float]]:
    """Return (width, capacity) of each solution, capacity by capacity for each width."""
    capacities = several(settings.capacity)
    return [(width, each) for width in _widths(settings) for each in capacities]


def expansions(
    settings: Settings, states: Array, outputs: int, fit: Fitter
) -> list[list[KernelExpansion]]:
    """Return L solutions of P expansions for states (P, T, S) and K outputs."""
    made = [_of_network(settings, own, outputs, fit) for own in states]
    return [list(solution) for solution in zip(*made, strict=True)]


def _of_network(
    settings: Settings, states: Array, outputs: int, fit: Fitter
) -> list[KernelExpansion]:
    """Return L expansions for states (T, S); of NaN if those are not finite."""
    choices, features = pairs(settings), states.shape[1]
    if not np.isfinite(states).all():
        empty = (np.zeros((0, features)), np.zeros((0, outputs)))
        nothing = (*empty, np.full(outputs, np.nan))
        return [
            KernelExpansion(settings.kernel, width, *nothing, np.ones(features))
            for width, _ in choices
        ]
    scales = np.ones(features)
    if not settings.unnormalised:
        scales = np.sqrt(np.square(states).mean(axis=0))
        scales[scales == 0] = 1.0
    scaled = states / scales
    made = []
    for width, kernels in _matrices(settings, scaled):
        for capacity in several(settings.capacity):
            fits = [fit(kernels, capacity, k) for k in range(outputs)]
            parts = _joined(fits, scaled)
            if settings.kernel == "linear":
                parts = _one_vector_an_output(*parts)
            made.append(KernelExpansion(settings.kernel, width, *parts, scales))
    return made


def _matrices(settings: Settings, scaled: Array) -> Iterator[tuple[float, Array]]:
    """Yield each width with the kernels (T, T) between the rows of scaled (T, S)."""
    widths = _widths(settings)
    if settings.kernel == "linear":
        yield widths[0], scaled @ scaled.T
        return
    from scipy.spatial.distance import cdist

    squares = cdist(scaled, scaled, "sqeuclidean")
    for k, width in enumerate(widths):
        kernels = squares if k == len(widths) - 1 else np.empty_like(squares)
        np.multiply(squares, -0.5 / width**2, out=kernels)
        yield width, np.exp(kernels, out=kernels)


def _joined(fits: list[Fit], scaled: Array) -> tuple[Array, Array, Array]:
    """Return supports (V, S), coefficients (V, K), intercepts (K,) of fits on scaled."""
    rows = np.unique(np.concatenate([support for support, _, _ in fits]))
    coefficients = np.zeros((len(rows), len(fits)))
    for k, (support, own, _) in enumerate(fits):
        coefficients[np.searchsorted(rows, support), k] = own
    return scaled[rows], coefficients, np.array([intercept for _, _, intercept in fits])


def _one_vector_an_output(
    supports: Array, coefficients: Array, intercepts: Array
) -> tuple[Array, Array, Array]:
    """Return the same expansion in linear kernels, summed up."""
    return coefficients.T @ supports, np.eye(len(intercepts)), intercepts


def _widths(settings: Settings) -> tuple[float, ...]:
    """Return the widths to choose from; a linear kernel has none, so that one stands in."""
    widths = several(settings.width)
    return widths[:1] if settings.kernel == "linear" else widths
