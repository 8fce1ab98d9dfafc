"""Laws of the picture of a refined run: both phases on one axis of seconds."""

import numpy as np
import pytest

import evolino
from evolino.plots import run_pictures
from evolino.plots.descent import Descent, refined_figure
from evolino.plots.fitness_curves import Curve
from evolino.training.run_experiment import run_experiment
from evolino.training.run_folder import RunFolder


@pytest.fixture(scope="module")
def refined(tmp_path_factory):
    """The folder of a refined run."""
    task = evolino.MackeyGlass(
        steps=400, washout=200, settling=50, horizon=21, validation_starts=8, test_starts=50
    )
    experiment = evolino.Experiment(
        task,
        evolino.LSTM(cells=3),
        evolino.DelayLine(length=2),
        evolino.RandomSearch(),
        evolino.Ridge(1e-9),
        evolino.Budget(evaluations=16),
        refine=evolino.LBFGS(steps=30, round_steps=10),
    )
    folder = RunFolder.create(tmp_path_factory.mktemp("refined"), experiment)
    run_experiment(experiment, folder=folder, baselines=False)
    return folder


def test_every_round_has_its_seconds_after_those_of_the_search(refined):
    times, rounds = refined.refinement.times(), refined.refinement.rounds()
    assert [each["round"] for each in times] == [each["round"] for each in rounds]
    for field in ("seconds", "cpu_seconds"):
        seconds = [*(each[field] for each in refined.timing() + times)]
        assert seconds == sorted(seconds)


@pytest.mark.parametrize("against", ["seconds", "cpu-seconds"])
def test_a_refined_run_is_drawn_with_its_descent(refined, against, tmp_path, monkeypatch):
    drawn = []

    def draw(curve, descent, *, against):
        drawn.append(descent)
        return refined_figure(curve, descent, against=against)

    monkeypatch.setattr("evolino.plots.descent.refined_figure", draw)
    picture = run_pictures.fitness([refined.path], tmp_path / "a.png", against=against)
    assert picture.stat().st_size > 1000
    (descent,) = drawn
    lowest = [min(each["losses"]) for each in refined.refinement.rounds()]
    np.testing.assert_array_equal(descent.losses, lowest)


def test_against_evaluations_the_search_alone_is_drawn(refined, tmp_path):
    assert run_pictures._descent_of(refined.path, "evaluations") is None
    assert run_pictures.fitness([refined.path], tmp_path / "a.png").is_file()


def test_both_phases_share_the_axis_of_seconds():
    five = np.arange(1.0, 6.0)
    curve = Curve(five, 1 / five, 1 / five, 1 / five, 1 / five)
    descent = Descent(five + 5, -five, np.append(-five[:-1], np.inf))
    figure = refined_figure(curve, descent, against="cpu-seconds")
    above, below = figure.axes
    assert above.get_xlim() == below.get_xlim()
    assert below.get_xlabel() == "CPU seconds"
