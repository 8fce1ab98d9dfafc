"""Groups of genes by name, such as bias or recurrent.forget: which a descent moves."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, get_args

import numpy as np

from evolino.network.base import Architecture
from evolino.network.lstm import GATES
from evolino.vocabulary import BoolArray

SOURCES = ("bias", "input", "feedback", "below", "recurrent", "peephole")
Scales = Literal["none", "group", "cell"]


def check_genes(names: Sequence[str]) -> tuple[str, ...]:
    """Return names of groups of genes: a source, or a source and a gate, bias.forget.

    Raises TypeError for one text in place of a list, ValueError for names of no group.
    """
    if isinstance(names, str):
        raise TypeError(f"genes must be a list of names, got {names!r}")
    for name in names:
        source, dot, gate = str(name).partition(".")
        if source not in SOURCES or (dot and gate not in GATES):
            raise ValueError(
                f"genes must be of {', '.join(SOURCES)}, or of one gate, "
                f"{', '.join(GATES)}, such as bias.forget; got {name!r}"
            )
    return tuple(names)


def check_scales(scales: str) -> None:
    """Raise ValueError for what is none of the ways to move genes."""
    if scales not in get_args(Scales):
        raise ValueError(
            f"scales must be one of {', '.join(get_args(Scales))}, got {scales!r}"
        )


def check_genes_of(architecture: Architecture, names: Sequence[str]) -> None:
    """Raise ValueError for a group of genes that a network does not have."""
    there = architecture.gene_groups()
    for name in names:
        if not any(_is_of(name, *group) for group in there):
            groups = dict.fromkeys(f"{source}.{gate}" for source, gate in there)
            raise ValueError(
                f"the network has no genes {name!r}; it has {', '.join(groups)}"
            )


def movable_genes(architecture: Architecture, names: Sequence[str]) -> BoolArray:
    """Return (C, G): whether a gene is of one of the groups; no name is every group."""
    of_gene = [
        not names or any(_is_of(name, *group) for name in names)
        for group in architecture.gene_groups()
    ]
    return np.broadcast_to(np.array(of_gene), architecture.genome_shape).copy()


def _is_of(name: str, source: str, gate: str) -> bool:
    return name in (source, f"{source}.{gate}")
