"""Laws of `evolino refine`: what is set reaches the refinement, or is one line."""

from dataclasses import replace

import pytest

import evolino as package
from evolino.training.run_experiment import run_experiment
from evolino.training.run_folder import RunFolder


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """The folder of a run on chorales that was not refined."""
    experiment = package.Experiment(
        package.Chorales(),
        package.LSTM(3, output="logistic"),
        package.Uniform(0.5),
        package.RandomSearch(),
        package.Logistic(0.05),
        package.Budget(evaluations=2),
    )
    folder = RunFolder.create(tmp_path_factory.mktemp("finished"), experiment)
    run_experiment(experiment, folder=folder, baselines=False)
    return folder


def test_fields_that_are_set_are_those_of_the_refinement(finished, evolino):
    code, _, _ = evolino(
        "refine", finished.path, "--steps", 3, "--quiet", "--set", "refine.folds=2",
        "--set", "refine.round_steps=2", "--set", 'refine.genes=["feedback"]',
    )  # fmt: skip
    assert code == 0
    expected = package.LBFGS(steps=3, folds=2, round_steps=2, genes=("feedback",))
    assert RunFolder.open(finished.path).experiment().refine == expected
    assert "test_nll_unrefined" in finished.result()["metrics"]


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        (
            "readout.penalty=1",
            "--set is for fields of refine here, such as folds, got 'rea",
        ),
        (
            "refine.name=adam",
            "--set is for fields of refine here, such as folds, got 'name",
        ),
        ("refine.fold=1", "has no field 'fold'; nearest: folds"),
        ("refine.folds=-1", "folds must be"),
        ("refine.folds=99", "folds must be at most the 23 series, got 99"),
    ],
)
def test_what_is_set_wrongly_is_one_line(finished, evolino, setting, message):
    code, _, err = evolino("refine", finished.path, "--steps", 3, "--set", setting)
    assert code == 2
    assert message in err
    assert replace(finished.experiment(), refine=None) == replace(
        RunFolder.open(finished.path).experiment(), refine=None
    )


def test_a_field_that_has_an_option_and_is_set_too_is_one_line(finished, evolino):
    code, _, err = evolino(
        "refine", finished.path, "--scales", "cell", "--set", "refine.scales=group"
    )
    assert code == 2
    assert "--scales and --set refine.scales are one: give one of them" in err


def test_an_ensemble_is_refined_where_as_many_networks_are(evolino, tmp_path):
    code, _, err = evolino(
        "run", "chorales", "--cells", 2, "--precision", "float64", "--refine", "lbfgs",
        "--refine-steps", 1, "--refine-best", 2, "--set", "ensemble=2", "--set",
        "refine.folds=2", "--evaluations", 2, "--no-baselines", "--quiet", "--out", "run",
    )  # fmt: skip
    assert code == 0, err
    folder = RunFolder.open(tmp_path / "run")
    assert folder.experiment().refine == package.LBFGS(steps=1, best=2, folds=2)
    assert {"test_nll_unrefined", "test_nll_alone"} <= folder.result()["metrics"].keys()


def test_an_ensemble_of_a_preset_that_refines_takes_its_number_of_networks(evolino):
    """The preset refines one network; the option counts before the ensemble is checked."""
    options = (
        "run", "chorales", "--preset", "chords", "--set", "ensemble=2", "--refine-best",
    )  # fmt: skip
    code, _, err = evolino(*options, 1)
    assert code == 2
    assert "refine.best must be at least ensemble, 2, got 1" in err
    code, _, err = evolino(*options, 2, "--cells", 0)
    assert code == 2
    assert "cells" in err


def test_a_field_is_given_once(evolino, finished):
    for name, value in (("steps", 3), ("starts", 0)):
        setting = f"refine.{name}={value}"
        options = (f"--{name}", value, "--set", setting)
        code, _, err = evolino("refine", finished.path, *options)
        assert code == 2
        assert f"--{name} and --set refine.{name} are one: give one of them" in err
