"""What this project set out to reach, beside what was measured."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from benchmarks.paired import Spread

Parts = Mapping[str, Any]

AGAINST_NUMPY = {5: 15.0, 10: 12.0, 20: 7.0, 40: 5.5, 100: 8.0}
AGAINST_JAX = 5.0
SEQUENCES = {40: 1.5, 100: 1.8}
AGAINST_LSTSQ = {10: 8.0, 40: 6.0}
RESIDUAL = 1e-14
AGAINST_PYBRAIN = {10: 200.0, 20: 150.0, 40: 60.0}
SHARE = 0.10
TWO_WORKERS = 1.8
HELP, FIRST_GENERATION = 0.3, 2.0


@dataclass(frozen=True, slots=True)
class Target:
    """A figure to reach.

    subject: the part that measures it. what: in words. reach: the figure; least: whether
    more is better. unit: "times", "s" or "". found: what was measured, None if it was not.
    """

    subject: str
    what: str
    reach: float
    found: Spread | None
    least: bool = True
    unit: str = "times"

    @property
    def met(self) -> bool | None:
        """Whether the median reaches it; None if it was not measured."""
        if self.found is None:
            return None
        median = self.found["median"]
        return median >= self.reach if self.least else median <= self.reach


def targets(parts: Parts) -> list[Target]:
    """Return all targets, with what the parts of a record hold of them."""
    return [
        *_forward(parts.get("forward", {})),
        *_readout(parts.get("readout", {})),
        *_evaluation(parts.get("evaluation", {})),
        *_generation(parts.get("generation", {})),
        *_scaling(parts.get("scaling", {})),
        *_start(parts.get("start", {})),
    ]


def row_of(rows: list[Any] | None, cells: int) -> Mapping[str, Any]:
    """Return the row of a number of cells, empty if there is none."""
    return next((row for row in rows or [] if row["cells"] == cells), {})


def _forward(part: Parts) -> Iterator[Target]:
    for peer, name, reach in (
        ("batched NumPy", "NumPy, batched", AGAINST_NUMPY),
        ("JAX", "JAX jit(vmap(scan))", dict.fromkeys(AGAINST_NUMPY, AGAINST_JAX)),
    ):
        for cells, least in reach.items():
            found = row_of(part.get("rows"), cells).get("ratios", {}).get(name)
            yield Target(
                "forward", f"forward pass against {peer}, C = {cells}", least, found
            )
    for cells, least in SEQUENCES.items():
        found = row_of(part.get("sequences"), cells).get("ratios", {}).get("8")
        what = f"8 sequences of one network against single ones, C = {cells}"
        yield Target("forward", what, least, found)


def _readout(part: Parts) -> Iterator[Target]:
    for cells, least in AGAINST_LSTSQ.items():
        found = row_of(part.get("cells"), cells).get("ratios", {}).get("numpy lstsq")
        what = f"readout against numpy lstsq, C = {cells}, T = 1,000"
        yield Target("readout", what, least, found)
    residuals = [row["residuals"]["pseudo-inverse"] for row in part.get("residuals", ())]
    worst = max(residuals, default=None)
    found = None if worst is None else {"median": worst, "lower": worst, "upper": worst}
    what = "largest residual of a readout of condition 1e12"
    yield Target("readout", what, RESIDUAL, found, least=False, unit="")


def _evaluation(part: Parts) -> Iterator[Target]:
    for cells, least in AGAINST_PYBRAIN.items():
        found = row_of(part.get("rows"), cells).get("times_pybrain", {}).get("as PyBrain")
        what = f"whole evaluation against PyBrain 0.3, C = {cells}"
        yield Target("evaluation", what, least, found)


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
        yield Target("scaling", what, TWO_WORKERS, found)


def _start(part: Parts) -> Iterator[Target]:
    for key, what, most in (
        ("help", "evolino --help", HELP),
        ("warm", "from Enter to the first generation, warm cache", FIRST_GENERATION),
    ):
        yield Target("start", what, most, part.get(key), least=False, unit="s")
