"""Published tables made again, seed by seed: `evolino reproduce TABLE`."""

from __future__ import annotations

from evolino.reproduce.table import reproduce

__all__ = ["reproduce"]
