"""A task that waits as long as the file is there that WAIT_WHILE names; for processes that
are to be at work at the same time."""

import os
import time
from pathlib import Path
from typing import ClassVar

from evolino.tasks.signals.oscillators import Oscillators

WAITING = f"{__file__}:Waiting"


class Waiting(Oscillators):
    """Superimposed oscillators."""

    name: ClassVar[str] = "waiting"

    def loss(self, outputs, targets):
        """Wait, then score; `reached` beside the file says that it does."""
        flag = Path(os.environ.get("WAIT_WHILE", os.devnull + "/none"))
        while flag.exists():
            flag.with_name("reached").touch()
            time.sleep(0.02)
        return super().loss(outputs, targets)
