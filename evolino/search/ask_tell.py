"""The order of ask and tell, checked: every search holds one of these."""

from __future__ import annotations

import numpy as np

from evolino.vocabulary import Array


class AskTell:
    """Keeps the genomes of an ask until their losses come by tell."""

    def __init__(self) -> None:
        self._genomes: Array | None = None

    def ask(self, genomes: Array) -> Array:
        """Note genomes (P, C, G) and return them; a second ask replaces the first."""
        self._genomes = genomes
        return genomes

    def tell(self, losses: Array) -> tuple[Array, Array]:
        """Return the genomes of the last ask and their losses (P,).

        Raises RuntimeError before an ask, ValueError for another length or a NaN.
        """
        if self._genomes is None:
            raise RuntimeError("tell came before ask")
        genomes, losses = self._genomes, np.asarray(losses, dtype=np.float64)
        if losses.shape != (len(genomes),):
            raise ValueError(
                f"losses must have shape ({len(genomes)},), got {losses.shape}"
            )
        if np.isnan(losses).any():
            raise ValueError("losses must not be NaN; a failed network has loss inf")
        self._genomes = None
        return genomes, losses
