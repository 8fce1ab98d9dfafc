"""Targets of the benchmarks, beside what was measured."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from benchmarks.gradient import CELLS, FORWARD, JAX
from benchmarks.paired import Spread, spread
from benchmarks.roofline import evaluation_bound, forward_bound, readout_bound
from benchmarks.step import C_DOUBLE, FILE, OURS

Parts = Mapping[str, Any]

AGAINST_NUMPY = {5: 15.0, 10: 12.0, 20: 7.0, 40: 5.5, 100: 8.0}
AGAINST_JAX = 5.0
GRADIENT_AGAINST_JAX, GRADIENT_OF_FORWARD = 4.0, 4.0
SEQUENCES = {40: 1.5, 100: 1.8}
AGAINST_LSTSQ = {10: 8.0, 40: 6.0}
RESIDUAL = 1e-14
AGAINST_PYBRAIN = {10: 200.0, 20: 150.0, 40: 60.0}
SHARE = 0.10
TWO_WORKERS = 1.8
HELP, FIRST_GENERATION = 0.3, 2.0
PYTHON_STEP, C_STEP = 20.0, 1.0


@dataclass(frozen=True, slots=True)
class Target:
    """A figure to reach.

    subject: the part that measures it. what: in words. reach: the figure; least: whether
    more is better. unit: "times", "s", "us", "share" or "". found: what was measured, None
    if it was not. limit: what the roofline itself would reach, as far as that is known.
    """

    subject: str
    what: str
    reach: float
    found: Spread | None
    least: bool = True
    unit: str = "times"
    limit: float | None = None

    @property
    def met(self) -> bool | None:
        """Whether the median reaches it; None if it was not measured."""
        if self.found is None:
            return None
        median = self.found["median"]
        return median >= self.reach if self.least else median <= self.reach


def targets(parts: Parts) -> list[Target]:
    """Return all targets, with what the parts of a record hold of them."""
    machine = parts.get("roofline")
    return [
        *_forward(parts.get("forward", {}), machine),
        *_sequences(parts.get("forward", {})),
        *_readout(parts.get("readout", {}), machine),
        *_evaluation(parts.get("evaluation", {}), machine),
        *_gradient(parts.get("gradient", {})),
        *_generation(parts.get("generation", {})),
        *_scaling(parts.get("scaling", {})),
        *_step(parts.get("step", {})),
        *_start(parts.get("start", {})),
    ]


def row_of(rows: list[Any] | None, cells: int) -> Mapping[str, Any]:
    """Return the row of a number of cells, empty if there is none."""
    return next((row for row in rows or [] if row["cells"] == cells), {})


def _forward(part: Parts, machine: Parts | None) -> Iterator[Target]:
    for peer, name, reach in (
        ("batched NumPy", "NumPy, batched", AGAINST_NUMPY),
        ("JAX", "JAX jit(vmap(scan))", dict.fromkeys(AGAINST_NUMPY, AGAINST_JAX)),
    ):
        for cells, least in reach.items():
            row, limit = row_of(part.get("rows"), cells), None
            found = row.get("ratios", {}).get(name)
            if found is not None and machine is not None:
                bound, _ = forward_bound(machine, cells, part["inputs"])
                limit = bound / row["rates"][name]["median"]
            what = f"forward pass against {peer}, C = {cells}"
            yield Target("forward", what, least, found, limit=limit)


def _sequences(part: Parts) -> Iterator[Target]:
    for cells, least in SEQUENCES.items():
        found = row_of(part.get("sequences"), cells).get("ratios", {}).get("8")
        what = f"8 sequences of one network against single ones, C = {cells}"
        yield Target("forward", what, least, found)


def _readout(part: Parts, machine: Parts | None) -> Iterator[Target]:
    for cells, least in AGAINST_LSTSQ.items():
        row, limit = row_of(part.get("cells"), cells), None
        found = row.get("ratios", {}).get("numpy lstsq")
        if found is not None and machine is not None:
            bound = readout_bound(machine, part["rows"], cells)
            limit = row["microseconds"]["numpy lstsq"]["median"] / bound
        what = f"readout against numpy lstsq, C = {cells}, T = 1,000"
        yield Target("readout", what, least, found, limit=limit)
    residuals = [row["residuals"]["pseudo-inverse"] for row in part.get("residuals", ())]
    found = spread([max(residuals)]) if residuals else None
    what = "largest residual of a readout of condition 1e12"
    yield Target("readout", what, RESIDUAL, found, least=False, unit="")


def _evaluation(part: Parts, machine: Parts | None) -> Iterator[Target]:
    for cells, least in AGAINST_PYBRAIN.items():
        row, limit = row_of(part.get("rows"), cells), None
        found = row.get("times_pybrain", {}).get("as PyBrain")
        if found is not None and machine is not None:
            pybrain = row_of(part["pybrain"], cells)["rate"]
            split = part["splits"]["as PyBrain"]
            limit = 1 / evaluation_bound(machine, cells, 1, split) / pybrain
        what = f"whole evaluation against PyBrain 0.3, C = {cells}"
        yield Target("evaluation", what, least, found, limit=limit)


def _gradient(part: Parts) -> Iterator[Target]:
    for cells in CELLS:
        found = row_of(part.get("rows"), cells).get("ratios", {})
        what = f"loss and gradient against JAX, C = {cells}"
        yield Target("gradient", what, GRADIENT_AGAINST_JAX, found.get(JAX))
        what = f"loss and gradient in forward passes alone, C = {cells}"
        most = GRADIENT_OF_FORWARD
        yield Target("gradient", what, most, found.get(FORWARD), least=False)


def _generation(part: Parts) -> Iterator[Target]:
    found = {row["search"]: row["share"] for row in part.get("searches", ())}
    for search in ("esp", "genetic", "diagonal-cma-es", "random"):
        what = f"share of ask, tell and record, {search}"
        yield Target(
            "generation", what, SHARE, found.get(search), least=False, unit="share"
        )


def _scaling(part: Parts) -> Iterator[Target]:
    for key, what in (
        ("workers", "two threads against one, P = 200, C = 20, T = 1,000"),
        ("islands", "islands on loky, two workers against one"),
    ):
        found = (part.get(key) or {}).get("gain")
        limit = None if found is None else 2.0
        yield Target("scaling", what, TWO_WORKERS, found, limit=limit)


def _step(part: Parts) -> Iterator[Target]:
    found = part.get("microseconds", {})
    for form, most in ((OURS, PYTHON_STEP), (FILE, PYTHON_STEP), (C_DOUBLE, C_STEP)):
        what = f"one step of one network, {form}"
        yield Target("step", what, most, found.get(form), least=False, unit="us")


def _start(part: Parts) -> Iterator[Target]:
    for key, what, most in (
        ("help", "evolino --help", HELP),
        ("warm", "from Enter to the first generation, warm cache", FIRST_GENERATION),
    ):
        yield Target("start", what, most, part.get(key), least=False, unit="s")
