"""The user's cache folder: files that can be made again."""

from __future__ import annotations

import os
import sys
from pathlib import Path

VARIABLE = "EVOLINO_CACHE"


def cache_folder() -> Path:
    """Return the folder of evolino's caches; it need not exist.

    The environment variable EVOLINO_CACHE, else the system's place for caches. Raises
    OSError where the user has no home.
    """
    if given := os.environ.get(VARIABLE):
        return Path(os.path.expanduser(given))
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or _home()) / "evolino" / "cache"
    if sys.platform == "darwin":
        return _home() / "Library" / "Caches" / "evolino"
    return Path(os.environ.get("XDG_CACHE_HOME") or _home() / ".cache") / "evolino"


def _home() -> Path:
    try:
        return Path.home()
    except RuntimeError as error:
        raise OSError(f"the user has no home: {error}; set {VARIABLE}") from None
