"""What a result would be without evolution."""

from dataclasses import replace

import evolino
from evolino.readout.best_only import BestOnly
from evolino.search.random_search import RandomSearch
from evolino.tasks.signals.oscillators import Oscillators
from evolino.training.baselines import baselines
from evolino.training.experiment import Budget, Experiment
from evolino.training.problem import Problem

EXPERIMENT = Experiment(
    task=Oscillators(sines=2),
    network=evolino.LSTM(cells=6, readout_constant=False),
    initialiser=evolino.LinearRegime(),
    search=RandomSearch(population=8),
    readout=evolino.PseudoInverse(),
    budget=Budget(evaluations=32),
)


def test_the_baseline_does_not_draw_what_the_run_draws():
    # A search that begins with random draws would else be compared with its own start.
    drawn = Problem(EXPERIMENT).search(None).ask()
    compared = Problem(EXPERIMENT, purpose="random search").search(None).ask()
    assert all((a != b).any() for a in drawn for b in compared)


def test_baselines_repeat_exactly_whatever_the_workers():
    once = baselines(EXPERIMENT, evaluations=32, workers=1)
    assert once == baselines(EXPERIMENT, evaluations=32, workers=2)
    figures = [each["test_nrmse"] for each in once.values()]
    assert all(figure > 0 for figure in figures) and len(figures) == 4


def test_fewer_draws_are_solved_where_the_readout_is_costly():
    costly = BestOnly(evolino.PseudoInverse(), evolino.Ridge(1e-6), count=1)
    found = baselines(replace(EXPERIMENT, readout=costly), evaluations=32)
    assert "unevolved, median of 5 draws" in found
    assert "unevolved, median of 20 draws" in baselines(EXPERIMENT, evaluations=32)
