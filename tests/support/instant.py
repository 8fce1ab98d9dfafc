"""A runner of tables that takes no time."""

import os
import signal
from dataclasses import dataclass
from pathlib import Path

from evolino.baselines.measured import Measured
from evolino.training.history import Generation


@dataclass(frozen=True)
class Instant:
    """Writes a finished run; does something else for the seeds that are named.

    log: a file that gets a line for each call. fails, dies, interrupted, stopped: seeds.
    methods: more baselines. errors: of baselines.
    """

    log: Path
    fails: tuple[int, ...] = ()
    dies: tuple[int, ...] = ()
    interrupted: tuple[int, ...] = ()
    stopped: tuple[int, ...] = ()
    baselines_fail: bool = False
    methods: tuple[str, ...] = ()
    errors: tuple[tuple[str, str], ...] = ()

    def start(self, experiment, folder, workers, callback):
        return self._run("start", experiment, folder, workers, callback)

    def resume(self, folder, workers, callback):
        return self._run("resume", folder.experiment(), folder, workers, callback)

    def baselines(self, experiment, effort, known):
        sines, seed = experiment.task.sines, experiment.seed
        self._write(f"baselines {sines} {seed} {effort.evaluations}")
        if self.baselines_fail:
            raise ValueError("no baseline")
        quick = {"AR(4)": {"test_nrmse": 1e-11}, "unevolved": {"test_nrmse": float("inf")}}
        more = {name: {"test_nrmse": 0.5} for name in self.methods}
        found = {k: v for k, v in {**quick, **more}.items() if k not in known}
        return Measured(found, dict(self.errors))

    def lacking(self, experiment, known):
        return not known or any(name not in known for name in self.methods)

    def _run(self, what, experiment, folder, workers, callback):
        seed = experiment.seed
        self._write(f"{what} {experiment.task.sines} {seed} {workers}")
        if seed in self.fails:
            raise ValueError("this seed\nis broken")
        if seed in self.dies:
            os._exit(3)
        for k in (1, 2, 3):
            record = Generation(k, 10 * k, 0.1 / k, 0.1 / k, 0.2, 0.3, float("inf"), 1)
            folder.append(record, k / 10)
            if seed in self.stopped and k == 2:
                signal.raise_signal(signal.SIGINT)
            callback.on_generation(record, k / 10)
        if seed in self.interrupted:
            return False
        folder.save_result(
            {
                "metrics": {"test_nrmse": 10.0 ** -(seed + 2)},
                "seconds": 1.5,
                "evaluations": 30,
                "generations": 3,
                "stopped": ["generations: 3"],
                "version": "0.1.0",
            }
        )
        return True

    def _write(self, line):
        with open(self.log, "a") as file:
            file.write(line + "\n")
