"""Pictures of films: strips, an animation, and what the command line makes of a run."""

import numpy as np
import pytest
from PIL import Image, ImageSequence

import evolino
from evolino.cli.app import run
from evolino.plots.film import BORDER, HIGHEST, Film, films_of, frames_figure, write_films
from evolino.search.genetic import Genetic
from evolino.tasks.pictures.frames import Frames
from evolino.training.experiment import Budget, Experiment
from evolino.training.run_experiment import run_experiment
from evolino.training.run_folder import RunFolder


@pytest.fixture
def film(rng):
    target = rng.uniform(size=(5, 4, 6))
    return Film(target, np.clip(target[3:] + 0.1, 0.0, 1.0))


def test_strips_show_the_target_above_the_given_and_the_predicted_frames(film):
    figure = frames_figure([film])
    above, below = figure.axes
    np.testing.assert_array_equal(
        above.images[0].get_array(), np.concatenate(list(film.target), axis=1)
    )
    shown = below.images[0].get_array()
    np.testing.assert_array_equal(shown[:, :18], above.images[0].get_array()[:, :18])
    np.testing.assert_array_equal(shown[:, 18:24], film.predicted[0])
    line = above.lines[-1].get_xdata()  # where the given frames end
    assert list(line) == [3 * 6 - 0.5] * 2
    assert f"{film.error:.4f}" in above.get_title(loc="left")


def test_an_animation_has_every_frame_of_both_beside_each_other(film, tmp_path):
    path = write_films([film, film], tmp_path / "film.gif")
    with Image.open(path) as image:
        scenes = [np.array(each.convert("L")) for each in ImageSequence.Iterator(image)]
    scale = HIGHEST // 6
    assert len(scenes) == 10
    assert scenes[0].shape == (4 * scale, 2 * 6 * scale + BORDER)
    left, right = scenes[1][:, : 6 * scale], scenes[1][:, 6 * scale + BORDER :]
    np.testing.assert_array_equal(left, right)  # a frame that was given
    assert np.abs(left[scale // 2 :: scale, scale // 2 :: scale] / 255 - 1
                  + film.target[1]).max() < 0.03  # fmt: skip


def test_nothing_to_draw_is_an_error():
    with pytest.raises(ValueError, match="no film to draw"):
        frames_figure([])


def test_a_run_is_drawn_and_played_on_the_command_line(tmp_path, capsys):
    experiment = Experiment(
        task=Frames(size=8, given=3, ahead=2, train=3, validation=2, test=2),
        network=evolino.ConvLSTM(2),
        initialiser=evolino.Spread(),
        search=Genetic(population=4, elite=1),
        readout=evolino.Ridge(1e-4),
        budget=Budget(generations=1),
    )
    place = tmp_path / "run"
    result = run_experiment(
        experiment, folder=RunFolder.create(place, experiment), baselines=False
    )
    films = films_of(place)
    assert np.mean([each.error for each in films]) == pytest.approx(result.metrics["mse"])
    assert (
        run(["plot", str(place), "--kind", "frames", "--out", str(tmp_path / "f.svg")]) == 0
    )
    assert (tmp_path / "f.svg").exists()
    assert run(["play", str(place), "--png", str(tmp_path / "p.png")]) == 0
    assert (place / "frames.gif").exists()
    assert (tmp_path / "p.png").exists()
    assert f"squared error {films[0].error:.4g}" in capsys.readouterr().out
    assert run(["play", str(place), "--start", "1,2"]) == 2
    assert run(["play", str(place), "--seed", "3"]) == 2
    assert "which are the test's" in capsys.readouterr().err
