"""The `evolino` program: Ctrl-C ends it quietly from its first moment on."""

from __future__ import annotations

import sys

INTERRUPTED = 130


def main() -> None:
    """Run the command line and exit."""
    try:
        from evolino.cli.app import run

        status = run()
    except KeyboardInterrupt:  # while the program itself was loaded
        status = INTERRUPTED
    sys.exit(status)
