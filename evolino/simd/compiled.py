"""How kernels are compiled, and when their cache on disk is renewed."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numba

SOURCES = ("simd", "solvers", "network/kernels")  # folders that hold compiled code


def compiled(function: Callable[..., None]) -> Any:
    """Return a kernel that runs without the interpreter lock, cached on disk.

    Numba renews its cache when the function's own file changes; here it is renewed when any
    file of the folders that kernels are made of does.
    """
    kernel = numba.njit(nogil=True, cache=True)(function)
    index = getattr(getattr(kernel, "_cache", None), "_cache_file", None)
    if index is not None:  # Numba keeps no cache where it may not write
        index._source_stamp = _digest()
    return kernel


@cache
def _digest() -> str:
    return digest(Path(__file__).parents[1])


def digest(package: Path) -> str:
    """Return the digest of all files of SOURCES in the folder of a package."""
    files = sorted(file for source in SOURCES for file in (package / source).rglob("*.py"))
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()
