"""Pictures of the labelling task."""

import numpy as np
import pytest

import evolino
from evolino.plots.labelling import labels, labels_figure


def test_the_symbol_stands_at_the_peak_of_its_output():
    outputs = np.zeros((9, 3))
    outputs[:, 0], outputs[4, 2] = 0.1, 0.9
    figure = labels_figure([np.ones((9, 2))], [outputs], ["b, read as b"], "ab")
    above, below = figure.axes
    assert above.get_title(loc="left") == "b, read as b"
    (text,) = below.texts
    assert (text.get_text(), text.xy) == ("b", (4, 0.9))
    np.testing.assert_array_equal(below.lines[0].get_ydata(), outputs[:, 0])


def test_a_label_that_comes_twice_is_written_twice():
    outputs = np.full((9, 3), 0.1)
    outputs[:, 0] = 0.5
    outputs[[2, 3, 6], 1] = 0.7, 0.9, 0.8
    figure = labels_figure([np.ones((9, 2))], [outputs], ["aa"], "ab")
    texts = figure.axes[1].texts
    assert [(each.get_text(), each.xy) for each in texts] == [
        ("a", (3, 0.9)), ("a", (6, 0.8))
    ]  # fmt: skip


def test_a_pen_is_drawn_as_its_strokes():
    steps = np.array([[1.0, 0, 0], [0, 1, 0], [5, 5, 1], [1, 1, 0]])
    figure = labels_figure([steps], [np.eye(3)[[0, 1, 0, 0]]], ["a"], "ab", pen=True)
    first, second = figure.axes[0].lines
    np.testing.assert_array_equal(first.get_xydata(), [[0, 0], [1, 0], [1, 1]])
    np.testing.assert_array_equal(second.get_xydata(), [[6, 6], [7, 7]])


def test_nothing_to_draw_is_an_error():
    with pytest.raises(ValueError, match="no sequence to draw"):
        labels_figure([], [], [], ())


def test_a_picture_of_a_run(tmp_path):
    task = evolino.Labelling(training=20, tested=4, longest=3)
    network = evolino.StackedLSTM(
        cells=3, layers=1, bidirectional=True, feedback=False, output="softmax"
    )
    evolino.train(
        task, network=network, readout=evolino.CTC(rounds=3),
        budget=evolino.Budget(evaluations=1), refine=evolino.Adam(steps=2, batch=4),
        out=tmp_path / "run",
    )  # fmt: skip
    assert labels(tmp_path / "run", tmp_path / "labels.png").exists()
