"""Text of tables: figures, names of metrics, Markdown."""

from __future__ import annotations

import math
from collections.abc import Sequence

ROUNDING = 1e-12  # a share this close to all is all


def figure_text(value: float, digits: int = 2) -> str:
    """Return 0.17, 4.2e-3, 3.9e-13; "failed" for inf, nothing for nan.

    A share of almost all, 0.9995, is not rounded to all; 1 less rounding errors is 1.
    """
    if math.isnan(value):
        return ""
    if math.isinf(value):
        return "failed"
    if 100 <= abs(value) < 10_000:
        return f"{value:,.0f}"
    if 0.9 < value < 1 - ROUNDING:
        digits = max(digits, -math.floor(math.log10(1.0 - value)))
    if value == 0 or 0.01 <= abs(value) < 100:
        return f"{value:.{max(digits, 3) if abs(value) >= 10 else digits}g}"
    mantissa, exponent = f"{value:.{digits - 1}e}".split("e")
    if "." in mantissa:
        mantissa = mantissa.rstrip("0").rstrip(".")
    return f"{mantissa}e{int(exponent)}"


def metric_words(metric: str) -> str:
    """Return a metric's name as words: test_nrmse is test NRMSE."""
    return metric.replace("_", " ").replace("nrmse", "NRMSE")


def markdown_table(lines: Sequence[Sequence[str]], alignment: str) -> str:
    """Return a Markdown table; the first line is its head. alignment: l or r a column."""
    rule = ["---:" if side == "r" else "---" for side in alignment]
    rows = [lines[0], rule, *lines[1:]]
    return "\n".join(
        "| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in rows
    )
