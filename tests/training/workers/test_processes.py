"""Laws of the processes that a run starts: they end with it and hear no stranger."""

import ipaddress
import os
import signal
import subprocess
import sys

from tests.support.experiments import FAULTY
from tests.support.processes import COMMAND, ROOT, environment, is_alive, wait_for
from tests.training.workers.test_faults import SMALL

LISTENING = """
import psutil
from evolino.training.workers.base import WorkerSettings
from evolino.training.workers.ray import Ray

ray = Ray(WorkerSettings(1, "ray"))
this = psutil.Process()
for process in (this, *this.children(recursive=True)):
    try:
        for each in process.net_connections():
            if each.status == "LISTEN":
                print(each.laddr.ip)
    except psutil.Error:
        pass
ray.close()
"""


def test_a_ray_that_is_started_here_listens_on_loopback_only():
    done = subprocess.run(
        [sys.executable, "-c", LISTENING],
        env=environment(RAY_ADDRESS=None),
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    found = [ipaddress.ip_address(line) for line in done.stdout.split()]
    assert len(found) > 3
    for address in found:
        mapped = getattr(address, "ipv4_mapped", None)
        assert (mapped or address).is_loopback


def test_a_killed_run_takes_its_loky_workers_along(tmp_path):
    flag = tmp_path / "flag"
    flag.touch()
    run = subprocess.Popen(
        [
            *(*COMMAND, "run", FAULTY, "--fault", "hang", "--flag", flag, "--no-once"),
            *(*SMALL, "--generations", "3", "--backend", "loky", "--out", tmp_path / "r"),
        ],
        cwd=ROOT,
        env=environment(),
    )

    def hung():
        return [int(file.suffix[1:]) for file in tmp_path.glob("flag.*")]

    wait_for(lambda: len(hung()) == 2, run)
    os.kill(run.pid, signal.SIGKILL)
    run.wait()
    wait_for(lambda: not any(map(is_alive, hung())))
