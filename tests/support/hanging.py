"""A runner of tables whose jobs never end; importable by their processes.

    python -m tests.support.hanging FOLDER

reproduces a table with two of them, each of which leaves a file with its process's number.
"""

import os
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from evolino.reports import job_processes
from evolino.reports.reproduce import reproduce


@dataclass(frozen=True)
class Hanging:
    place: Path

    def start(self, experiment, folder, workers, callback):
        (self.place / f"job.{os.getpid()}").touch()
        while True:
            time.sleep(60)

    resume = baselines = None

    def lacking(self, experiment, known):
        return not known


if __name__ == "__main__":
    from tests.support.hanging import Hanging as Runner  # as the processes import it

    place = Path(sys.argv[1])
    job_processes.PATIENCE = 0.5
    reproduce("mso-paper", seeds=2, workers=2, out=place, run=Runner(place))
