"""How kernels are compiled, and when their cache on disk is renewed."""

from __future__ import annotations

import atexit
import hashlib
import os
import shutil
import tempfile
import warnings
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numba

from evolino.storage.cache import VARIABLE, cache_folder

SOURCES = (
    "simd",
    "solvers",
    "environments",
    "network/kernels",
)  # folders that hold compiled code


def compiled(function: Callable[..., None]) -> Any:
    """Return a kernel that runs without the interpreter lock, cached on disk.

    Numba renews its cache when the function's own file changes; here it is renewed when any
    file of the folders that kernels are made of does.
    """
    kernel = cached(function, nogil=True)
    index = getattr(getattr(kernel, "_cache", None), "_cache_file", None)
    if index is not None:  # Numba keeps no cache where it may not write
        index._source_stamp = _digest()
    return kernel


def cached(function: Callable[..., Any], **options: Any) -> Any:
    """Return a compiled function, cached where Numba can write, else in the user's cache
    folder, else in a temporary one of this program and those that it starts.

    options: of `numba.njit`. Where no folder can be written, that is warned of.
    """
    try:
        return numba.njit(cache=True, **options)(function)
    except RuntimeError:  # neither beside the source nor in a home
        folder = _own_folder()
    if folder is None:
        return numba.njit(**options)(function)
    config: Any = numba.config
    before = config.CACHE_DIR
    config.CACHE_DIR = folder
    try:
        return numba.njit(cache=True, **options)(function)
    except RuntimeError:
        return numba.njit(**options)(function)
    finally:
        config.CACHE_DIR = before


@cache
def _own_folder() -> str | None:
    """Return a folder for compiled kernels, private to the user; None if there is none."""
    try:
        place = cache_folder() / "kernels"
        place.mkdir(mode=0o700, parents=True, exist_ok=True)
        if os.access(place, os.W_OK | os.X_OK):
            return str(place)
    except OSError:
        pass
    try:
        temporary = tempfile.mkdtemp(prefix="evolino-")
    except OSError:
        warnings.warn(
            "evolino compiles its kernels anew in every process: no folder can be written "
            f"for them; {VARIABLE} can name one",
            RuntimeWarning,
            stacklevel=2,
        )
        return None
    atexit.register(_remove, temporary, os.getpid())
    os.environ[VARIABLE] = temporary  # for the processes that this one starts
    place = Path(temporary) / "kernels"
    place.mkdir(mode=0o700)
    return str(place)


def _remove(folder: str, process: int) -> None:
    """Remove the temporary folder at the end of the process that made it."""
    if os.getpid() == process:
        shutil.rmtree(folder, ignore_errors=True)


@cache
def _digest() -> str:
    return digest(Path(__file__).parents[1])


def digest(package: Path) -> str:
    """Return the digest of all files of SOURCES in the folder of a package."""
    files = sorted(file for source in SOURCES for file in (package / source).rglob("*.py"))
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()
