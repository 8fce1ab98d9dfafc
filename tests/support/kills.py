"""Kill runs at each of their system calls and at random moments; see that nothing is lost.

    python -m tests.support.kills --kills 500

A process is forked for each kill. It dies by SIGKILL before a call, or in the middle of a
write. Then the folder is resumed, or made again with force, and must hold the bits of a run
that was never killed.
"""

import argparse
import os
import random
import shutil
import signal
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import evolino
from evolino.storage import files, lock
from evolino.tasks.signals.oscillators import Oscillators
from evolino.training import recorder
from evolino.training.callbacks import Callback
from evolino.training.experiment import Budget, Experiment, Islands
from evolino.training.resume_run import resume
from evolino.training.run_experiment import run_experiment
from evolino.training.run_folder import RunFolder
from evolino.training.workers.base import WorkerSettings

DEADLY = ("open", "write", "fsync", "replace", "unlink", "ftruncate")
BITS = ("model.npz", "history.jsonl")
EXPERIMENT = Experiment(
    task=Oscillators(sines=2),
    network=evolino.LSTM(cells=4),
    initialiser=evolino.LinearRegime(),
    search=evolino.ESP(subpopulation=6, combinations=2),
    readout=evolino.PseudoInverse(),
    budget=Budget(generations=4),
    seed=4,
)
OLD = replace(EXPERIMENT, seed=5)
ISLANDS = replace(EXPERIMENT, islands=Islands(2, 2))
SCENARIOS = ("run", "force", "resume", "islands", "loky")


class DeadlyOS:
    """Stands for `os`; SIGKILL comes at the call with a number, counted from 1."""

    def __init__(self, number):
        self._left = number

    def __getattr__(self, name):
        real = getattr(os, name)
        return self._counted(name, real) if name in DEADLY else real

    def _counted(self, name, real):
        def call(*arguments, **options):
            self._left -= 1
            if self._left == 0:
                if name == "write":  # half of it is on the disk
                    handle, content = arguments
                    real(handle, bytes(content)[: len(content) // 2])
                os.kill(os.getpid(), signal.SIGKILL)
            return real(*arguments, **options)

        return call


class Stop(Callback):
    """Ctrl-C after two generations."""

    def on_generation(self, generation, seconds):
        if generation.generation == 2:
            signal.raise_signal(signal.SIGINT)


def experiment_of(scenario):
    """The experiment whose bits the folder must end with."""
    return ISLANDS if scenario == "islands" else EXPERIMENT


def prepare(scenario, path):
    """What is in the folder before the process that is killed."""
    if scenario == "force":
        run_experiment(OLD, folder=RunFolder.create(path, OLD), baselines=False)
    if scenario == "resume":
        folder = RunFolder.create(path, EXPERIMENT)
        run_experiment(EXPERIMENT, folder=folder, callbacks=[Stop()], baselines=False)


def work(scenario, path):
    """What the process does."""
    made = experiment_of(scenario)
    if scenario == "resume":
        resume(RunFolder.open(path), baselines=False)
        return
    folder = RunFolder.create(path, made, force=scenario == "force")
    workers = WorkerSettings(2, "loky") if scenario == "loky" else 1
    run_experiment(made, folder=folder, workers=workers, baselines=False)


def killed(scenario, path, number=None, after=None):
    """Do the work in a process that is killed; return whether it was, and its seconds."""
    began = time.monotonic()
    child = os.fork()
    if child == 0:
        try:
            if number is not None:
                files.os = lock.os = DeadlyOS(number)
            work(scenario, path)
            os._exit(0)
        except BaseException as error:
            print(f"{scenario}: {error!r}", file=sys.stderr, flush=True)
            os._exit(3)
    if after is not None:
        time.sleep(after)
        os.kill(child, signal.SIGKILL)
    status = os.waitpid(child, 0)[1]
    if os.WIFEXITED(status) and os.WEXITSTATUS(status):
        raise AssertionError(f"the work of {scenario} failed")
    return os.WIFSIGNALED(status), time.monotonic() - began


def bits(path):
    return [(path / name).read_bytes() for name in BITS]


def recovered(scenario, path, whole):
    """Go on in a folder after a kill; return what is wrong with it, empty if nothing."""
    made, copy = experiment_of(scenario), path.with_name("copy")
    shutil.rmtree(copy, ignore_errors=True)
    if path.exists():
        shutil.copytree(path, copy)
    try:
        if (path / "config.toml").exists():
            seed = RunFolder.open(path).experiment().seed
            resume(RunFolder.open(path), baselines=False)
            wanted = "old" if seed == OLD.seed else scenario
            if bits(path) != whole[wanted]:
                return "resumed to other bits"
        folder = RunFolder.create(copy, made, force=True)
        run_experiment(made, folder=folder, baselines=False)
        if bits(copy) != whole[scenario]:
            return "run again to other bits"
        stale = [each.name for each in copy.iterdir() if each.name.startswith(".")]
        return f"left {stale}" if stale else ""
    except Exception as error:
        return f"lost: {error!r}"


class Kills:
    """Counts kills and what was wrong after them, in a folder of its own."""

    def __init__(self, place):
        self.place, self.count, self.faults = place, 0, []
        self.whole = {}
        for name, made in (("old", OLD), *((s, experiment_of(s)) for s in SCENARIOS)):
            folder = RunFolder.create(place / f"whole-{name}", made)
            run_experiment(made, folder=folder, baselines=False)
            self.whole[name] = bits(folder.path)

    def kill(self, scenario, **when):
        """Kill once and recover; return whether the work was not over before."""
        path = self.place / "run"
        shutil.rmtree(path, ignore_errors=True)
        prepare(scenario, path)
        dead, _ = killed(scenario, path, **when)
        self.count += dead
        fault = recovered(scenario, path, self.whole)
        if fault:
            self.faults.append(f"{scenario} {when}: {fault}")
        return dead

    def at_calls(self, scenario, step, most):
        """Kill at every `step`th call, at most so often."""
        for k in range(most):
            if not self.kill(scenario, number=1 + k * step):
                break

    def at_random(self, scenario, times, rng):
        """Kill so often at random moments of a run."""
        path = self.place / "timed"
        shutil.rmtree(path, ignore_errors=True)
        prepare(scenario, path)
        _, seconds = killed(scenario, path)
        for _ in range(times):
            self.kill(scenario, after=rng.uniform(0.0, seconds))


def main(arguments=None):
    """Print how many kills there were, and each fault; return 1 if there was one."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--kills", type=int, default=500)
    parser.add_argument("--step", type=int, default=1, help="Every so many calls.")
    options = parser.parse_args(arguments)
    recorder.CHECKPOINT_EVERY = 0.0
    rng, share = random.Random(1), options.kills // 10
    with tempfile.TemporaryDirectory() as folder:
        kills = Kills(Path(folder))
        for scenario in ("run", "force", "resume", "islands"):
            kills.at_calls(scenario, options.step, 2 * share)
        kills.at_calls("loky", 7 * options.step, max(share // 4, 1))
        others = SCENARIOS[:4] if options.kills < 100 else SCENARIOS
        while kills.count < options.kills:
            before = kills.count
            for scenario in others:
                kills.at_random(scenario, 1 if scenario == "loky" else 6, rng)
            if kills.count == before:
                break
    print(f"{kills.count} kills, {len(kills.faults)} faults")
    print("\n".join(kills.faults))
    return 1 if kills.faults else 0


if __name__ == "__main__":
    sys.exit(main())
