"""Laws of scores: times, transposition, swing."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evolino.sound.score import Note, Score, Track, shifted, swung, transposed

SCORE = Score((Track((Note(0, 1, 60), Note(1.5, 0.5, 67))),))


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ((-1, 1, 60), "start must be >= 0"),
        ((0, 0, 60), "length must be > 0"),
        ((0, 1, 128), "pitch must be <= 127"),
        ((0, 1, 60, 0), "velocity must be >= 1"),
    ],
)
def test_a_note_out_of_range_is_named(fields, message):
    with pytest.raises(ValueError, match=message):
        Note(*fields)


def test_tempi_out_of_order_are_named():
    with pytest.raises(ValueError, match="tempo_changes must be at ascending beats"):
        Score((), tempo_changes=((4.0, 90.0), (2.0, 80.0)))
    with pytest.raises(ValueError, match="program must be <= 127"):
        Track((), program=128)


def test_seconds_add_up_over_tempo_changes():
    score = Score((), tempo=60.0, tempo_changes=((4.0, 120.0), (8.0, 30.0)))
    assert [score.seconds_at(beat) for beat in (0, 3, 4, 6, 8, 9)] == [0, 3, 4, 5, 6, 8]


def test_the_length_is_the_last_end():
    assert SCORE.length == 2.0
    assert Score(()).length == 0.0


def test_transposing_leaves_drums():
    score = Score((*SCORE.tracks, Track((Note(0, 1, 36),), drums=True)))
    moved = transposed(score, 5)
    assert [n.pitch for n in moved.tracks[0].notes] == [65, 72]
    assert moved.tracks[1] == score.tracks[1]


@given(st.floats(0, 50), st.floats(0.1, 10), st.floats(0.2, 0.8))
def test_swing_keeps_beats_and_the_order_of_times(start, length, share):
    score = Score((Track((Note(start, length, 60), Note(3.0, 2.0, 60))),))
    free, whole = swung(score, share).tracks[0].notes
    assert (whole.start, whole.length) == (3.0, 2.0)
    assert int(free.start + 1e-9) == int(start + 1e-9)
    assert free.length > 0


def test_swing_moves_the_second_half_of_a_beat():
    late = swung(SCORE, 2 / 3).tracks[0].notes[1]
    assert late.start == pytest.approx(1 + 2 / 3)
    assert late.end == pytest.approx(2.0)
    assert swung(SCORE, 0.5) == SCORE
    with pytest.raises(ValueError, match="share must lie between 0 and 1"):
        swung(SCORE, 1.0)


def test_shifting():
    assert [n.start for n in shifted(SCORE, 4).tracks[0].notes] == [4.0, 5.5]
