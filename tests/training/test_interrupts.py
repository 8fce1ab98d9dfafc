"""Laws of the end of a run: Ctrl-C, other signals and its seconds, at any moment."""

import dataclasses
import os
import signal
import threading

import numpy as np
import pytest

import evolino
from evolino.storage import files as storage
from evolino.training.callbacks import Callback
from evolino.training.experiment import Budget
from evolino.training.interrupts import BrokenOff, briefly, interruptible
from evolino.training.resume_run import resume
from evolino.training.run_experiment import run_experiment
from evolino.training.run_folder import RunFolder
from evolino.training.stopping import SavingError
from evolino.training.workers.base import WorkerSettings
from tests.support.slow import GATE, Slow
from tests.training.test_run_experiment import StopAfter, experiment, files


def slow(**changes):
    return experiment(task=Slow(sines=2), **changes)


class SlowAfter(Callback):
    """From a generation on an evaluation takes until the gate is opened; `then` is done
    once one waits."""

    def __init__(self, generation, then):
        self.generation, self.then = generation, then

    def on_start(self, experiment):
        if self.generation == 0:
            self._close()

    def on_generation(self, generation, seconds):
        if generation.generation == self.generation:
            self._close()

    def _close(self):
        GATE.close()
        threading.Thread(target=self._wait, daemon=True).start()

    def _wait(self):
        GATE.reached()
        self.then()


@pytest.fixture(autouse=True)
def open_gate():
    yield
    GATE.open()


def send(name):
    return lambda: os.kill(os.getpid(), getattr(signal, name))


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    folder = RunFolder.create(tmp_path_factory.mktemp("whole"), slow())
    run_experiment(slow(), folder=folder, baselines=False)
    return folder


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP"])
@pytest.mark.parametrize("generation", [0, 3])
def test_a_signal_inside_a_generation_saves_and_resumes(generation, name, tmp_path, whole):
    """The evaluation would wait for ever."""
    folder = RunFolder.create(tmp_path / "run", slow())
    stop = SlowAfter(generation, send(name))
    result = run_experiment(slow(), folder=folder, callbacks=[stop], baselines=False)
    assert result.stopped == [f"interrupted: {name.replace('SIGINT', 'Ctrl-C')}"]
    assert (result.interrupted, result.generations) == (True, generation)
    assert folder.result() is None
    GATE.open()
    resume(RunFolder.open(folder.path, trust=True), workers=2, baselines=False)
    assert files(folder.path) == files(whole.path)
    assert folder.result()["metrics"] == whole.result()["metrics"]


@pytest.mark.parametrize("workers", [1, 2, WorkerSettings(2, timeout=60.0)])
def test_seconds_end_a_run_inside_a_generation(workers, tmp_path, whole):
    made = slow(budget=Budget(seconds=3.0))
    folder = RunFolder.create(tmp_path / "run", made)
    stop = SlowAfter(2, lambda: None)
    run = {"folder": folder, "callbacks": [stop], "baselines": False}
    result = run_experiment(made, workers=workers, **run)
    assert result.generations == 2
    assert result.stopped == ["seconds: 3 (repeat exactly with --evaluations 32)"]
    assert folder.result()["metrics"] == result.metrics != {}
    GATE.open()
    exact = run_experiment(slow(budget=Budget(evaluations=32)), baselines=False)
    assert (exact.metrics, exact.history) == (result.metrics, result.history)


def test_seconds_that_are_over_in_the_first_generation_are_said():
    made = slow(budget=Budget(seconds=0.1))
    result = run_experiment(made, callbacks=[SlowAfter(0, lambda: None)])
    assert result.stopped == ["seconds: 0.1 (over before the first generation)"]
    assert (result.model, result.metrics, result.baselines) == (None, {}, {})


@dataclasses.dataclass(frozen=True)
class SlowRefit:
    """A pseudo-inverse whose readouts take for ever while the gate is closed."""

    name = "slow"
    penalties: tuple[float, ...] = (0.0,)

    def solve(self, states, targets):
        GATE.wait()
        return evolino.PseudoInverse().solve(states, targets)


@pytest.mark.parametrize("ensemble", [1, 3])
def test_ctrl_c_ends_the_last_readouts(ensemble, monkeypatch):
    monkeypatch.setattr("evolino.training.evolving.PATIENCE", 0.1)
    made = experiment(readout=SlowRefit(), ensemble=ensemble)
    stop = SlowAfter(6, send("SIGINT"))
    result = run_experiment(made, callbacks=[stop], workers=2, baselines=False)
    assert (result.interrupted, result.generations, result.model) == (True, 6, None)


def test_the_readouts_of_an_ensemble_are_announced(tmp_path):
    heard = []

    class Listener(Callback):
        def on_readouts(self, networks, seconds):
            heard.append((networks, seconds))

    run_experiment(experiment(ensemble=3), callbacks=[Listener()], baselines=False)
    assert heard == [(3, None)]


def test_a_loop_of_seeds_ends_at_ctrl_c():
    seeds = []
    with pytest.raises(KeyboardInterrupt, match="interrupted: Ctrl-C"):
        for seed in range(3):
            seeds.append(seed)
            evolino.train("mso", seed=seed, callbacks=[StopAfter(2)])
    assert seeds == [0]


def test_an_interrupted_result_is_returned_where_that_is_wanted(tmp_path):
    options = {"callbacks": [StopAfter(2)], "on_interrupt": "return"}
    result = evolino.train("mso", out=tmp_path / "run", **options)
    assert (result.interrupted, result.generations) == (True, 2)
    with pytest.raises(ValueError, match="on_interrupt must be 'raise' or 'return', got 1"):
        evolino.train("mso", on_interrupt=1)


def test_work_that_is_left_behind_does_not_hold_up_the_caller():
    GATE.close()
    with interruptible(lambda: -1.0) as interrupt, pytest.raises(BrokenOff):
        interrupt.attend(GATE.wait)
    assert briefly(GATE.wait, 0.01) is None
    assert briefly(lambda: 3, 60.0) == 3
    with interruptible() as interrupt:
        assert interrupt.attend(lambda: 4) == 4
        with pytest.raises(ZeroDivisionError):
            interrupt.attend(lambda: 1 // 0)


class Full(Callback):
    """Fill the disk after a generation."""

    def __init__(self, patch, generation):
        self.patch, self.generation = patch, generation

    def on_generation(self, generation, seconds):
        if generation.generation == self.generation:

            def full(*_):
                raise OSError(28, "No space left on device")

            self.patch.setattr(storage.os, "write", full)


@pytest.mark.parametrize("generation", [1, 3, 6])
def test_a_full_disk_says_how_to_go_on(generation, tmp_path, whole):
    folder = RunFolder.create(tmp_path / "run", slow())
    with pytest.MonkeyPatch.context() as patch, pytest.raises(SavingError) as caught:
        full = Full(patch, generation)
        run_experiment(slow(), folder=folder, callbacks=[full], baselines=False)
    message = str(caught.value)
    assert message.startswith(f"cannot write {folder.path}/")
    assert "No space left on device; go on with: evolino resume " in message
    resume(RunFolder.open(folder.path, trust=True), baselines=False)
    assert files(folder.path) == files(whole.path)


@pytest.mark.parametrize("error", [RuntimeError, ZeroDivisionError, OSError, MemoryError])
def test_an_exception_before_the_first_generation_leaves_no_folder(error, tmp_path):
    class Broken(Callback):
        def on_start(self, experiment):
            raise error("at the start")

    with pytest.raises(error, match="at the start"):
        evolino.train("mso", out=tmp_path / "run", callbacks=[Broken()])
    assert list(tmp_path.iterdir()) == []


def test_a_run_that_failed_in_its_first_generation_is_in_no_ones_way(tmp_path):
    stop = SlowAfter(0, send("SIGTERM"))
    options = {
        "network": evolino.LSTM(cells=4),
        "search": "random",
        "out": tmp_path / "run",
    }
    with pytest.raises(KeyboardInterrupt, match=r"SIGTERM; go on with: evolino resume"):
        evolino.train(Slow(sines=2), callbacks=[stop], **options)
    GATE.open()
    budget = Budget(generations=2)
    evolino.train("mso", budget=budget, **options)
    with pytest.raises(ValueError, match="is not empty"):
        evolino.train("mso", budget=budget, **options)


@pytest.mark.parametrize("callbacks", [[print], print, [Callback], "print", [None]])
def test_what_is_no_callback_is_refused_and_leaves_no_folder(callbacks, tmp_path):
    with pytest.raises(TypeError, match=r"callbacks must .*evolino\.Callback.*on_start"):
        evolino.train("mso", out=tmp_path / "run", callbacks=callbacks)
    assert list(tmp_path.iterdir()) == []


class Heard(Callback):
    def __init__(self):
        self.messages = []

    def on_message(self, message):
        self.messages.append(message)


def test_other_versions_and_lost_lines_are_said_on_resume(tmp_path):
    folder = RunFolder.create(tmp_path / "run", experiment())
    stop = StopAfter(3)
    run_experiment(experiment(), folder=folder, callbacks=[stop], baselines=False)
    environment = folder.path / "environment.json"
    now = np.__version__
    text = environment.read_text()
    environment.write_text(text.replace(f'"numpy": "{now}"', '"numpy": "1.0"'))
    (folder.path / "history.jsonl").write_text("")
    heard = Heard()
    resume(folder, callbacks=[heard], baselines=False)
    assert heard.messages == [
        f"the run was begun with numpy 1.0 (now {now}): its bits may change from here on"
    ]
    assert len(folder.history()) == 6


@pytest.mark.parametrize("islands", [None, 3])
def test_what_an_initialiser_refuses_is_the_users_error(islands):
    with pytest.raises(ValueError, match=r"length must be <= cells \(4\), got 50"):
        evolino.train(
            "mso",
            network=evolino.LSTM(cells=4),
            initialiser=evolino.DelayLine(length=50),
            islands=islands,
        )


def test_a_run_does_not_write_where_another_process_does(tmp_path):
    folder = RunFolder.create(tmp_path / "run", experiment())
    refused = []

    class Second(Callback):
        def on_generation(self, generation, seconds):
            if generation.generation == 2:
                for attempt in (
                    lambda: resume(RunFolder.open(folder.path), baselines=False),
                    lambda: evolino.train("mso", out=folder.path, force=True),
                ):
                    with pytest.raises(ValueError, match="is in use: process") as caught:
                        attempt()
                    refused.append(str(caught.value))

    run_experiment(experiment(), folder=folder, callbacks=[Second()], baselines=False)
    assert len(refused) == 2
    assert [record.generation for record in folder.history()] == [1, 2, 3, 4, 5, 6]
