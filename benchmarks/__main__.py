"""`python -m benchmarks`: measure, keep the record, write the page."""

from __future__ import annotations

import argparse
import importlib
import sys
import time
from pathlib import Path
from typing import Any

from benchmarks import record as records
from benchmarks.page import render
from benchmarks.paired import QUICK, Effort

SUBJECTS = (
    "roofline", "forward", "large", "symbols", "readout", "evaluation", "gradient",
    "searches",
    "generation", "scaling", "step", "acting", "start",
)  # fmt: skip
RECORD, PAGE = Path("results/benchmarks.json"), Path("docs/performance.md")


def main() -> int:
    """Measure what is asked for, or write the page of what was; return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--only", help=f"subjects between commas: {','.join(SUBJECTS)}")
    parser.add_argument(
        "--quick", action="store_true", help="smallest sizes, no peers: does it work?"
    )
    parser.add_argument(
        "--out",
        type=Path,
        help="write the record to this JSON file; with --only, renew these subjects in it",
    )
    parser.add_argument(
        "--page",
        nargs="?",
        type=Path,
        const=PAGE,
        help=f"measure nothing: write the page of the record in --out ({RECORD})",
    )
    given = parser.parse_args()
    chosen = SUBJECTS if given.only is None else tuple(given.only.split(","))
    for subject in chosen:
        if subject not in SUBJECTS:
            parser.error(f"no subject {subject!r}; valid: {', '.join(SUBJECTS)}")
    if given.page is not None:
        found = records.read(given.out or RECORD)
        given.page.write_text(render(found), encoding="utf-8")
        return 0
    record = _measured(chosen, QUICK if given.quick else Effort())
    if given.out is None:
        print(render(record))
        return 0
    if given.only is not None and given.out.exists():
        record["parts"] = {**records.read(given.out)["parts"], **record["parts"]}
    records.write(given.out, record)
    return 0


def _measured(subjects: tuple[str, ...], effort: Effort) -> dict[str, Any]:
    """Return a record with these parts; say on stderr how far it is."""
    record = records.begin(quick=effort.quick)
    for subject in subjects:
        began = time.perf_counter()
        module = importlib.import_module(f"benchmarks.{subject}")
        record["parts"][subject] = module.measure(effort)
        print(f"{subject:<12}{time.perf_counter() - began:6.1f} s", file=sys.stderr)
    return record


if __name__ == "__main__":
    sys.exit(main())
