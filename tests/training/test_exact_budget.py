"""A budget of so many evaluations is spent exactly, and can be raised later."""

import numpy as np
import pytest

import evolino
from evolino.training.resume_run import resume
from evolino.training.run_experiment import run_experiment
from evolino.training.run_folder import RunFolder
from tests.support.experiments import experiment

SEARCHES = ["random", "esp", "genetic", "diagonal-cma-es", "screened"]


def short(search, evaluations):
    from evolino.registry import from_table

    table = {"name": search}
    if search == "screened":
        table["search"] = {"name": "random"}
    made = from_table("search", table)
    return experiment(search=made, budget=evolino.Budget(evaluations=evaluations))


@pytest.mark.parametrize("search", SEARCHES)
def test_so_many_networks_are_evaluated_and_no_more(search):
    for count in (1, 20, 130):
        result = run_experiment(short(search, count), baselines=False)
        assert result.evaluations == count
        assert result.history[-1].evaluations == count
        assert result.model is not None


def test_more_are_evaluated_to_the_bits_of_a_larger_budget(tmp_path):
    whole = run_experiment(short("random", 250), baselines=False)
    folder = RunFolder.create(tmp_path / "run", short("random", 120))
    run_experiment(short("random", 120), folder=folder, baselines=False)
    assert folder.history()[-1].evaluations == 120
    went_on = resume(folder, budget={"evaluations": 250}, baselines=False)
    assert went_on.history == whole.history == folder.history()
    np.testing.assert_array_equal(went_on.model.genome, whole.model.genome)


def test_resuming_a_run_that_spent_its_budget_changes_nothing(tmp_path):
    folder = RunFolder.create(tmp_path / "run", short("random", 120))
    first = run_experiment(short("random", 120), folder=folder, baselines=False)
    again = resume(folder, baselines=False)
    assert again.history == first.history
    assert again.metrics == first.metrics
