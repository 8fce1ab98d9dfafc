"""Laws of the pictures of counting networks."""

import io

import numpy as np
import pytest

from evolino.plots import canvas, save
from evolino.plots.counting import (
    Strings,
    acceptance_figure,
    counters_figure,
    margins_figure,
)
from evolino.plots.languages import acceptance, counters, lengths, margins
from evolino.training.presets import experiment_for
from evolino.training.run_folder import RunFolder


@pytest.fixture(autouse=True)
def coarse(monkeypatch):
    """Draw few pixels, to save time."""
    monkeypatch.setattr(canvas, "RESOLUTION", 40)


def shows_something(path):
    from matplotlib.image import imread

    pixels = imread(io.BytesIO(path.read_bytes()))[..., :3]
    return pixels.std() > 0.02 and len(np.unique(pixels.reshape(-1, 3), axis=0)) > 10


@pytest.fixture
def run(tmp_path, golden):
    """The folder of a run on a^n b^n whose network was made by hand."""
    options = {"language": "anbn", "encoding": "one-hot"}
    model = golden("anbn")
    for seed in (0, 1):
        experiment = experiment_for("languages", task_options=options, seed=seed)
        folder = RunFolder.create(tmp_path / f"run-{seed}", experiment)
        folder.save_model(model.as_state())
    return tmp_path / "run-0"


def test_runs_are_drawn(run, tmp_path):
    both = [run, tmp_path / "run-1"]
    assert shows_something(counters(run, tmp_path / "c.png", n=5))
    assert shows_something(acceptance(both, tmp_path / "a.png"))
    assert shows_something(margins(both, tmp_path / "m.png"))


def test_the_same_data_give_the_same_bytes(run, tmp_path):
    first, second = (counters(run, tmp_path / f"{k}.svg").read_bytes() for k in (1, 2))
    assert first == second


def test_a_task_without_counted_strings_is_refused(tmp_path):
    folder = RunFolder.create(tmp_path / "mso", experiment_for("mso"))
    for draw in (
        lambda out: counters(folder.path, out),
        lambda out: margins([folder.path], out),
    ):
        with pytest.raises(ValueError, match="mso has no counted strings"):
            draw(tmp_path / "p.png")


def test_strings_of_every_short_n_and_of_some_long_ones_are_tried():
    n = lengths()
    np.testing.assert_array_equal(n[:200], np.arange(1, 201))
    assert (np.diff(n) > 0).all()
    assert n[-1] == 100_000


@pytest.mark.parametrize("length", [2, 30, 200])
def test_any_string_can_be_drawn(tmp_path, rng, length):
    symbols = ["S", *("ab"[k * 2 // length] for k in range(length - 1))]
    figure = counters_figure(
        symbols, rng.normal(size=(length, 9)), rng.normal(size=(length, 3)), "abT"
    )
    upper, lower = figure.axes
    assert len(upper.get_legend().get_texts()) == 6
    texts = [text.get_text() for text in lower.get_xticklabels()]
    assert texts == symbols if length < 60 else texts == ["S", "a x 100", "b x 99"]
    assert shows_something(save(figure, tmp_path / "p.png"))


def test_a_bar_is_grey_from_the_first_n_that_is_rejected():
    n = np.array([1, 2, 3, 10, 100])
    figure = acceptance_figure({"one": [Strings(n, np.array([1, 1, 1, -1, -1.0]))]})
    bars = [(bar.get_x(), bar.get_width()) for bar in figure.axes[0].patches]
    np.testing.assert_allclose(bars, [(1, 9), (10, 95)])


@pytest.mark.parametrize("draw", [acceptance_figure, margins_figure])
def test_any_margins_can_be_drawn(tmp_path, draw):
    n = np.array([1, 2])
    networks = {
        name: [Strings(n, np.array(values)) for values in rows]
        for name, rows in {
            "all": [[1.0, 1.0]] * 3,
            "none": [[-1e30, -np.inf]],
            "some": [[0.1, -0.1], [-0.1, 0.1]],
        }.items()
    }
    assert shows_something(save(draw(networks), tmp_path / "p.png"))
    with pytest.raises(ValueError, match="no network"):
        draw({"nothing": []})


def test_a_string_of_another_length_is_refused():
    with pytest.raises(ValueError, match="got 2 symbols"):
        counters_figure("ab", np.zeros((3, 1)), np.zeros((3, 2)), "ab")
