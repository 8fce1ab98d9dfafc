"""Laws of config.toml."""

import math
import tomllib
from dataclasses import replace

import pytest
import tomli_w
from hypothesis import given, settings
from hypothesis import strategies as st

from evolino.network.lstm import LSTM
from evolino.registry import find
from evolino.tasks.signals.oscillators import Oscillators
from evolino.training.config import experiment_from_table, experiment_to_table
from evolino.training.experiment import Budget, Curriculum, Experiment


def make_experiment(**changes):
    settings = {
        "task": Oscillators(sines=2),
        "network": LSTM(cells=4),
        "initialiser": find("initialiser", "gaussian")(),
        "search": find("search", "random")(),
        "readout": find("readout", "pseudo-inverse")(),
        "budget": Budget(generations=3),
    }
    return Experiment(**{**settings, **changes})


def through_toml(experiment):
    text = tomli_w.dumps(experiment_to_table(experiment))
    return experiment_from_table(tomllib.loads(text))


@given(
    noise=st.floats(0, 1e300),
    frequencies=st.lists(st.floats(1e-300, 3.1), max_size=3),
    seed=st.integers(0, 2**80),
    tolerance=st.floats(1e-300) | st.just(math.inf),
    seconds=st.floats(1e-300, 1e300),
    preset=st.none() | st.text(st.characters(exclude_categories=["Cs"]), max_size=6),
)
@settings(max_examples=50, deadline=None)
def test_an_experiment_survives_toml_to_the_bit(
    noise, frequencies, seed, tolerance, seconds, preset
):
    easier = Curriculum((Oscillators(sines=1), Oscillators(sines=2)), advance_at=0.1)
    experiment = make_experiment(
        task=Oscillators(noise=noise, frequencies=tuple(frequencies)),
        seed=seed,
        tolerance=tolerance,
        budget=Budget(seconds=seconds, target=noise),
        preset=preset,
        curriculum=easier,
    )
    assert through_toml(experiment) == experiment


def test_every_search_readout_and_initialiser_survives_toml():
    from evolino.registry import names

    for kind in ("search", "readout", "initialiser"):
        for name in names(kind):
            experiment = make_experiment(**{kind: find(kind, name)()})
            assert through_toml(experiment) == experiment


def test_the_table_says_defaults_too():
    table = experiment_to_table(make_experiment())
    assert table["network"]["forget_gate"] is True
    assert table["task"] == {
        "name": "mso",
        "sines": 2,
        "frequencies": [],
        "noise": 0.0,
        "free_run": 300,
    }
    assert "tolerance" not in table
    assert "preset" not in table
    assert table["budget"] == {"generations": 3}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"serch": {}}, "no field 'serch'; nearest: search"),
        ({"network": {"cels": 3}}, "network has no field 'cels'; nearest: cells"),
        ({"network": {}}, "network needs 'cells'"),
        ({"network": 3}, "network must be a table"),
        ({"budget": {"generation": 3}}, "nearest: generations"),
        ({"search": {"name": "randm"}}, "unknown search 'randm'; nearest: random"),
        ({"readout": {"name": "rigde"}}, "unknown readout 'rigde'; nearest: ridge"),
        ({"task": {"name": "mso", "sines": 0}}, "sines must be >= 1"),
        ({"curriculum": {"variants": [{"name": "mos"}]}}, "unknown task 'mos'"),
    ],
)
def test_a_wrong_table_says_what_is_wrong(change, message):
    table = experiment_to_table(make_experiment())
    with pytest.raises(ValueError, match=message):
        experiment_from_table({**table, **change})


@pytest.mark.parametrize("missing", ["task", "network", "search", "readout", "initialiser"])
def test_a_missing_table_is_named(missing):
    table = experiment_to_table(make_experiment())
    del table[missing]
    with pytest.raises(ValueError, match=f"needs a table '{missing}'"):
        experiment_from_table(table)


def test_equal_experiments_have_equal_tables():
    one, other = make_experiment(), make_experiment()
    assert experiment_to_table(one) == experiment_to_table(other)
    assert experiment_to_table(one) != experiment_to_table(replace(one, seed=1))
