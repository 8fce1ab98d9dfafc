"""A certificate in words, and as a table of plain values."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import numpy as np

from evolino.certificates.certificate import Certificate
from evolino.task.counted import Phase

NAMES = ("n", "m", "k")  # of a language's numbers


def sentences(certificate: Certificate) -> list[str]:
    """Return what was found out, one sentence a line."""
    accepts = f"accepts every {_numbers(certificate)} up to {certificate.accepts_to:,}"
    real = (
        f"in exact arithmetic up to {certificate.accepts_to_real:,} at least"
        if certificate.accepts_to_real
        else "in exact arithmetic no string is proven"
    )
    if certificate.verdict == "proved" and certificate.rounding_ends_it:
        return [f"proved: {accepts}, where float64 stops counting exactly enough", real]
    if certificate.rejects is not None:
        string = " ".join(
            f"{name} = {value:,}"
            for name, value in zip(NAMES, certificate.rejects, strict=False)
        )
        if certificate.first:
            lines = [f"fails at {string}, which was run; {accepts}"]
        else:
            lines = [f"fails at {string}, which was run", f"proved: {accepts}"]
    elif certificate.verdict == "proved":
        lines = [f"proved: {accepts}", real]
    else:
        lines = [f"cannot tell for longer strings; {accepts}, by running them"]
    if certificate.reason:
        lines.append(f"no proof for longer strings: {certificate.reason}")
    return lines


def phase_names(phases: Sequence[Phase], symbols: Sequence[str]) -> list[str]:
    """Return what each phase is: its symbol, and which may come next; of a cycle in turn,
    as in "a, then a (2 rows) / a or b".

    symbols: of the outputs; the inputs are a start symbol S and all of them but the last.
    Others get numbers.
    """
    if not len(symbols) == phases[0].cycle.shape[1] == len(phases[0].inputs):
        return [f"phase {k}" for k in range(1, len(phases) + 1)]
    names = ("S", *symbols[:-1])
    return [
        f"{names[int(np.argmax(phase.inputs))]}, then {_successors(phase, symbols)}"
        for phase in phases
    ]


def _successors(phase: Phase, symbols: Sequence[str]) -> str:
    """Return which symbols may come next, for each row of a cycle."""
    each = [
        " or ".join(symbols[k] for k in np.flatnonzero(row > 0).tolist())
        for row in phase.cycle
    ]
    runs = [(name, len(list(rows))) for name, rows in itertools.groupby(each)]
    return " / ".join(name if n == 1 else f"{name} ({n} rows)" for name, n in runs)


def rows_in_words(phase: Phase) -> str:
    """Return how many rows a phase has, as in "2n - 1"."""
    terms = [
        f"{'' if factor == 1 else factor}{name}"
        for factor, name in zip(phase.factors, NAMES, strict=False)
        if factor
    ]
    words = " + ".join(terms)
    if not words:
        return str(phase.constant)
    if phase.constant:
        words += f" {'+' if phase.constant > 0 else '-'} {abs(phase.constant)}"
    return words


def as_table(certificate: Certificate, names: Sequence[str]) -> dict[str, Any]:
    """Return a certificate as plain values. names: of the phases."""
    table = asdict(certificate)
    table["margins"] = [
        {"phase": names[each.phase], "part": each.part, "margin": each.margin}
        for each in certificate.margins
    ]
    rejects = certificate.rejects
    table["rejects"] = None if rejects is None else list(rejects)
    return {"verdict": certificate.verdict, **table}


def _numbers(certificate: Certificate) -> str:
    return " and ".join(NAMES[: certificate.parameters])
