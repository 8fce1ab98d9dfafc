"""The `evolino` program: Ctrl-C ends it quietly from its first moment on."""

from __future__ import annotations

import sys

FAULT, INTERRUPTED = 1, 130


def main() -> None:
    """Run the command line and exit."""
    try:
        from evolino.cli.app import run

        status = run()
    except KeyboardInterrupt:  # while the program itself was loaded
        status = INTERRUPTED
    except Exception:  # an error of the program; its text may hold anything
        status = _shown_error()
    sys.exit(status)


def _shown_error() -> int:
    """Print where the error arose, control characters escaped; return the exit status."""
    import traceback

    from evolino.storage.plain_text import layout_shown

    if sys.stderr is not None:
        sys.stderr.write(layout_shown(traceback.format_exc()))
    return FAULT
