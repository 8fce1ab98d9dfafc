"""A task whose evaluations wait at a gate; for tests of what ends a run early."""

import dataclasses
import threading
from typing import ClassVar

from evolino.tasks.signals.oscillators import Oscillators

LONGEST = 120.0  # seconds that a wait takes at most, should a test fail


class Gate:
    """What comes to a closed gate waits until it is opened."""

    def __init__(self):
        self._open, self._reached = threading.Event(), threading.Event()
        self._open.set()

    def close(self):
        """Let the next ones wait."""
        self._reached.clear()
        self._open.clear()

    def open(self):
        """Let all go on."""
        self._open.set()

    def wait(self, *, once=False):
        """Pass the gate. once: all but the first pass a closed one."""
        if not self._open.is_set() and not (once and self._reached.is_set()):
            self._reached.set()
            self._open.wait(LONGEST)

    def reached(self):
        """Wait until something waits at the gate."""
        assert self._reached.wait(LONGEST)


GATE = Gate()


@dataclasses.dataclass(frozen=True)
class Slow(Oscillators):
    """Superimposed oscillators that wait at the gate."""

    name: ClassVar[str] = "slow"

    def loss(self, outputs, targets):
        """Wait, then score."""
        GATE.wait(once=True)
        return super().loss(outputs, targets)
