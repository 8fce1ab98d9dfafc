"""`evolino.train`: what is given replaces the preset's, the rest stays."""

import numpy as np
import pytest

import evolino
from evolino.search.random_search import RandomSearch
from evolino.training.presets import experiment_for
from evolino.training.run_folder import RunFolder
from evolino.training.tables import load_table, merge, presets_of, tables

SHORT = evolino.Budget(evaluations=16)


def test_names_and_records_mean_the_same():
    by_name = evolino.train("mso", search="random", readout="ridge", budget=SHORT, seed=3)
    by_record = evolino.train(
        evolino.Oscillators(sines=5),
        search=RandomSearch(),
        readout=evolino.Ridge(),
        budget=SHORT,
        seed=3,
    )
    np.testing.assert_array_equal(by_name.model.genome, by_record.model.genome)
    assert by_name.metrics == by_record.metrics


def test_a_task_chooses_its_row_of_the_preset():
    made = experiment_for(evolino.Oscillators(sines=3), "paper")
    assert made.network.cells == 15
    assert experiment_for("mso", "paper", task_options={"sines": 2}).network.cells == 10
    assert experiment_for("mso", "paper", cells=33).network.cells == 33


@pytest.mark.parametrize("options", [{}, {"sines": 5}])
def test_five_sines_of_the_papers_are_the_usual_ones(options):
    made = experiment_for("mso", "paper", task_options=options)
    assert made.network.cells == 20
    assert made.task.angular_frequencies == (0.2, 0.311, 0.42, 0.51, 0.74)


def test_another_search_comes_with_its_own_defaults_the_same_one_with_the_presets():
    assert experiment_for("mso", "paper", search="esp").search.mutation == 0.01
    assert experiment_for("mso", "best", search="esp").search.mutation == 0.1


def test_any_limit_replaces_the_presets_budget():
    budget = experiment_for("mso", budget_options={"seconds": 3.0}).budget
    assert budget == evolino.Budget(seconds=3.0)


def test_a_series_needs_no_preset_of_its_own(rng):
    task = evolino.SeriesTask(np.sin(0.3 * np.arange(420)), test=20)
    result = evolino.train(task, budget=SHORT, network=evolino.LSTM(cells=5))
    assert result.metrics["test_nrmse"] >= 0
    assert result.model.architecture.cells == 5


def test_files_are_left_only_where_asked_for(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    evolino.train("mso", budget=SHORT)
    assert not list(tmp_path.iterdir())
    evolino.train("mso", budget=SHORT, out="here")
    assert (tmp_path / "here" / "model.npz").is_file()
    with pytest.raises(ValueError, match="not empty"):
        evolino.train("mso", budget=SHORT, out="here")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"task": "msso"}, "unknown task 'msso'; nearest: mso"),
        ({"preset": "papre"}, "unknown preset of mso 'papre'; nearest: paper"),
        ({"search": "epsilon"}, "unknown search 'epsilon'"),
        ({"readout": "rigde"}, "unknown readout 'rigde'; nearest: ridge"),
        ({"initialiser": "unifrom"}, "unknown initialiser 'unifrom'; nearest: uniform"),
        ({"workers": 0}, "workers must be >= 1, got 0"),
        ({"seed": -1}, "seed must be >= 0, got -1"),
    ],
)
def test_what_cannot_work_is_named(options, message):
    with pytest.raises(ValueError, match=message):
        evolino.train(**{"task": "mso", "budget": SHORT, **options})


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"task": 3}, "task must be a name or have a method sequences, got 3"),
        ({"task": None}, "task must be a name or have a method sequences, got None"),
        ({"network": 3}, "network must be an architecture such as evolino.LSTM, got 3"),
        ({"budget": 3}, "budget must be of evolino.Budget, got 3"),
        ({"curriculum": 3}, "curriculum must be of evolino.Curriculum, got 3"),
        ({"search": 3}, "search must be a name or have a method start, got 3"),
        ({"readout": 3}, "readout must be a name or have a method solve, got 3"),
        ({"initialiser": 3}, "initialiser must be a name or have a method draw, got 3"),
    ],
)
def test_what_is_of_another_kind_is_named(options, message):
    with pytest.raises(TypeError, match=message):
        evolino.train(**{"task": "mso", **options})


def test_workers_are_checked_before_a_folder_is_made(tmp_path):
    with pytest.raises(ValueError, match="workers must be >= 1"):
        evolino.train("mso", budget=SHORT, workers=0, out=tmp_path / "run")
    assert list(tmp_path.iterdir()) == []


def test_tables_merge_key_by_key_but_another_class_replaces_all():
    base = {"search": {"name": "esp", "mutation": 0.1}, "network": {"cells": 3}}
    assert merge(base, {"search": {"mutation": 0.2}})["search"] == {
        "name": "esp",
        "mutation": 0.2,
    }
    assert merge(base, {"search": {"name": "random"}})["search"] == {"name": "random"}
    assert base["search"]["mutation"] == 0.1


# Metrics with published figures that are printed beside the metric of a table.
BESIDE = {
    "languages": {
        *("accepted_from", "accepted_through", "accepted_to", "deterministic_accuracy"),
    },
    "parity": {"training_errors"},
    "pole": {"evaluations"},  # which a run counts
    "timing": {"solved", "rmse"},
}


@pytest.mark.parametrize(
    "name", [name for name in tables() if name not in ("series-best", "music-best")]
)
def test_every_row_of_every_table_is_an_experiment(name):
    table = load_table(name)
    assert table.preset in presets_of(table.task)
    for row in table.rows:
        made = row.experiment(seed=7)
        assert made.seed == 7
        assert made.task.name == table.task
        made.initialiser.draw(made.architecture, np.random.default_rng(0), 1)
        metrics = {figure.metric for figure in (*row.published, *made.task.published())}
        assert metrics <= {table.metric, *table.also} | BESIDE.get(table.task, set())


def test_cells_are_shared_out_among_groups_as_before():
    made = experiment_for("blues", task_options={"experiment": 2}, cells=60)
    assert [group.cells for group in made.network.groups] == [20, 40]
    assert made.architecture.outputs == 25
    few = experiment_for("blues", task_options={"experiment": 2}, cells=2)
    assert [group.cells for group in few.network.groups] == [1, 1]
    with pytest.raises(ValueError, match="cells must be >= 2 for as many groups, got 1"):
        experiment_for("blues", task_options={"experiment": 2}, cells=1)


def test_the_fit_counts_from_python_as_it_does_in_an_experiment(tmp_path):
    evolino.train(
        "mso",
        fit_weight=0.5,
        confirm_at=0.25,
        budget=evolino.Budget(evaluations=8),
        out=tmp_path / "run",
    )
    experiment = RunFolder.open(tmp_path / "run").experiment()
    assert (experiment.fit_weight, experiment.confirm_at) == (0.5, 0.25)


def test_an_experiment_is_run_again_and_resumed_to_the_bits_of_a_longer_run(tmp_path):
    first = evolino.train("mso", budget=evolino.Budget(generations=2), seed=1)
    folder = tmp_path / "run"
    again = evolino.run(first.experiment, out=folder, workers=2)
    assert again.history == first.history

    longer = evolino.Budget(generations=4)
    whole = evolino.train("mso", budget=longer, seed=1)
    resumed = evolino.resume(folder, budget=longer, workers=evolino.WorkerSettings(count=2))
    assert resumed.history == whole.history
    np.testing.assert_array_equal(resumed.model.genome, whole.model.genome)
    assert evolino.resume(folder).generations == 4


def test_what_run_and_resume_cannot_use_is_named(tmp_path):
    with pytest.raises(TypeError, match=r"experiment must be of evolino.Experiment"):
        evolino.run("mso")
    with pytest.raises(TypeError, match=r"budget must be of evolino.Budget"):
        evolino.resume(tmp_path, budget={"generations": 4})
    with pytest.raises(ValueError, match=r"is not the folder of a run"):
        evolino.resume(tmp_path)
