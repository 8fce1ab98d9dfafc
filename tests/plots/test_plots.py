"""Laws of pictures: they exist, show something, and repeat to the byte."""

import dataclasses
import io

import numpy as np
import pytest

import evolino
from evolino.plots import (
    Curve,
    canvas,
    cells,
    cells_figure,
    fitness,
    fitness_figure,
    free_run,
    response_figure,
    save,
)
from evolino.plots.canvas import spread_apart
from evolino.plots.fitness_curves import best_at, quantiles
from evolino.plots.run_names import name_differences
from evolino.training.experiment import Budget
from evolino.training.history import Generation
from evolino.training.run_folder import RunFolder
from evolino.training.tables import load_table


def shows_something(path):
    """Whether a PNG holds more than one colour, on more than a few pixels."""
    from matplotlib.image import imread

    pixels = imread(io.BytesIO(path.read_bytes()))[..., :3]
    return pixels.std() > 0.02 and len(np.unique(pixels.reshape(-1, 3), axis=0)) > 10


def history(generations=12, seed=0):
    rng = np.random.default_rng(seed)
    losses = 10.0 ** -np.cumsum(rng.random(generations))
    return [
        Generation(k + 1, 8 * (k + 1), loss, loss, 2 * loss, 4 * loss, np.inf, 3)
        for k, loss in enumerate(losses.tolist())
    ]


def make_run(path, row=0, seed=0, generations=12, cells=3):
    """A folder of a run whose network is a first draw."""
    experiment = load_table("mso-paper").rows[row].experiment(seed)
    experiment = dataclasses.replace(
        experiment,
        network=dataclasses.replace(experiment.network, cells=cells),
        budget=Budget(generations=1),
    )
    folder = RunFolder.create(path, experiment)
    for record in history(generations, seed):
        folder.append(record, record.generation / 10)
    rng = np.random.default_rng(seed)
    architecture = experiment.architecture
    genome = experiment.initialiser.draw(architecture, rng, 1)[0]
    weights = 0.1 * rng.normal(size=(architecture.readout_width, 1))
    folder.save_model(evolino.Model(architecture, genome, weights).as_state())
    return path


@pytest.fixture(autouse=True)
def coarse(monkeypatch):
    """Draw few pixels, to save time."""
    monkeypatch.setattr(canvas, "RESOLUTION", 40)


@pytest.fixture
def run(tmp_path):
    return make_run(tmp_path / "run")


@pytest.mark.parametrize("against", ["generations", "evaluations", "seconds"])
def test_the_fitness_of_a_run(run, tmp_path, against):
    picture = fitness([run], tmp_path / "deep" / "p.png", against=against)
    assert shows_something(picture)


def test_the_fitness_of_several_runs_and_settings(tmp_path):
    runs = [make_run(tmp_path / f"{row}-{s}", row, s) for row in (0, 1) for s in (0, 1, 2)]
    assert shows_something(fitness(runs, tmp_path / "p.png", against="seconds"))


def test_a_network_at_work(run, tmp_path):
    assert shows_something(free_run(run, tmp_path / "run.png"))
    assert shows_something(cells(run, tmp_path / "cells.png"))


def test_many_cells_become_maps(tmp_path):
    many = make_run(tmp_path / "many", cells=9)
    assert shows_something(cells(many, tmp_path / "many.png"))


@pytest.mark.parametrize("suffix", [".png", ".svg"])
def test_the_same_data_give_the_same_bytes(run, tmp_path, suffix):
    for draw in (lambda out: fitness([run], out), lambda out: free_run(run, out)):
        first, second = (draw(tmp_path / f"{k}{suffix}").read_bytes() for k in (1, 2))
        assert first == second


def test_pictures_leave_the_callers_matplotlib_alone(run, tmp_path):
    import matplotlib

    before = dict(matplotlib.rcParams)
    fitness([run], tmp_path / "p.png")
    assert dict(matplotlib.rcParams) == before


def test_other_endings_are_refused_before_anything_is_read(tmp_path):
    for draw in (lambda out: fitness([], out), lambda out: free_run(tmp_path, out)):
        with pytest.raises(ValueError, match=r"must end in \.png or \.svg"):
            draw(tmp_path / "p.jpeg")
    assert list(tmp_path.iterdir()) == []


def test_other_axes_and_empty_runs_are_refused(tmp_path, run):
    with pytest.raises(ValueError, match="nearest: generations"):
        fitness([run], tmp_path / "p.png", against="generation")
    empty = make_run(tmp_path / "empty", generations=0)
    with pytest.raises(ValueError, match="no generation"):
        fitness([empty], tmp_path / "p.png")
    assert not (tmp_path / "p.png").exists()


@pytest.mark.parametrize(
    ("best", "generations", "count"),
    [(0.0, 1, 1), (0.0, 5, 3), (1e-300, 5, 1), (1e300, 5, 3), (1.0, 1, 3), (np.inf, 5, 1),
     (np.inf, 1, 3)],
)  # fmt: skip
def test_any_losses_can_be_drawn(tmp_path, best, generations, count):
    records = [
        Generation(k, k, best, best, best, best, np.inf, 1) for k in range(generations)
    ]
    curve = Curve.of(records, "generations")
    figure = fitness_figure({"a": [curve] * count}, against="generations")
    assert shows_something(save(figure, tmp_path / "p.png"))


def test_losses_of_all_magnitudes_can_be_drawn_together(tmp_path):
    records = [
        Generation(k, k, loss, loss, 1e308, 1e308, np.inf, 1)
        for k, loss in enumerate((1e308, 1.0, 1e-308))
    ]
    curve = Curve.of(records, "generations")
    for count in (1, 2):
        figure = fitness_figure({"a": [curve] * count}, against="generations")
        assert shows_something(save(figure, tmp_path / "p.png"))


@pytest.mark.parametrize(
    ("outputs", "steps", "segments"),
    [(1, 1, 1), (1, 40, 4), (3, 40, 1), (1, 2000, 1), (20, 1, 2), (20, 2000, 1)],
)
def test_any_response_can_be_drawn(tmp_path, rng, outputs, steps, segments):
    targets = [rng.normal(size=(steps, outputs)) for _ in range(segments)]
    guesses = [target + 1e-3 for target in targets]
    guesses[0][steps // 2 :] = np.inf
    figure = response_figure(guesses, targets, start=5, before=targets[0][:5])
    assert shows_something(save(figure, tmp_path / "p.png"))


def test_a_perfect_response_can_be_drawn(tmp_path):
    target = np.ones((30, 1))
    figure = response_figure([target], [target], free_running=False)
    assert shows_something(save(figure, tmp_path / "p.png"))


def test_responses_of_another_shape_are_refused():
    with pytest.raises(ValueError, match="target"):
        response_figure([np.zeros((3, 1))], [np.zeros((4, 1))])
    with pytest.raises(ValueError, match="0 outputs"):
        response_figure([], [])


@pytest.mark.parametrize("count", [1, 30])
def test_cells_that_did_nothing_can_be_drawn(tmp_path, count):
    still = np.zeros((1, count))
    figure = cells_figure(still, still, {"input gate": still}, signal=np.zeros((1, 2)))
    assert shows_something(save(figure, tmp_path / "p.png"))


@pytest.mark.parametrize(("outputs", "maps"), [(2, 0), (25, 1)])
def test_a_series_of_many_outputs_is_a_map(outputs, maps):
    cells = np.eye(30, 3)
    figure = cells_figure(cells, cells, {"input gate": cells}, signal=np.eye(30, outputs))
    assert len(figure.axes[0].images) == maps
    assert len(figure.axes[0].lines) == (0 if maps else outputs)


def test_the_best_of_a_run_is_carried_forward():
    curve = Curve.of(history(3), "evaluations")
    found = best_at(curve, np.array([1.0, 8.0, 15.0, 24.0, 99.0]))
    np.testing.assert_array_equal(found, [np.inf, *curve.best[[0, 0, 2, 2]]])


def test_quantiles_know_infinity():
    values = np.array([[1.0, np.inf], [3.0, 1.0], [5.0, np.nan]])
    found = quantiles(values, (0.0, 0.25, 0.5))
    np.testing.assert_array_equal(found, [[1, 1], [2, np.inf], [3, np.inf]])


def test_settings_are_named_by_what_differs():
    shared = {"task.name": "mso", "preset": "best", "search.name": "esp"}
    assert name_differences([shared]) == ["mso best"]
    rows = [{**shared, "network.cells": c, "task.sines": s} for c, s in ((5, 2), (9, 3))]
    assert name_differences(rows) == ["sines 2, cells 5", "sines 3, cells 9"]


def test_labels_are_moved_apart_and_stay_in_order():
    moved = spread_apart([0.2, 0.21, 0.22, 0.9], [1, 2, 1, 1], 0.05)
    assert np.all(np.diff(moved) >= [0.074, 0.074, 0.049])
    assert max(spread_apart([0.98, 0.99, 1.0], [1, 1, 1], 0.05)) == 1.0
    assert spread_apart([], [], 0.1) == []


def test_a_sweep_shows_sizes_times_and_the_unevolved(tmp_path):
    from evolino.plots import SweepPoint, save, sweep_figure

    points = [
        SweepPoint(30, np.array([1e-3, 2e-3, np.inf]), np.array([9.0, 10.0, 11.0]), 0.5),
        SweepPoint(60, np.array([np.inf]), np.array([20.0])),
        SweepPoint(100, np.array([1e-4]), np.array([30.0]), 1e-2),
    ]
    figure = sweep_figure(points, metric="nrmse84")
    by_cells, by_seconds = figure.axes
    assert [tick.get_text() for tick in by_cells.get_xticklabels()] == ["30", "60", "100"]
    assert by_seconds.get_xlabel() == "seconds a seed"
    assert len(by_cells.get_legend().get_texts()) == 2
    assert save(figure, tmp_path / "sweep.png").stat().st_size > 5000
    with pytest.raises(ValueError, match="no row"):
        sweep_figure([], metric="nrmse84")
