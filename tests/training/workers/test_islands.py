"""Laws of islands: seed, number and exchanges decide every bit, workers none."""

import os
import signal

import numpy as np
import pytest

import evolino
from evolino.registry import find
from evolino.search.composed.screening import Screened
from evolino.search.composed.stages import Staged
from evolino.search.diagonal_cma_es import DiagonalCMAES
from evolino.search.esp import ESP
from evolino.search.genetic import Genetic
from evolino.search.random_search import RandomSearch
from evolino.training.callbacks import Callback
from evolino.training.config import experiment_from_table, experiment_to_table
from evolino.training.experiment import Budget, Islands
from evolino.training.problem import Problem
from evolino.training.resume_run import resume
from evolino.training.run_experiment import run_experiment
from evolino.training.run_folder import RunFolder
from evolino.training.workers.base import WorkerSettings
from tests.support.experiments import experiment, faulty, files

SMALL = ESP(subpopulation=6, combinations=2, mutation=0.05)
SEARCHES = {
    "esp": SMALL,
    "genetic": Genetic(population=12, elite=2),
    "diagonal-cma-es": DiagonalCMAES(),
    "random": RandomSearch(population=7),
    "screened": Screened(SMALL, draws=10, batch=4),
    "staged": Staged(RandomSearch(population=5), DiagonalCMAES(), evaluations=12),
}


def islands(count=3, every=2, **changes):
    settings = {"search": SMALL, "budget": Budget(generations=6), **changes}
    return experiment(islands=Islands(count, every), **settings)


def run(made, path, **settings):
    """Return the bytes of a run, none if it was broken off."""
    folder = RunFolder.create(path, made)
    result = run_experiment(made, folder=folder, baselines=False, **settings)
    return None if result.interrupted else files(folder.path)


def test_every_backend_leaves_the_same_bytes(backend, tmp_path):
    one = run(islands(), tmp_path / "one")
    assert one == run(islands(), tmp_path / "two", workers=backend)


@pytest.mark.parametrize("name", SEARCHES)
def test_any_number_of_workers_leaves_the_same_bytes_for_every_search(name, tmp_path):
    made = islands(search=SEARCHES[name])
    one, two, three = (run(made, tmp_path / str(k), workers=k) for k in (1, 2, 3))
    assert one == two == three


def test_costly_readouts_for_the_best_only_do_not_depend_on_workers(tmp_path):
    readout = evolino.BestOnly(evolino.KernelSVR(epsilon=0.1), evolino.Ridge(), count=2)
    made = islands(readout=readout, budget=Budget(generations=2))
    one, two, three = (run(made, tmp_path / str(k), workers=k) for k in (1, 2, 3))
    assert one == two == three


def test_islands_are_searches_that_exchange_their_best_in_a_ring():
    """Against the same in plain loops."""
    made = islands(count=3, every=2)
    problem = Problem(made)
    searches = [problem.search(None, k) for k in range(3)]
    best = [(np.inf, None)] * 3
    lowest = []
    for generation in range(6):
        if generation in (2, 4):
            for k in range(3):
                loss, genome = best[k - 1]
                searches[k].receive(genome, loss)
        found = []
        for k, search in enumerate(searches):
            genomes = search.ask()
            losses = problem.evaluator.losses(genomes)
            search.tell(losses)
            if losses.min() < best[k][0]:
                best[k] = losses.min(), genomes[losses.argmin()].copy()
            found.append(losses.min())
        lowest.append(min(found))
    result = run_experiment(made, baselines=False)
    assert [record.lowest for record in result.history] == lowest
    wanted = min(best, key=lambda each: each[0])
    np.testing.assert_array_equal(result.model.genome, wanted[1])
    assert result.history[-1].best == wanted[0]


def test_history_and_callbacks_have_every_generation_of_all_islands_together():
    heard = []

    class Listener(Callback):
        def on_generation(self, generation, seconds):
            heard.append(generation)

        def on_improved(self, loss, genome):
            losses = Problem(islands()).evaluator.losses(genome[None])
            assert losses[0] == loss == heard[-1].best

    result = run_experiment(islands(), callbacks=[Listener()], baselines=False)
    assert heard == result.history
    assert [record.generation for record in heard] == list(range(1, 7))
    assert [record.evaluations for record in heard] == [36 * k for k in range(1, 7)]
    best = np.minimum.accumulate([record.lowest for record in heard])
    assert [record.best for record in heard] == list(best)


def test_limits_are_looked_at_when_islands_exchange():
    result = run_experiment(islands(budget=Budget(generations=3)), baselines=False)
    assert result.generations == 4


class CtrlC(Callback):
    def __init__(self, generation):
        self.generation = generation

    def on_generation(self, generation, seconds):
        if generation.generation == self.generation:
            signal.raise_signal(signal.SIGINT)


@pytest.mark.parametrize("generation", [1, 2, 3])
@pytest.mark.parametrize("name", ["esp", "staged"])
def test_islands_broken_off_resume_to_the_same_bytes(name, generation, tmp_path):
    made = islands(search=SEARCHES[name])
    whole = run(made, tmp_path / "whole")
    run(made, tmp_path / "broken", callbacks=[CtrlC(generation)])
    folder = RunFolder.open(tmp_path / "broken")
    assert folder.result() is None
    resume(folder, workers=WorkerSettings(2, "loky"), baselines=False)
    assert files(folder.path) == whole


def test_islands_go_through_a_curriculum_and_resume_in_it(tmp_path):
    made = islands(
        task=evolino.Oscillators(sines=3),
        curriculum=evolino.Curriculum((evolino.Oscillators(sines=1),), patience=2),
    )
    whole = run(made, tmp_path / "whole")
    run(made, tmp_path / "broken", callbacks=[CtrlC(2)])
    folder = RunFolder.open(tmp_path / "broken")
    resume(folder, workers=2, baselines=False)
    assert files(folder.path) == whole
    assert [record.variant for record in folder.history()] == [1, 1, 0, 0, 0, 0]


def test_a_run_of_islands_resumed_beyond_its_budget_equals_a_longer_one(tmp_path):
    whole = run(islands(budget=Budget(generations=8)), tmp_path / "whole")
    run(islands(budget=Budget(generations=3)), tmp_path / "short")
    folder = RunFolder.open(tmp_path / "short")
    resume(folder, budget={"generations": 8}, baselines=False)
    assert files(folder.path) == whole


def test_a_worker_killed_on_an_island_costs_nothing(tmp_path):
    flag = tmp_path / "flag"

    class Kill(Callback):
        def on_generation(self, generation, seconds):
            if generation.generation == 2:
                flag.touch()

    task = faulty(fault="kill", flag=str(flag), home=os.getpid()).task
    whole = run(islands(task=task), tmp_path / "whole")
    settings = WorkerSettings(2, "loky")
    broken = run(islands(task=task), tmp_path / "run", workers=settings, callbacks=[Kill()])
    assert list(tmp_path.glob("flag.*")), "nothing was killed"
    assert broken == whole


def test_number_and_exchanges_matter_and_so_does_being_apart():
    histories = [
        run_experiment(made, baselines=False).history
        for made in (islands(3, 2), islands(3, 3), islands(2, 2), islands(1, 2))
    ]
    assert all(a != b for k, a in enumerate(histories) for b in histories[:k])


def test_islands_survive_the_table_and_leave_none_where_there_are_none():
    assert experiment_from_table(experiment_to_table(islands())) == islands()
    assert "islands" not in experiment_to_table(experiment())


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"count": 0}, "islands must be >= 1, got 0"),
        ({"count": 2, "migrate_every": 0}, "migrate_every must be >= 1, got 0"),
    ],
)
def test_wrong_islands_are_refused(fields, message):
    with pytest.raises(ValueError, match=message):
        Islands(**fields)


def test_train_takes_islands():
    result = evolino.train(
        "mso",
        search=find("search", "random")(population=8),
        budget=Budget(generations=2),
        islands=2,
        migrate_every=2,
    )
    assert result.evaluations == 32
    assert result.experiment.islands == evolino.Islands(2, 2)
