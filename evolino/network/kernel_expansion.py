"""Outputs that are sums of kernels around support vectors, in plain NumPy.

    y_k = intercept_k + sum_i coefficient_ik K(x / scales, v_i)

    K(x, v) = exp(-|x - v|^2 / (2 width^2))    "gaussian"
    K(x, v) = x v                              "linear"

with x the features of a network. Source: Schmidhuber, Gagliolo, Wierstra & Gomez
2005, IDSIA-19-05, y = w_0 + sum_i w_i K(phi(t), phi_i) (recalled).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, Literal, get_args

import numpy as np

from evolino.network.relative_weights import RelativeWeights
from evolino.vocabulary import Array, check_number, contiguous

Kernel = Literal["gaussian", "linear"]
KERNELS = get_args(Kernel)


@dataclass(frozen=True, slots=True, eq=False)
class KernelExpansion:
    """What maps S features to K outputs, by V support vectors.

    kernel: "gaussian" or "linear". width: standard deviation of the Gaussian. supports:
    (V, S), columns divided by scales (S,). coefficients: (V, K), 0 where a vector supports
    another output only. intercepts: (K,).

    Raises ValueError for shapes that do not fit.
    """

    kernel: Kernel
    width: float
    supports: Array
    coefficients: Array
    intercepts: Array
    scales: Array

    def __post_init__(self) -> None:
        """Check the kernel and the shapes."""
        if self.kernel not in KERNELS:
            raise ValueError(
                f"kernel must be one of {', '.join(KERNELS)}, got {self.kernel!r}"
            )
        check_number("width", self.width, above=0)
        for each in self._arrays:
            if not isinstance(each, np.ndarray) or each.dtype != np.float64:
                raise TypeError("an expansion must be made of arrays of float64")
        count, shapes = len(self.supports), [each.shape for each in self._arrays]
        expected = [(count, *self.scales.shape), (count, *self.intercepts.shape)]
        if shapes[:2] != expected or self.scales.ndim != 1 or self.intercepts.ndim != 1:
            raise ValueError(
                "supports (V, S), coefficients (V, K), intercepts (K,) and scales (S,) do "
                f"not fit: {', '.join(map(str, shapes))}"
            )
        for name in ("supports", "coefficients", "intercepts", "scales"):
            object.__setattr__(self, name, contiguous(getattr(self, name)))

    @property
    def shape(self) -> tuple[int, int]:
        """(S, K), as output weights would have it."""
        return len(self.scales), len(self.intercepts)

    @property
    def _arrays(self) -> tuple[Array, Array, Array, Array]:
        return self.supports, self.coefficients, self.intercepts, self.scales

    def outputs(self, features: Array) -> Array:
        """Return (T, K) for features (T, S).

        Slow and simple on purpose: the twin that tests hold the kernels to.
        """
        scaled = features / self.scales
        if self.kernel == "linear":
            kernels = scaled @ self.supports.T
        else:
            apart = scaled[:, None] - self.supports
            kernels = np.exp(np.square(apart).sum(axis=2) / (-2 * self.width**2))
        return np.asarray(self.intercepts + kernels @ self.coefficients)

    def as_state(self) -> dict[str, Any]:
        """Return the fields by name."""
        return {field.name: getattr(self, field.name) for field in fields(self)}

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> KernelExpansion:
        """Return the expansion of `as_state`. Raises TypeError for other fields."""
        return cls(**state)


# What maps S features to K outputs: weights (S, K), or an expansion.
Output = Array | KernelExpansion | RelativeWeights
# The same for P networks: weights (P, S, K), or an expansion for each.
Outputs = Array | Sequence[KernelExpansion | RelativeWeights]
