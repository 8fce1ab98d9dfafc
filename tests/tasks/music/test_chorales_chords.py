"""Laws of chorales by chords: the notes of four voices at once, scored as pitches."""

import numpy as np
import pytest

import evolino
from evolino.models.music import go_on
from evolino.network.initialisers.spread import Spread
from evolino.readout.in_parts import blocks_of
from evolino.readout.logistic import Logistic
from evolino.search.random_search import RandomSearch
from evolino.tasks.music import chorales_chords as module
from evolino.tasks.music import chorales_frames as frames
from evolino.tasks.music.chorales import Chorales


def test_chords_notes_and_pitches_are_the_same_music(chorales):
    for chorale in chorales[:20]:
        chords = module.chords_of(chorale.notes)
        np.testing.assert_array_equal(module.notes_of_chords(chords), chorale.notes)
        np.testing.assert_array_equal(
            module.pitch_chances(chords), frames.pitches_of(chorale.notes)
        )


def test_a_pitch_sounds_unless_no_voice_sings_it():
    chances = np.zeros(frames.UNITS)
    pitch = 60  # that soprano and bass may sing both
    for row, chance in ((0, 0.5), (1, 0.25)):
        low = frames.RANGES[frames.ORDER[row]][0]
        chances[frames.FIRSTS[row] + 1 + pitch - low] = chance
    chances[frames.FIRSTS] = 1.0 - 0.5  # a rest sounds no pitch
    found = module.pitch_chances(chances)
    assert found[pitch - frames.LOWEST] == pytest.approx(1 - 0.5 * 0.75)
    assert np.count_nonzero(found) == 1


def test_the_nats_are_those_of_the_same_chances_of_pitches(chorales, rng):
    chords, pitches = (
        Chorales(predicts=each).sequences(np.random.default_rng(0)).test[0].targets
        for each in ("chords", "pitches")
    )
    chances = rng.uniform(0.0, 0.2, chords.shape)
    np.testing.assert_allclose(
        Chorales(predicts="chords").loss(chances[None, None], chords[None]),
        Chorales().loss(module.pitch_chances(chances)[None, None], pitches[None]),
    )


def test_a_network_predicts_chords_and_plays_them(chorales):
    task = Chorales(predicts="chords")
    result = evolino.train(
        task,
        network=evolino.LSTM(cells=12, output="softmax", alternatives=frames.SIZES),
        initialiser=Spread(),
        readout=Logistic(1e-2, exclusive=True),
        search=RandomSearch(population=1),
        budget=evolino.Budget(evaluations=1),
    )
    split = task.sequences(np.random.default_rng(0))
    counted = task.baselines(split)
    assert counted == Chorales().baselines(Chorales().sequences(np.random.default_rng(0)))
    assert set(result.metrics) == {"test_nll", "frame_accuracy"}
    assert result.metrics["test_nll"] < counted["1-gram"]["test_nll"] + 0.3
    played = go_on(result.model, task, split.test[0].targets[:8], 20, seed=1)
    np.testing.assert_array_equal(np.add.reduceat(played, frames.FIRSTS, axis=1), 1.0)
    assert len(task.score(played, 80.0).tracks) == 4


def test_chords_do_not_harmonise():
    with pytest.raises(ValueError, match="only a network that predicts voices"):
        Chorales(predicts="chords").harmoniser(
            np.random.default_rng(0), None, np.array([60])
        )


def test_each_block_of_alternatives_is_checked_by_itself():
    network = evolino.LSTM(cells=2, output="softmax", alternatives=(2, 3))
    parts = network.for_task(0, 5).driver().readout_parts()
    targets = np.array([[1.0, 0, 0, 1, 0], [0, 1, 1, 0, 0]])
    for block in blocks_of(parts, targets):
        Logistic(exclusive=True).check(block)
    with pytest.raises(ValueError, match="one class a row"):
        for block in blocks_of(parts, np.ones((2, 5))):
            Logistic(exclusive=True).check(block)
