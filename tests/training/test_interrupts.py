"""Laws of the end of a run: Ctrl-C, other signals and its seconds, at any moment."""

import dataclasses
import threading

from evolino.tasks.signals.oscillators import Oscillators

SLEEP = 30.0  # seconds that nothing here may wait for


@dataclasses.dataclass(frozen=True)
class Slow(Oscillators):
    """Its `slow` loss, counted from 0, takes very long, once."""

    slow: int = -1

    def loss(self, outputs, targets):
        if COUNTED.pop() == self.slow:
            COUNTED.append(self.slow + 1)
            SLOW.set()
            WAKE.wait(SLEEP)
        else:
            COUNTED.append(COUNTED_UP())
        return super().loss(outputs, targets)


COUNTED: list[int] = []
SLOW, WAKE = threading.Event(), threading.Event()


def COUNTED_UP():
    COUNTER[0] += 1
    return COUNTER[0]


COUNTER = [0]
