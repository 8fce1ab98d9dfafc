"""Write architectures to model files and read them, tagged with the name of their kind.

An LSTM is written as its fields, without a name; any other architecture is written as its
table with its name, as in config.toml.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, is_dataclass
from typing import Any

from evolino.network import UNNAMED
from evolino.network.base import Architecture
from evolino.registry import files_named, find, from_table, is_loaded, make, to_table


def architecture_to_state(architecture: Architecture) -> dict[str, Any]:
    """Return an architecture as plain values."""
    if is_dataclass(architecture) and type(architecture) is find("network", UNNAMED):
        return asdict(architecture)
    return to_table(architecture)


def architecture_from_state(
    state: Mapping[str, Any], *, trust: bool = False
) -> Architecture:
    """Return the architecture of `architecture_to_state`.

    trust: run a Python file that is named there and was not loaded so far. Raises TypeError
    or ValueError for fields that do not fit, and ValueError for such a file without trust.
    """
    architecture: Architecture
    if "name" not in state:
        architecture = make("network", find("network", UNNAMED), state)
        return architecture
    for name in files_named(state):
        if not (trust or is_loaded(name)):
            raise ValueError(
                f"its network is {name}, and reading a model runs no Python file unless "
                "it is trusted: load(.., trust=True)"
            )
    architecture = from_table("network", state)
    return architecture
