"""Runs whose model is an ensemble: of the best that were evaluated, to the same bits."""

import dataclasses
import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import evolino
from evolino import plots
from evolino.search.genetic import Genetic
from evolino.search.random_search import RandomSearch
from evolino.tasks.signals.oscillators import Oscillators
from evolino.training.baselines import baselines
from evolino.training.best_networks import best_of, lowest_of
from evolino.training.callbacks import Callback
from evolino.training.experiment import Budget, Curriculum, Islands
from evolino.training.problem import Problem
from evolino.training.resume_run import resume
from evolino.training.run_experiment import run_experiment
from evolino.training.run_folder import RunFolder
from tests.support.experiments import experiment

ENSEMBLE = experiment(ensemble=3)
KINDS = {
    "one search": ENSEMBLE,
    "islands": dataclasses.replace(ENSEMBLE, islands=Islands(2, 2)),
    "curriculum": dataclasses.replace(
        ENSEMBLE, curriculum=Curriculum((Oscillators(sines=1),), patience=2)
    ),
    "genetic": dataclasses.replace(ENSEMBLE, search=Genetic(population=16)),
}


class Interrupt(Callback):
    """Ctrl-C after a generation."""

    def on_generation(self, generation, seconds):
        import signal

        if generation.generation == 4:
            signal.raise_signal(signal.SIGINT)


def files(path):
    return {name: (path / name).read_bytes() for name in ("model.npz", "history.jsonl")}


@pytest.mark.parametrize("kind", KINDS)
def test_workers_and_interruptions_change_no_bit(kind, tmp_path):
    made = KINDS[kind]
    whole = RunFolder.create(tmp_path / "whole", made)
    run_experiment(made, folder=whole, baselines=False)
    broken = RunFolder.create(tmp_path / "broken", made)
    first = run_experiment(made, folder=broken, callbacks=[Interrupt()], baselines=False)
    assert first.interrupted
    assert isinstance(evolino.load(broken.path), evolino.Model)  # the best one alone
    resume(RunFolder.open(broken.path), workers=2, baselines=False)
    assert files(broken.path) == files(whole.path)
    assert len(evolino.load(whole.path).members) == 3


@pytest.mark.parametrize("kind", ["one search", "islands", "genetic"])
def test_its_members_are_the_best_that_were_evaluated_each_once(kind):
    model = run_experiment(KINDS[kind], baselines=False).model
    best = run_experiment(
        dataclasses.replace(KINDS[kind], ensemble=1), baselines=False
    ).model
    np.testing.assert_array_equal(model.members[0].genome, best.genome)
    evaluator = Problem(ENSEMBLE).evaluator
    genomes = np.array([member.genome for member in model.members])
    losses = evaluator.losses(genomes)
    assert (np.diff(losses) >= 0).all()
    assert len(np.unique(genomes.reshape(3, -1), axis=0)) == 3


def test_random_search_makes_an_ensemble_of_the_lowest_losses_of_all():
    made = dataclasses.replace(
        ENSEMBLE, search=RandomSearch(population=5), budget=Budget(evaluations=20)
    )
    search, drawn = Problem(made).search(None), []
    for _ in range(4):
        drawn.append(search.ask())
        search.tell(np.zeros(5))
    drawn = np.concatenate(drawn)
    order = np.argsort(Problem(made).evaluator.losses(drawn), kind="stable")
    model = run_experiment(made, baselines=False).model
    for member, wanted in zip(model.members, drawn[order[:3]], strict=True):
        np.testing.assert_array_equal(member.genome, wanted)


def test_baselines_are_ensembles_too():
    made = dataclasses.replace(ENSEMBLE, search=RandomSearch(population=8))
    as_ensemble = baselines(made, evaluations=16)
    alone = baselines(dataclasses.replace(made, ensemble=1), evaluations=16)
    for name in ("unevolved, median of 20 draws", "random search, equal evaluations"):
        assert as_ensemble[name] != alone[name]
    assert as_ensemble == baselines(made, evaluations=16, workers=2)


def test_the_setting_is_kept_and_set_from_python(tmp_path):
    evolino.train("mso", ensemble=2, budget=Budget(evaluations=80), out=tmp_path / "run")
    folder = RunFolder.open(tmp_path / "run")
    assert folder.experiment().ensemble == 2
    metrics = json.loads((folder.path / "result.json").read_text())["metrics"]
    best = evolino.load(folder.path).members[0]
    task = folder.experiment().task
    alone = task.measure(best, task.sequences(np.random.default_rng(0)))
    assert metrics["test_nrmse_alone"] == alone["test_nrmse"] != metrics["test_nrmse"]
    assert len(evolino.load(folder.path).members) == 2


def test_its_runs_are_drawn(tmp_path):
    folder = RunFolder.create(tmp_path / "run", ENSEMBLE)
    run_experiment(ENSEMBLE, folder=folder, baselines=False)
    for draw in (plots.free_run, plots.cells):
        assert draw(folder.path, tmp_path / "a.png").stat().st_size > 5000


def test_what_cannot_be_an_ensemble_is_refused():
    with pytest.raises(ValueError, match="ensemble must be >= 1, got 0"):
        dataclasses.replace(ENSEMBLE, ensemble=0)
    with pytest.raises(ValueError, match="ensemble must be 1 for languages, whose strings"):
        evolino.train("languages", ensemble=2)


SOME_LOSSES = st.lists(
    st.one_of(st.integers(0, 4).map(float), st.just(float("inf"))), max_size=12
)


@given(generations=st.lists(SOME_LOSSES, max_size=5), count=st.integers(1, 5))
def test_the_best_of_generations_are_the_best_of_all_together(generations, count):
    kept = []
    everyone = np.concatenate([np.array([]), *map(np.array, generations)])
    genomes = np.arange(len(everyone), dtype=float).reshape(-1, 1, 1)
    first = 0
    for losses in generations:
        own = genomes[first : first + len(losses)]
        kept = best_of(kept, lowest_of(np.array(losses), own, count), count)
        first += len(losses)
    wanted = lowest_of(everyone, genomes, count)
    assert [loss for loss, _ in kept] == [loss for loss, _ in wanted]
    assert [genome.item() for _, genome in kept] == [g.item() for _, g in wanted]


def test_a_network_that_is_found_again_counts_once():
    found = [(1.0, np.ones((1, 1))), (2.0, np.zeros((1, 1)))]
    assert best_of(found, [(1.0, np.ones((1, 1)))], 3) == found
