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
