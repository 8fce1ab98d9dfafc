"""Laws of the intervals that chorales are fed with beside their notes."""

from itertools import pairwise

import numpy as np
import pytest

import evolino
from evolino.models.music import go_on, harmonise
from evolino.tasks.music import chorales_intervals as intervals
from evolino.tasks.music.chorales import Chorales
from evolino.tasks.music.chorales_chords import chords_of
from evolino.tasks.music.chorales_frames import UNITS, last_notes, rows_of

KINDS = ["chords", "voices"]


def blocks_of(row):
    """Return what a row of inputs says: classes, those that sound, above, moves."""
    ends = np.cumsum([0, 4 * 12, 12, 3 * 12, 4 * 25])
    parts = [row[a:b] for a, b in pairwise(ends)]
    assert ends[-1] == len(row) == intervals.INTERVALS
    shapes = ((4, 12), (12,), (3, 12), (4, 25))
    return [part.reshape(shape) for part, shape in zip(parts, shapes, strict=True)]


def test_the_intervals_of_a_c_major_chord_that_was_approached_by_steps():
    notes = np.array([[71, 67, 62, 43], [72, 67, 64, 48], [0, 67, 64, 48]])
    found = intervals.intervals_of(chords_of(notes), 1)
    classes, sound, above, moves = blocks_of(found[1])
    assert classes.argmax(axis=1).tolist() == [0, 7, 4, 0]
    assert np.flatnonzero(sound).tolist() == [0, 4, 7]
    assert above.argmax(axis=1).tolist() == [0, 7, 4]
    assert (moves.argmax(axis=1) - 12).tolist() == [1, 0, 2, 5]
    # What came first has no move, nor has a rest anything.
    assert not blocks_of(found[0])[3].any()
    classes, _, above, moves = blocks_of(found[2])
    assert not classes[0].any() and not above[0].any() and not moves[0].any()
    assert moves[1:].argmax(axis=1).tolist() == [12, 12, 12]


def test_a_leap_of_more_than_an_octave_counts_as_one():
    notes = np.array([[84, 67, 62, 43], [60, 67, 62, 43]])
    moves = blocks_of(intervals.intervals_of(chords_of(notes), 1)[1])[3]
    assert moves[0].argmax() == 0


def test_by_voices_each_moves_from_its_own_note_before():
    notes = np.array([[71, 67, 62, 43], [72, 67, 64, 48]])
    fed_back = last_notes(rows_of(notes))
    at = intervals.intervals_of(fed_back, 4)
    # Soprano and bass have come to the second chord, alto and tenor not yet.
    classes, _, above, moves = blocks_of(at[5])
    assert classes.argmax(axis=1).tolist() == [0, 7, 2, 0]
    assert above[1:].argmax(axis=1).tolist() == [7, 2]
    assert (moves.argmax(axis=1) - 12).tolist()[:1] == [1]
    assert (moves.argmax(axis=1) - 12).tolist()[3:] == [5]


@pytest.mark.parametrize("predicts", KINDS)
def test_nothing_is_known_before_it_has_sounded(predicts, chorales):
    """A change of a row changes the inputs behind it alone, and they follow from it."""
    task = Chorales(predicts=predicts, intervals=True)
    notes = chorales[0].notes[::2]
    changed = notes.copy()
    changed[6] = np.where(notes[6] == 0, 0, notes[6] + 1)
    series = [
        intervals.series_of(each, predicts, intervals=True) for each in (notes, changed)
    ]
    rows = 4 if predicts == "voices" else 1
    differs = (series[0].inputs != series[1].inputs).any(axis=1)
    assert not differs[: 6 * rows + 1].any() and differs[6 * rows + 1 :].any()
    for t in range(len(series[0].targets)):
        np.testing.assert_array_equal(
            task.inputs_after(series[0].fed_back[:t]), series[0].inputs[t]
        )


@pytest.fixture(scope="module")
def trained(chorales):
    def of(predicts):
        network = evolino.LSTM(3, output="softmax", alternatives=(34, 38, 33, 32))
        return evolino.train(
            Chorales(predicts=predicts, intervals=True),
            network=network,
            readout=evolino.Logistic(0.1, exclusive=True, relative="own", steps=1),
            budget=evolino.Budget(evaluations=2),
            baselines=False,
        )

    return {predicts: of(predicts) for predicts in KINDS}


@pytest.mark.parametrize("predicts", KINDS)
def test_a_continuation_is_fed_the_intervals_of_its_own_notes(predicts, trained, chorales):
    """What it drew, as a piece, gives the same outputs at once."""
    model, task = trained[predicts].model, Chorales(predicts=predicts, intervals=True)
    split = task.sequences(np.random.default_rng(0))
    prime = task.prime(split, 0)
    rows = 4 if predicts == "voices" else 1
    frames = go_on(model, task, prime, 8 * rows, seed=3)
    inputs = np.zeros((len(frames), intervals.INTERVALS))
    inputs[1:] = intervals.intervals_of(frames, rows)[:-1]
    drawn = iter(frames[len(prime) :])
    _, outputs = model.improvise(
        8 * rows, prime, lambda _: next(drawn), inputs=task.inputs_after
    )
    drawn = iter(frames[len(prime) :])
    _, known = model.improvise(8 * rows, prime, lambda _: next(drawn), inputs=inputs)
    np.testing.assert_array_equal(outputs, known)
    assert frames.shape == (len(prime) + 8 * rows, UNITS)


def test_a_melody_is_harmonised_with_the_intervals_to_it(trained):
    task = Chorales(predicts="voices", intervals=True)
    melody = np.array([72, 74, 76, 72])
    frames = harmonise(trained["voices"].model, task, melody)
    assert intervals.sounding(frames)[3::4, 0].tolist() == melody.tolist()


def test_pitches_have_no_intervals_of_voices():
    with pytest.raises(ValueError, match="predicts must be chords or voices"):
        Chorales(intervals=True)


def test_a_row_with_intervals_is_for_those_who_ask_for_them():
    """Its number of cells does not choose it: nobody is fed what they did not ask for."""
    from evolino.training.presets import experiment_for

    assert not experiment_for("chorales", "voices", cells=200).task.intervals
    asked = experiment_for("chorales", "voices", task_options={"intervals": True})
    assert asked.task.intervals and asked.ensemble == 6
    assert experiment_for("chorales", "intervals").task.intervals
