"""Laws of a run: the same bits for any workers and after any interruption."""

import dataclasses
import json
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest

import evolino
from evolino.search.cma_es import CMAES
from evolino.search.composed.racing import Raced
from evolino.search.composed.screening import Screened
from evolino.search.random_search import RandomSearch
from evolino.tasks.signals.oscillators import Oscillators
from evolino.training.callbacks import Callback
from evolino.training.experiment import Budget, Curriculum
from evolino.training.resume_run import resume
from evolino.training.run_experiment import run_experiment
from evolino.training.run_folder import RunFolder
from tests.support.experiments import experiment, files


def test_workers_do_not_change_a_bit(tmp_path):
    found = []
    for workers in (1, 2, 3):
        folder = RunFolder.create(tmp_path / str(workers), experiment())
        run_experiment(experiment(), workers=workers, folder=folder, baselines=False)
        found.append(files(folder.path))
    assert found[0] == found[1] == found[2]


def test_another_seed_gives_another_network():
    first, second = (
        run_experiment(experiment(seed=seed), baselines=False) for seed in (1, 2)
    )
    assert not np.array_equal(first.model.genome, second.model.genome)


class StopAfter(Callback):
    """Press Ctrl-C in a generation."""

    def __init__(self, generation):
        self.generation = generation

    def on_generation(self, generation, seconds):
        if generation.generation == self.generation:
            signal.raise_signal(signal.SIGINT)


def test_ctrl_c_saves_and_resume_gives_the_bits_of_an_unbroken_run(tmp_path):
    whole = RunFolder.create(tmp_path / "whole", experiment())
    run_experiment(experiment(), folder=whole, baselines=False)
    broken = RunFolder.create(tmp_path / "broken", experiment())
    result = run_experiment(
        experiment(), folder=broken, callbacks=[StopAfter(3)], baselines=False
    )
    assert result.interrupted
    assert result.generations == 3
    assert broken.result() is None
    resumed = resume(RunFolder.open(tmp_path / "broken"), workers=2, baselines=False)
    assert resumed.generations == 6
    assert files(whole.path) == files(broken.path)
    assert broken.result()["metrics"] == whole.result()["metrics"]


KILLED = """
import sys
sys.path.insert(0, {here!r})
from tests.support.experiments import experiment
from evolino.training import recorder
from evolino.training.callbacks import Callback
from evolino.training.run_folder import RunFolder
from evolino.training.run_experiment import run_experiment
import time
from pathlib import Path
recorder.CHECKPOINT_EVERY = 0.0

class Slow(Callback):
    def on_generation(self, generation, seconds):
        print(generation.generation, flush=True)
        time.sleep(0.05)

made = experiment()
run_experiment(
    made, folder=RunFolder.create({path!r}, made), callbacks=[Slow()], baselines=False
)
"""


def test_a_killed_run_resumes_to_the_bits_of_an_unbroken_one(tmp_path):
    whole = RunFolder.create(tmp_path / "whole", experiment())
    run_experiment(experiment(), folder=whole, baselines=False)
    path = tmp_path / "killed"
    here = Path(__file__).parents[2]
    code = KILLED.format(here=str(here), path=str(path))
    command = [sys.executable, "-c", code]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    while process.stdout.readline().strip() != "3":
        assert process.poll() is None
    process.kill()
    process.stdout.close()
    process.wait()
    resume(RunFolder.open(path), baselines=False)
    assert files(whole.path) == files(path)


def test_a_run_resumed_beyond_its_budget_equals_a_longer_one(tmp_path):
    longer = experiment(budget=Budget(generations=9))
    whole = run_experiment(longer, baselines=False)
    folder = RunFolder.create(tmp_path / "run", experiment())
    run_experiment(experiment(), folder=folder, baselines=False)
    extended = resume(folder, budget={"generations": 9}, baselines=False)
    np.testing.assert_array_equal(extended.model.genome, whole.model.genome)
    assert extended.history == whole.history
    assert RunFolder.open(folder.path).experiment().budget.generations == 9


def test_a_run_broken_off_beyond_its_first_budget_has_no_result(tmp_path):
    folder = RunFolder.create(tmp_path / "run", experiment())
    run_experiment(experiment(), folder=folder, baselines=False)
    assert folder.result() is not None
    more = {"generations": 9}
    resume(folder, budget=more, callbacks=[StopAfter(7)], baselines=False)
    assert folder.result() is None
    resume(folder, baselines=False)
    assert folder.result()["generations"] == 9


def test_ctrl_c_among_the_baselines_keeps_the_result(tmp_path):
    class Impatient(Callback):
        def on_baselines(self):
            raise KeyboardInterrupt

    folder = RunFolder.create(tmp_path / "run", experiment())
    with pytest.raises(KeyboardInterrupt):
        run_experiment(experiment(), folder=folder, callbacks=[Impatient()])
    assert folder.result()["metrics"]["test_nrmse"] > 0
    assert folder.result()["baselines"] == {}


def test_the_best_network_ever_seen_is_kept():
    result = run_experiment(experiment(), baselines=False)
    lowest = [record.lowest for record in result.history]
    assert result.history[-1].best == min(lowest)
    best = [record.best for record in result.history]
    assert best == list(np.minimum.accumulate(lowest))


@pytest.mark.parametrize(
    ("budget", "reason"),
    [
        (Budget(generations=2), "generations: 2"),
        (Budget(evaluations=17), "evaluations: 17 >= 17"),
        (Budget(target=1e9), "target: loss"),
        (Budget(seconds=1e-9), "seconds: 1e-09 (repeat exactly with --evaluations 16)"),
        (Budget(stagnation=1, generations=500), "stagnation: 1 generations without"),
    ],
)
def test_the_reason_to_stop_is_kept(budget, reason):
    result = run_experiment(experiment(budget=budget), baselines=False)
    assert any(found.startswith(reason) for found in result.stopped), result.stopped


def test_a_run_that_nothing_would_stop_is_refused():
    with pytest.raises(ValueError, match="nothing would stop this run"):
        experiment(budget=Budget())


def test_a_network_that_explodes_has_loss_inf_and_the_run_goes_on():
    wild = experiment(
        network=evolino.LSTM(cells=4, cell_input="identity", forget_gate=False),
        initialiser=evolino.Gaussian(deviation=50.0),
    )
    result = run_experiment(wild, baselines=False)
    assert result.generations == 6
    assert any(record.failed for record in result.history)


def test_callbacks_hear_start_generations_and_stop():
    heard = []

    class Listener(Callback):
        def on_start(self, experiment):
            heard.append("start")

        def on_generation(self, generation, seconds):
            heard.append(generation.generation)

        def on_improved(self, loss, genome):
            heard.append(loss)

        def on_stop(self, result):
            heard.append("stop")

    result = run_experiment(experiment(), callbacks=[Listener()], baselines=False)
    assert heard[0] == "start"
    assert heard[-1] == "stop"
    assert [h for h in heard if isinstance(h, int)] == list(range(1, 7))
    assert min(h for h in heard if isinstance(h, float)) == result.history[-1].best


def test_a_curriculum_goes_from_easy_to_hard_and_ends_on_the_task():
    made = experiment(
        task=Oscillators(sines=3),
        curriculum=Curriculum(
            (Oscillators(sines=1), Oscillators(sines=2)), advance_at=1.0, patience=2
        ),
        budget=Budget(generations=8),
    )
    result = run_experiment(made, baselines=False)
    variants = [record.variant for record in result.history]
    assert variants[0] == 2
    assert variants[-1] == 0
    assert variants == sorted(variants, reverse=True)


def begun_again(**settings):
    """Two generations of a variant, three of the task, and all again."""
    return experiment(
        task=Oscillators(sines=3),
        curriculum=Curriculum((Oscillators(sines=1),), patience=2, restart_after=3),
        search=Screened(Raced(CMAES(), starts=2, evaluations=20), draws=9, batch=4),
        **settings,
    )


def test_a_curriculum_begins_again_with_new_draws_and_keeps_the_best_on_the_task():
    result = run_experiment(begun_again(budget=Budget(generations=12)), baselines=False)
    assert [record.variant for record in result.history] == [1, 1, 0, 0, 0] * 2 + [1, 1]
    first, again = result.history[0], result.history[5]
    assert first.median != again.median
    on_task = [record.best for record in result.history if record.variant == 0]
    assert on_task == sorted(on_task, reverse=True)
    cut_short = run_experiment(begun_again(budget=Budget(generations=7)), baselines=False)
    on_task = run_experiment(begun_again(budget=Budget(generations=5)), baselines=False)
    assert cut_short.metrics["test_nrmse"] == on_task.metrics["test_nrmse"]


@pytest.mark.parametrize("generation", [4, 6, 8])
def test_a_curriculum_that_begins_again_resumes_to_the_same_bits(tmp_path, generation):
    made = begun_again(budget=Budget(generations=11))
    whole = RunFolder.create(tmp_path / "whole", made)
    run_experiment(made, folder=whole, baselines=False)
    broken = RunFolder.create(tmp_path / "broken", made)
    run_experiment(made, folder=broken, callbacks=[StopAfter(generation)], baselines=False)
    resume(RunFolder.open(broken.path), workers=2, baselines=False)
    assert files(whole.path) == files(broken.path)


@pytest.mark.parametrize("generation", [1, 3, 4, 6])
def test_a_curriculum_broken_off_anywhere_resumes_to_the_same_bits(tmp_path, generation):
    made = experiment(
        task=Oscillators(sines=3),
        curriculum=Curriculum((Oscillators(sines=1), Oscillators(sines=2)), patience=2),
        budget=Budget(generations=8),
        search=Screened(Raced(CMAES(), starts=2, evaluations=20), draws=9, batch=4),
    )
    whole = RunFolder.create(tmp_path / "whole", made)
    run_experiment(made, folder=whole, baselines=False)
    broken = RunFolder.create(tmp_path / "broken", made)
    stop = StopAfter(generation)
    run_experiment(made, folder=broken, callbacks=[stop], baselines=False)
    resume(RunFolder.open(broken.path), workers=2, baselines=False)
    assert files(whole.path) == files(broken.path)


def test_baselines_tell_what_evolution_adds():
    result = run_experiment(experiment(search=RandomSearch(population=16)))
    assert result.baselines["AR(4)"]["test_nrmse"] < 1e-9
    assert set(result.baselines) == {
        "AR(4)",
        "AR(16)",
        "unevolved, median of 20 draws",
        "random search, equal evaluations",
    }


def test_result_json_has_what_it_promises(tmp_path):
    folder = RunFolder.create(tmp_path / "run", experiment())
    run_experiment(experiment(), folder=folder, baselines=False)
    content = json.loads((folder.path / "result.json").read_text())
    assert set(content) >= {
        "task",
        "preset",
        "parameters",
        "seed",
        "workers",
        "metrics",
        "published",
        "baselines",
        "stopped",
        "generations",
        "evaluations",
        "seconds",
        "version",
    }
    assert content["metrics"]["test_nrmse"] > 0


def test_a_loaded_model_predicts_what_the_trained_one_does(tmp_path):
    folder = RunFolder.create(tmp_path / "run", experiment())
    result = run_experiment(experiment(), folder=folder, baselines=False)
    series = Oscillators(sines=2).sequences(np.random.default_rng(0)).test[0].series
    loaded = evolino.load(folder.path)
    prime = series.targets[:400]
    np.testing.assert_array_equal(
        loaded.generate(20, prime=prime), result.model.generate(20, prime=prime)
    )
    np.testing.assert_array_equal(
        loaded.predict(targets=prime), result.model.predict(targets=prime)
    )


def test_ctrl_c_outside_the_main_thread_is_left_alone():
    found = []
    thread = threading.Thread(
        target=lambda: found.append(run_experiment(experiment(), baselines=False))
    )
    thread.start()
    thread.join()
    assert found[0].generations == 6


def test_validation_and_test_rows_never_touch_the_candidates_readout():
    seen = []

    @dataclasses.dataclass(frozen=True)
    class Spy:
        name: str = "spy"
        penalties: tuple[float, ...] = (0.0,)

        def solve(self, states, targets):
            seen.append(targets.copy())
            return evolino.PseudoInverse().solve(states, targets)

    task = Oscillators(sines=2)
    run_experiment(experiment(readout=Spy()), baselines=False)
    split = task.sequences(np.random.default_rng(0))
    train, refit = split.train[0].targets, split.refit[0].targets
    assert all(np.array_equal(rows, train) or np.array_equal(rows, refit) for rows in seen)
    assert sum(len(rows) == len(refit) for rows in seen) == 1


def test_seconds_of_a_resumed_run_add_up(tmp_path):
    folder = RunFolder.create(tmp_path / "run", experiment())
    first = run_experiment(experiment(), folder=folder, baselines=False)
    saved = folder.timing()[-1]["seconds"]  # what came later was not of the search
    time.sleep(1.0)
    second = resume(folder, budget={"generations": 7}, baselines=False)
    assert saved <= second.seconds < first.seconds + 1.0
