"""The user's cache folder: files that can be made again."""

from __future__ import annotations

import os
import sys
from pathlib import Path

VARIABLE = "EVOLINO_CACHE"


def cache_folder() -> Path:
    """Return the folder of evolino's caches; it need not exist.

    The environment variable EVOLINO_CACHE, else the system's place for caches.
    """
    if given := os.environ.get(VARIABLE):
        return Path(given)
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA", Path.home())) / "evolino" / "cache"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "evolino"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "evolino"
