"""Figures and tables in Markdown."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence


def in_unit(value: float, unit: str) -> str:
    """Return a value with its unit; a share in per cent."""
    if unit == "share":
        return f"{100 * value:.1f} %"
    return f"{figure(value)} {unit}".strip()


def in_unit_spread(found: Mapping[str, float], unit: str) -> str:
    """Return a spread with its unit; a share in per cent."""
    if unit == "share":
        found, unit = {key: 100 * value for key, value in found.items()}, "%"
    return f"{spread(found)} {unit}".strip()


def spread(found: Mapping[str, float], unit: str = "") -> str:
    """Return a median with its quartiles: 4.5x [4.3, 4.8]."""
    quartiles = f"[{figure(found['lower'])}, {figure(found['upper'])}]"
    return f"{figure(found['median'])}{unit} {quartiles}"


def figure(value: float) -> str:
    """Return three figures: 0.0123, 4.5, 1,230, 2.1e-15."""
    if value == 0 or not math.isfinite(value):
        return f"{value:g}"
    if not 1e-3 <= abs(value) < 1e6:
        mantissa, exponent = f"{value:.1e}".split("e")
        return f"{mantissa.removesuffix('.0')}e{int(exponent)}"
    decimals = max(0, 2 - math.floor(math.log10(abs(value))))
    text = f"{value:,.{decimals}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def table(lines: Sequence[Sequence[str]], alignment: str) -> str:
    """Return a Markdown table; the first line is its head. alignment: l or r a column."""
    rule = ["---:" if side == "r" else "---" for side in alignment]
    rows = [lines[0], rule, *lines[1:]]
    cells = [[cell.replace("|", "\\|") for cell in row] for row in rows]
    return "\n".join("| " + " | ".join(row) + " |" for row in cells)
