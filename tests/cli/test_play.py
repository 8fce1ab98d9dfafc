"""`evolino play`: episodes of a network, as an animation."""

import pytest
from PIL import Image

from evolino import run
from evolino.training.presets import experiment_for


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """Short runs by the name of the task."""
    place = tmp_path_factory.mktemp("acting")
    few = {"evaluations": 20}
    for name in ("pole", "memory", "control"):
        run(experiment_for(name, budget_options=few), out=place / name)
    return place


@pytest.mark.parametrize("name", ["pole", "memory", "control"])
def test_an_animation_and_a_line_for_each_episode(evolino, runs, tmp_path, name):
    gif = tmp_path / "a.gif"
    status, out, error = evolino("play", runs / name, "--episodes", "2", "--gif", gif)
    assert status == 0, error
    assert out.count("episode ") == 2
    with Image.open(gif) as picture:
        assert picture.n_frames > 3


def test_a_start_of_ones_own_and_a_picture(evolino, runs, tmp_path):
    png = tmp_path / "e.png"
    start = "--start", "0.5,0,0.02,0,0,0"
    status, out, error = evolino(
        "play", runs / "pole", *start, "--png", png, "--gif", tmp_path / "b.gif"
    )
    assert status == 0, error
    assert out.count("episode ") == 1
    assert png.stat().st_size > 1000


def test_a_course_is_played_undisturbed_under_noise_and_shoved(evolino, tmp_path):
    folder, gif, png = tmp_path / "knot", tmp_path / "k.gif", tmp_path / "k.png"
    few = {"evaluations": 20}
    task = {"steps": 80, "crossings": 1}
    run(experiment_for("imitate", task_options=task, budget_options=few), out=folder)
    how = "--episodes", "4", "--gif", gif, "--png", png
    status, out, error = evolino("play", folder, *how)
    assert status == 0, error
    names = [line.split(":")[0].split(maxsplit=2)[2] for line in out.splitlines()[:4]]
    assert names == ["undisturbed", "noise", "noise and a shove", "undisturbed"]
    with Image.open(gif) as picture:
        assert picture.n_frames > 3
    assert png.stat().st_size > 1000
    status, _, error = evolino("play", folder, "--start", "0,0,0")
    assert status == 2
    assert "a course has one start" in error


def test_a_map_of_the_starts_that_are_held(evolino, runs, tmp_path):
    png, gif = tmp_path / "s.png", tmp_path / "c.gif"
    options = "--starts", png, "--gif", gif, "--episodes", "1"
    status, out, error = evolino("play", runs / "pole", *options)
    assert status == 0, error
    assert "starts " in out
    assert png.stat().st_size > 1000
    status, _, error = evolino("play", runs / "memory", *options)
    assert status == 2
    assert "--starts is for two poles" in error


def test_success_is_drawn_of_runs_that_are_solved(evolino, runs, tmp_path):
    png, solved = tmp_path / "success.png", tmp_path / "solved"
    run(experiment_for("pole", task_options={"poles": 1}), out=solved)
    how = "--kind", "success", "--out", png
    status, _, error = evolino("plot", solved, runs / "pole", *how)
    assert status == 0, error
    assert png.stat().st_size > 1000
    status, _, error = evolino("plot", runs / "pole", *how)
    assert status == 2
    assert "none of these runs is solved" in error


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--start", "1,2"), "--start must be 6 numbers"),
        (("--gif", "a.mp4"), "must end in .gif"),
        (("--episodes", "0"), "episodes"),
    ],
)
def test_what_cannot_be_played_is_said_in_a_line(evolino, runs, options, message):
    status, _, error = evolino("play", runs / "pole", *options)
    assert status == 2
    assert message in error
    assert "Traceback" not in error
