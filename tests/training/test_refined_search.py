"""Laws of refinement on the way: the refined network goes back into the search; the bits
stay the same by any workers and after a resume."""

from dataclasses import replace

import numpy as np
import pytest

import evolino
from evolino.training import recorder
from evolino.training.evolution import OneSearch
from evolino.training.problem import Problem
from evolino.training.refined_search import RefinedSearch, refined
from evolino.training.resume_run import resume
from evolino.training.run import Run
from evolino.training.run_experiment import run_experiment
from evolino.training.run_folder import RunFolder
from evolino.training.workers import open_workers

TASK = evolino.MackeyGlass(
    steps=400, washout=200, settling=50, horizon=14, validation_starts=8, test_starts=50
)
FILES = "model.npz", "history.jsonl", "refinement.jsonl"


def experiment(every=2, search=None, evaluations=100):
    return evolino.Experiment(
        TASK,
        evolino.LSTM(cells=4),
        evolino.Gaussian(0.4),
        search or evolino.DiagonalCMAES(population=16, step=0.05),
        evolino.Ridge(1e-9),
        evolino.Budget(evaluations=evaluations),
        refine=evolino.LBFGS(steps=15, every=every, every_steps=8, hold_out=0.0),
    )


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """A run that was never broken off."""
    folder = RunFolder.create(tmp_path_factory.mktemp("whole"), experiment())
    run_experiment(experiment(), folder=folder, baselines=False)
    return folder


def test_the_best_improves_beyond_what_the_search_drew(whole):
    history = whole.history()
    assert history[1].best < history[1].lowest
    assert history[1].best < history[0].best


def two_generations(kind, search):
    """Return the best of the first generation, and the losses of both."""
    problem = Problem(experiment(every=1, search=search))
    evolution = kind(problem, None, None)
    with open_workers(1) as pool:
        (first,) = evolution.advance(pool)
        (second,) = evolution.advance(pool)
    return first.found[0][0], first.losses, second.losses


def test_the_refined_network_is_evaluated_in_a_genetic_algorithms_next_generation():
    loss, first, second = two_generations(RefinedSearch, evolino.Genetic(population=16))
    assert loss < first.min()
    assert loss in second


def test_the_refined_network_moves_an_evolution_strategy():
    search = evolino.DiagonalCMAES(population=16, step=0.05)
    loss, first, second = two_generations(RefinedSearch, search)
    _, plain_first, plain_second = two_generations(OneSearch, search)
    assert loss < first.min()
    np.testing.assert_array_equal(first, plain_first)
    assert np.median(second) < np.median(plain_second)


def test_its_loss_is_the_one_that_evolution_gives():
    problem = Problem(experiment())
    genome = problem.experiment.initialiser.draw(
        problem.experiment.architecture, np.random.default_rng(1), 1
    )[0]
    loss, after = refined(problem, genome)
    assert loss == problem.evaluator.losses(after[None])[0]
    assert loss < problem.evaluator.losses(genome[None])[0]


def test_gradients_are_not_evaluations():
    run = Run(experiment(every=1))
    with open_workers(1) as pool:
        run.step(pool)
    assert run.progress.evaluations == 16


def test_the_bits_do_not_depend_on_workers(whole, tmp_path):
    folder = RunFolder.create(tmp_path / "run", experiment())
    run_experiment(experiment(), folder=folder, baselines=False, workers=3)
    for file in FILES:
        assert (folder.path / file).read_bytes() == (whole.path / file).read_bytes(), file


class StopsAt(evolino.Callback):
    """Breaks a run off after a generation."""

    def __init__(self, number):
        self.number = number

    def on_generation(self, generation, seconds):
        if generation.generation == self.number:
            raise KeyboardInterrupt


@pytest.mark.parametrize("number", [3, 5])
def test_a_run_that_is_broken_off_goes_on_to_the_same_bits(
    number, whole, tmp_path, monkeypatch
):
    monkeypatch.setattr(recorder, "CHECKPOINT_EVERY", 0.0)
    folder = RunFolder.create(tmp_path / "run", experiment())
    with pytest.raises(KeyboardInterrupt):
        run_experiment(
            experiment(), folder=folder, baselines=False, callbacks=[StopsAt(number)]
        )
    assert folder.load_checkpoint() is not None
    resume(RunFolder.open(folder.path), baselines=False)
    for file in FILES:
        assert (folder.path / file).read_bytes() == (whole.path / file).read_bytes(), file


def test_a_budget_that_cuts_a_generation_short_can_be_raised(whole, tmp_path):
    folder = RunFolder.create(tmp_path / "run", experiment(evaluations=40))
    run_experiment(experiment(evaluations=40), folder=folder, baselines=False)
    assert folder.history()[-1].evaluations == 40
    resume(folder, baselines=False, budget={"evaluations": 100})
    for file in FILES:
        assert (folder.path / file).read_bytes() == (whole.path / file).read_bytes(), file


def test_a_finished_run_is_refined_afterwards_and_keeps_its_search(whole, tmp_path):
    folder = RunFolder.create(tmp_path / "run", experiment())
    run_experiment(experiment(), folder=folder, baselines=False)
    resume(folder, baselines=False, refine=evolino.LBFGS(steps=5))
    assert RunFolder.open(folder.path).experiment().refine.every == 2
    with pytest.raises(ValueError, match=r"refine\.every is for a run from its beginning"):
        resume(folder, baselines=False, refine=evolino.LBFGS(every=1))


def test_islands_are_refused():
    with pytest.raises(ValueError, match="leave out islands"):
        replace(experiment(), islands=evolino.Islands(2))
