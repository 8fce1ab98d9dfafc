"""Laws of piano rolls."""

import numpy as np
import pytest

from evolino.plots.canvas import save
from evolino.plots.piano_roll import note_name, piano_roll_figure
from tests.sound.test_midi import SCORE


def test_every_note_is_drawn_where_it_sounds():
    figure = piano_roll_figure({"one": SCORE, "two": SCORE})
    for axes in figure.axes:
        bars = [bar for container in axes.containers for bar in container]
        drawn = sorted((bar.get_x(), bar.get_y() + bar.get_height() / 2) for bar in bars)
        melodic = [n for track in SCORE.tracks if not track.drums for n in track.notes]
        for note in melodic:
            distances = np.abs(np.array(drawn) - (note.start / 3, note.pitch)).sum(axis=1)
            assert distances.min() < 1e-9
        assert len(drawn) == sum(len(track.notes) for track in SCORE.tracks)


def test_drums_are_named(tmp_path):
    figure = piano_roll_figure({"one": SCORE}, bars=1)
    labels = [label.get_text() for label in figure.axes[0].get_yticklabels()]
    assert {"bass drum", "snare", "C4", "C3"} <= set(labels)
    assert save(figure, tmp_path / "a.png").stat().st_size > 5000


def test_note_names():
    assert [note_name(p) for p in (60, 69, 21)] == ["C4", "A4", "A0"]


def test_nothing_to_draw():
    with pytest.raises(ValueError, match="there is no score to draw"):
        piano_roll_figure({})
