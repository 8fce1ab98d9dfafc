"""Support vector readouts with kernels, as Evoke has them: scikit-learn's SVC and SVR.

Outputs are expansions in kernels around the support vectors
(`evolino.network.kernel_expansion`), found in the dual by LIBSVM. With C the capacity,
minimised is

    |w|^2 / 2 + C sum_t share(t) max(0, 1 - y(t) f(t))                  classification
    |w|^2 / 2 + C sum_t max(0, |y(t) - f(t)| - epsilon)                 regression

f(t) = w phi(x(t)) + b in the space that the kernel spans, for every output by itself; the
bias b is not penalised. One fit takes from milliseconds to minutes, so it is for small
data, or for the best networks of a generation only (`evolino.readout.best_only`).

Source: Schmidhuber, Gagliolo, Wierstra & Gomez 2005, IDSIA-19-05: a Gaussian kernel of
standard deviation 2.0 and capacity 100.0 for context-sensitive languages (recalled). That
columns are scaled to root mean square 1 first is a choice made here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from evolino.network.kernel_expansion import Kernel, KernelExpansion
from evolino.readout.checks import check_rows
from evolino.readout.class_targets import balanced_shares, levels_of
from evolino.readout.kernel_matrices import (
    Fit,
    check_kernel,
    check_memory,
    expansions,
    pairs,
)
from evolino.vocabulary import Array, check_number

EXACT = 1e-4  # how far outputs may violate the conditions of a minimum


@dataclass(frozen=True, slots=True)
class KernelSVM:
    """A classifier of the largest margin in the space of a kernel, for two-level targets.

    Outputs, levels and columns of one class as for `SVM`; no constant is needed.

    capacity: C. width: standard deviation of the Gaussian, in units of the scaled columns.
        Either may be several, of which the best on validation data is taken: the pairs,
        capacity by capacity for each width.
    kernel: "gaussian" or "linear". balanced: both classes weigh the same.
    unnormalised: columns are taken as they are, not scaled to root mean square 1.
    memory: gigabytes that the matrix of kernels between all rows may take.

    Raises TypeError or ValueError, naming the field, for one out of its range.

    >>> import evolino
    >>> import numpy as np
    >>> states = np.random.default_rng(0).normal(size=(1, 50, 2))
    >>> targets = np.sign(states[0] @ [[1.0], [-2.0]])
    >>> ((expansion,),) = evolino.KernelSVM().solve(states, targets)
    >>> expansion.shape  # (S, K)
    (2, 1)
    """

    name: ClassVar[str] = "kernel-svm"

    capacity: float | tuple[float, ...] = 100.0
    width: float | tuple[float, ...] = 2.0
    kernel: Kernel = "gaussian"
    balanced: bool = False
    unnormalised: bool = False
    memory: float = 2.0

    def __post_init__(self) -> None:
        """Check every field."""
        check_kernel(self)

    @property
    def penalties(self) -> tuple[float, ...]:
        """1 / (2 C) of the pairs of width and capacity to choose from."""
        return tuple(0.5 / capacity for _, capacity in pairs(self))

    def check(self, targets: Array) -> None:
        """Raise ValueError for targets (T, K) not of two levels, or of too many rows."""
        levels_of(targets)
        check_memory(self, len(targets))

    def solve(self, states: Array, targets: Array) -> list[list[KernelExpansion]]:
        """Return (L, P) expansions for L pairs, states (P, T, S) and targets (T, K).

        Raises ValueError if T differs, and as `check`.
        """
        check_rows(states, targets)
        self.check(targets)
        from sklearn.svm import SVC

        levels = levels_of(targets)
        signs = levels.signs(targets)
        shares = balanced_shares(signs) if self.balanced else np.ones_like(signs)

        def fit(kernels: Array, capacity: float, k: int) -> Fit:
            y = signs[:, k]
            if len(set(y)) == 1:
                return np.zeros(0, np.int64), np.zeros(0), float(targets[0, k])
            machine = SVC(C=capacity, kernel="precomputed", tol=EXACT)
            machine.fit(kernels, y, sample_weight=np.ascontiguousarray(shares[:, k]))
            coefficients = machine.dual_coef_[0] * levels.half
            intercept = levels.middle + float(machine.intercept_[0]) * levels.half
            return machine.support_, coefficients, intercept

        return expansions(self, states, targets.shape[1], fit)


@dataclass(frozen=True, slots=True)
class KernelSVR:
    """Regression in the space of a kernel that counts errors beyond epsilon only.

    Fields as of `KernelSVM`; epsilon: an error that costs nothing, in the targets' units.

    Raises TypeError or ValueError, naming the field, for one out of its range.

    >>> import evolino
    >>> import numpy as np
    >>> states = np.random.default_rng(0).normal(size=(1, 50, 2))
    >>> targets = states[0] @ [[1.0], [-2.0]]
    >>> ((expansion,),) = evolino.KernelSVR().solve(states, targets)
    >>> expansion.shape  # (S, K)
    (2, 1)
    """

    name: ClassVar[str] = "kernel-svr"

    capacity: float | tuple[float, ...] = 100.0
    width: float | tuple[float, ...] = 2.0
    kernel: Kernel = "gaussian"
    epsilon: float = 1e-3
    unnormalised: bool = False
    memory: float = 2.0

    def __post_init__(self) -> None:
        """Check every field."""
        check_kernel(self)
        check_number("epsilon", self.epsilon, least=0)

    @property
    def penalties(self) -> tuple[float, ...]:
        """1 / (2 C) of the pairs of width and capacity to choose from."""
        return tuple(0.5 / capacity for _, capacity in pairs(self))

    def check(self, targets: Array) -> None:
        """Raise ValueError for targets (T, K) of too many rows."""
        check_memory(self, len(targets))

    def solve(self, states: Array, targets: Array) -> list[list[KernelExpansion]]:
        """Return (L, P) expansions for L pairs, states (P, T, S) and targets (T, K).

        Raises ValueError if T differs, and as `check`.
        """
        check_rows(states, targets)
        self.check(targets)
        from sklearn.svm import SVR

        def fit(kernels: Array, capacity: float, k: int) -> Fit:
            exact = min(EXACT, self.epsilon / 10) if self.epsilon else EXACT
            machine = SVR(C=capacity, kernel="precomputed", epsilon=self.epsilon, tol=exact)
            machine.fit(kernels, targets[:, k])
            return machine.support_, machine.dual_coef_[0], float(machine.intercept_[0])

        return expansions(self, states, targets.shape[1], fit)
