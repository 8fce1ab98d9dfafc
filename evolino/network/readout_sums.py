"""Apply solved readouts to features: weighted sums, relative ones, kernel expansions."""

from __future__ import annotations

import numpy as np

from evolino.network.kernel_expansion import KernelExpansion, Outputs
from evolino.network.kernels.readouts import expanded
from evolino.network.relative_weights import RelativeWeights
from evolino.vocabulary import Array, IntArray


def sums_of(features: Array, readout: Outputs) -> Array:
    """Return (P, T, K): what readouts sum up of features (P, T, S).

    readout: weights (P, S, K), or P expansions or relative weights.
    """
    if isinstance(readout, np.ndarray):
        return np.asarray(features @ readout)
    pairs = zip(readout, features, strict=True)
    return np.stack([_summed_up(one, own) for one, own in pairs])


def readouts_of(readout: Outputs, which: IntArray) -> Outputs:
    """Return the readouts of some of P networks."""
    if isinstance(readout, np.ndarray):
        return np.asarray(readout[which])
    return [readout[p] for p in which]


def _summed_up(readout: KernelExpansion | RelativeWeights, features: Array) -> Array:
    if isinstance(readout, RelativeWeights):
        return readout.outputs(features)
    return expanded(readout, features)
