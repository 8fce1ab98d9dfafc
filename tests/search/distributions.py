"""The distributions of our evolution strategies, for tests that need no weight space."""

from evolino.search.cma_es import CMAES, FullCovariance
from evolino.search.diagonal_cma_es import DiagonalCMAES, DiagonalCovariance
from evolino.search.xnes import XNES, Exponential

KINDS = {
    "cma-es": (CMAES, FullCovariance),
    "diagonal-cma-es": (DiagonalCMAES, DiagonalCovariance),
    "xnes": (XNES, Exponential),
}


def distribution(search, size, **settings):
    make, kind = KINDS[search]
    return kind(make(**settings), size)
