"""Law of a run's folder: a kill at any moment loses nothing and changes no bit."""

import subprocess
import sys

from tests.support.processes import ROOT, environment


def test_a_run_killed_at_its_system_calls_and_at_random_is_not_lost():
    """A few of the kills of `make kills`, in a process without other threads."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.support.kills", "--kills", "24", "--step", "17"],
        cwd=ROOT,
        env=environment(),
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    kills, faults = done.stdout.split(" kills, ")
    assert int(kills) >= 24
    assert faults.startswith("0 faults")
