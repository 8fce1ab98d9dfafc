"""The command line in a process of its own."""

import os
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).parents[2]
MAIN = "from evolino.cli.entry import main; main()"
COMMAND = (sys.executable, "-W", "error", "-c", MAIN)


def environment(**changes):
    """The environment with the project on the path; a change to None takes one away."""
    found = {**os.environ, "PYTHONPATH": str(ROOT), **changes}
    return {name: value for name, value in found.items() if value is not None}


def start(*arguments, env=None, **options):
    """Start the command line."""
    return subprocess.Popen(
        [*COMMAND, *map(str, arguments)], text=True, env=env or environment(), **options
    )


def wait_for(ready, process=None, seconds=120.0):
    """Wait until ready(); the process must run meanwhile."""
    end = time.monotonic() + seconds
    while not ready():
        assert process is None or process.poll() is None, "the process ended"
        assert time.monotonic() < end
        time.sleep(0.01)


def lines_of(path):
    """How many lines a file has, 0 if it is not there."""
    return path.read_bytes().count(b"\n") if path.exists() else 0


def is_alive(pid):
    """Whether a process runs; one that is dead and not waited for does not."""
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False
