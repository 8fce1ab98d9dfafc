"""A task that goes wrong when told to; named by path, as a user's own would be."""

import os
import signal
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from evolino.tasks.signals.oscillators import Oscillators


@dataclass(frozen=True)
class Faulty:
    """fault: "kill", "raise", "exit" or "hang". flag: a file; while it exists an evaluation
    goes wrong. once: the first one that does removes it. home: a process that never does.
    """

    name: ClassVar[str] = "faulty"
    generates: ClassVar[bool] = True
    inputs: ClassVar[int] = 0
    outputs: ClassVar[int] = 1

    fault: str = "raise"
    flag: str = "no-such-file"
    once: bool = True
    home: int = 0

    def sequences(self, rng):
        return Oscillators(sines=2).sequences(rng)

    def loss(self, outputs, targets):
        flag = Path(self.flag)
        if os.getpid() != self.home and flag.exists():
            if self.once:
                flag.unlink(missing_ok=True)
            self._go_wrong(flag)
        return Oscillators(sines=2).loss(outputs, targets)

    def measure(self, model, split):
        return Oscillators(sines=2).measure(model, split)

    def baselines(self, split):
        return {}

    def published(self):
        return ()

    def _go_wrong(self, flag):
        flag.with_suffix(f".{os.getpid()}").touch()
        if self.fault == "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        if self.fault == "raise":
            raise ZeroDivisionError("an own error\nover two lines")
        if self.fault == "exit":
            sys.exit("an exit")
        while True:
            time.sleep(0.05)
