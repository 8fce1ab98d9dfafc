"""Laws of every task of control: episodes, losses, tests, runs."""

import json

import numpy as np
import pytest

import evolino
from evolino.environments.base import Environment, Outcomes
from evolino.registry import find, from_table, to_table
from evolino.training.presets import experiment_for
from evolino.training.tables import load_table, presets_of
from evolino.training.workers.base import WorkerSettings
from tests.support.registered import CONTROL


@pytest.fixture(params=CONTROL)
def task(request):
    return find("task", request.param)()


def every_row():
    return [
        (name, preset, row.label)
        for name in CONTROL
        for preset in presets_of(name)
        for row in load_table(f"{name}-{preset}").rows
    ]


def test_the_same_generator_gives_the_same_episodes(task):
    first, second = (task.sequences(np.random.default_rng(3)).episodes for _ in range(2))
    np.testing.assert_array_equal(first.starts, second.starts)
    np.testing.assert_array_equal(first.noise, second.noise)


def test_episodes_have_the_shapes_of_the_environment(task):
    these, environment = task.sequences(np.random.default_rng(0)).episodes, task.environment
    compiled = isinstance(environment, Environment)
    widths = (environment.states, environment.noise) if compiled else (1, 0)
    assert these.starts.shape == (these.number, widths[0])
    assert these.noise.shape == (these.number, these.steps, widths[1])
    assert (task.inputs, task.outputs) == (environment.observations, environment.actions)


def test_a_loss_is_above_0_and_each_networks_own(task, rng):
    number = task.sequences(np.random.default_rng(0)).episodes.number
    outcomes = Outcomes(*rng.uniform(0, 1, (3, 5, number)))
    losses = task.outcome_loss(outcomes)
    assert losses.shape == (5,)
    assert (losses > 0).all()
    for p, alone in enumerate(outcomes.apart()):
        np.testing.assert_array_equal(task.outcome_loss(alone), losses[p : p + 1])


def test_baselines_have_the_metrics_of_the_task_and_do_not_solve_it(task):
    split = task.sequences(np.random.default_rng(0))
    for figures in task.baselines(split).values():
        assert figures["solved"] == 0.0
    first, *others = (set(each) for each in task.baselines(split).values())
    assert all(each == first for each in others)


def test_targets_are_refused(task):
    with pytest.raises(TypeError, match="outcome_loss"):
        task.loss(np.zeros((1, 1, 1, 1)), np.zeros((1, 1, 1)))


def test_a_task_is_the_same_from_its_table(task):
    assert from_table("task", to_table(task)) == task


@pytest.mark.parametrize(("name", "preset", "label"), every_row())
def test_every_preset_acts_and_evolves_its_outputs(name, preset, label):
    table = load_table(f"{name}-{preset}")
    (row,) = [each for each in table.rows if each.label == label]
    experiment = row.experiment(0)
    assert experiment.readout.name == "evolved"
    assert experiment.network.evolved_outputs


FEW = {"evaluations": 40}


@pytest.mark.parametrize("name", CONTROL)
@pytest.mark.parametrize("backend", ["threads", "loky"])
def test_two_workers_give_the_bits_of_one(name, backend, tmp_path):
    experiment = experiment_for(name, seed=5, budget_options=FEW)
    one = evolino.run(experiment, out=tmp_path / "one")
    workers = WorkerSettings(2, backend)
    two = evolino.run(experiment, out=tmp_path / "two", workers=workers)
    assert one.history == two.history
    np.testing.assert_array_equal(one.model.genome, two.model.genome)
    np.testing.assert_array_equal(one.model.output, two.model.output)
    assert one.metrics == two.metrics


@pytest.mark.parametrize("name", CONTROL)
def test_a_loaded_network_acts_as_before(name, tmp_path):
    experiment = experiment_for(name, seed=5, budget_options=FEW)
    result = evolino.run(experiment, out=tmp_path / "run")
    loaded = evolino.load(tmp_path / "run")
    task = experiment.task
    these = task.sequences(np.random.default_rng(1)).episodes
    before = result.model.play(task.environment, these)
    after = loaded.play(task.environment, these)
    for a, b in zip(before.arrays, after.arrays, strict=True):
        np.testing.assert_array_equal(a, b)
    written = json.loads((tmp_path / "run" / "result.json").read_text())
    assert written["metrics"] == result.metrics


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"readout": "pseudo-inverse"}, "readout evolved"),
        ({"fields": {"network": {"evolved_outputs": False}}}, "evolved_outputs True"),
        ({"fields": {"network": {"readout_inputs": True}}}, "readout_inputs"),
        ({"fields": {"tolerance": 0.5}}, "tolerance must be inf"),
    ],
)
def test_settings_of_solved_readouts_are_refused(changes, message):
    with pytest.raises(ValueError, match=message):
        evolino.run(experiment_for("pole", budget_options=FEW, **changes))


def test_evolved_outputs_are_refused_where_there_are_targets():
    fields = {
        "network": {
            "evolved_outputs": True,
            "feedback": False,
            "readout_inputs": False,
            "readout_states": False,
            "readout_squares": False,
            "readout_constant": False,
        }
    }
    with pytest.raises(ValueError, match="tasks of control"):
        evolino.run(
            experiment_for("mso", readout="evolved", fields=fields, budget_options=FEW)
        )
