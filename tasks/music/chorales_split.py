"""Which chorales train, validate and test: the melody split, and that by number."""

from __future__ import annotations

from importlib import resources
from typing import Literal

SplitBy = Literal["melody", "number (leaky)"]
MELODY: SplitBy = "melody"
LEAKY: SplitBy = "number (leaky)"


def parts_by_number(split: str) -> dict[int, str]:
    """Return which part each chorale is in, by Riemenschneider's number."""
    file = resources.files("evolino.tasks.music") / "material" / "chorales_split.txt"
    parts: dict[int, str] = {}
    part = ""
    for line in file.read_text(encoding="utf-8").splitlines():
        if line.startswith("["):
            part = line.strip("[]")
        elif line and not line.startswith("#"):
            parts.update(dict.fromkeys(map(int, line.split()), part))
    if split == MELODY:
        return parts
    return {n: ("train", "train", "train", "validation", "test")[n % 5] for n in parts}
