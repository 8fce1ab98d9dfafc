"""Processes that a run started: they end when it is gone, however it died."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
import time

LOOK_EVERY = 0.25  # seconds


def ignore_interrupts() -> None:
    """Leave Ctrl-C, which reaches every process of a terminal, to the run itself."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def serve_parent() -> None:
    """Ready this process: leave signals that reach the whole terminal or session to the
    parent, and end when the parent is gone."""
    ignore_interrupts()
    for name in ("SIGTERM", "SIGHUP"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.SIG_IGN)
    if os.name == "nt":  # Windows tells of no parent's death
        return
    # The parent may be gone already; then getppid names the one that took its place.
    known = multiprocessing.parent_process()
    parent = os.getppid() if known is None or known.pid is None else known.pid
    threading.Thread(
        target=_end_with, args=(parent,), name="evolino-parent", daemon=True
    ).start()


def _end_with(parent: int) -> None:
    """End this process at once when its parent is another one."""
    while os.getppid() == parent:
        time.sleep(LOOK_EVERY)
    os._exit(1)
