"""Apply solved readouts to features: weighted sums, or kernel expansions."""

from __future__ import annotations

import numpy as np

from evolino.network.kernel_expansion import Outputs
from evolino.network.kernels.readouts import expanded
from evolino.vocabulary import Array, IntArray


def sums_of(features: Array, readout: Outputs) -> Array:
    """Return (P, T, K): what readouts sum up of features (P, T, S).

    readout: weights (P, S, K), or P expansions.
    """
    if isinstance(readout, np.ndarray):
        return np.asarray(features @ readout)
    pairs = zip(readout, features, strict=True)
    return np.stack([expanded(expansion, own) for expansion, own in pairs])


def readouts_of(readout: Outputs, which: IntArray) -> Outputs:
    """Return the readouts of some of P networks."""
    if isinstance(readout, np.ndarray):
        return np.asarray(readout[which])
    return [readout[p] for p in which]
