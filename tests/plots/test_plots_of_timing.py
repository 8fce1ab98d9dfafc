"""Pictures of the timing task."""

from pathlib import Path

import numpy as np
import pytest

import evolino
from evolino.plots.timing import reach, reach_figure, spikes, spikes_figure, wilson


def test_every_window_is_centred_on_a_spike():
    at = np.array([2, 20, 40, 60, 98])
    outputs = np.zeros((100, 1))
    outputs[at] = 1.0
    states = np.arange(100.0)[:, None]
    figure = spikes_figure(
        states, {"forget gate": states}, outputs, at=at, before=5, after=4
    )
    assert [axes.get_ylabel() for axes in figure.axes] == [
        "cell state", "forget gate", "output"
    ]  # fmt: skip
    lines = [line for line in figure.axes[2].lines if len(line.get_xdata()) == 10]
    assert len(lines) == 3  # the first and the last spike are too near the ends
    for line in lines:
        assert line.get_xdata()[np.argmax(line.get_ydata())] == 0


def test_no_window_is_an_error():
    zeros = np.zeros((9, 1))
    with pytest.raises(ValueError, match="no spike has enough steps"):
        spikes_figure(zeros, {}, zeros, at=np.array([1]), before=5, after=5)


def test_shares_and_their_intervals():
    solved = {"esp": {10: [True, True], 100: [True, False]}, "random": {10: [False] * 20}}
    (axes,) = reach_figure(solved).axes
    esp = axes.containers[0]
    np.testing.assert_array_equal(esp.lines[0].get_ydata(), [1.0, 0.5])
    assert axes.get_legend_handles_labels()[1] == ["esp", "random"]
    with pytest.raises(ValueError, match="no run to draw"):
        reach_figure({})


def test_the_interval_of_wilson():
    # Newcombe 1998, Statistics in Medicine 17, table I: 81 of 263 and 0 of 20.
    np.testing.assert_allclose(wilson(81, 263), (0.2553, 0.3662), atol=5e-5)
    np.testing.assert_allclose(wilson(0, 20), (0.0, 0.1611), atol=5e-5)


def test_pictures_of_runs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for seed in (0, 1):
        evolino.train("timing", seed=seed, budget=evolino.Budget(generations=2),
                      out=f"r{seed}")  # fmt: skip
    spikes(Path("r0"), Path("r0/spikes.png"))
    reach([Path("r0"), Path("r1")], Path("reach.svg"))
    assert (tmp_path / "r0" / "spikes.png").exists()
    assert (tmp_path / "reach.svg").exists()
