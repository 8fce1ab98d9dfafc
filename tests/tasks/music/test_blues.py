"""Laws of the blues: its material, its measures, and that the form is learnt."""

from dataclasses import replace

import numpy as np
import pytest

import evolino
from evolino.network.groups import Group
from evolino.network.initialisers.by_group import ByGroup
from evolino.network.initialisers.delay_line import DelayLine
from evolino.network.initialisers.linear_regime import LinearRegime
from evolino.network.initialisers.spread import Spread
from evolino.network.lstm import LSTM
from evolino.search.random_search import RandomSearch
from evolino.tasks.music import blues_material, blues_measures
from evolino.tasks.music.blues import Blues, practised
from evolino.tasks.music.blues_material import material, song, to_score
from evolino.training.tables import load_table


def test_the_form_is_that_of_the_paper():
    by_bar = material().chords.reshape(12, 8, 12)
    names = ["C", "F7", "C", "C7", "F7", "F#dim", "C", "A7", "Dm", "G7", "A7", "G7"]
    roots = {"C": 0, "F7": 5, "C7": 10, "F#dim": 6, "A7": 1, "Dm": 2, "G7": 7}
    for bar, name in zip(by_bar, names, strict=True):
        assert bar[-1, roots[name]] == 1
    changes = (by_bar[:, 3] != by_bar[:, 4]).any(axis=1)
    assert np.flatnonzero(changes).tolist() == [3, 10, 11]
    assert set(by_bar.sum(axis=2).ravel()) == {3.0, 4.0}


def test_melodies_are_pentatonic_and_their_bars_differ():
    bars = material().bars
    assert set(bars.ravel().tolist()) == {0, 3, 5, 7, 10, 12}
    assert (bars[:, 0] != bars[:, 1]).any(axis=1).all()
    assert len({bar.tobytes() for bar in bars.reshape(24, 8)}) == 24


def test_a_song_plays_its_bars():
    choices = np.array([0, 1] * 6)
    frames = song(choices)
    assert frames.shape == (96, 25)
    assert (frames[:, 12:].sum(axis=1) == 1).all()
    heard = blues_measures.melody_of(frames).reshape(12, 8)
    np.testing.assert_array_equal(heard, material().bars[np.arange(12), choices])


def test_the_score_sounds_like_the_frames():
    score = to_score(song(np.zeros(12, dtype=np.int64)), 150.0)
    melody, chords = score.tracks
    assert (score.length, score.tempo) == (48.0, 150.0)
    frames = np.zeros((96, 25))
    for track, base, first in ((chords, 48, 0), (melody, 60, 12)):
        for note in track.notes:
            rows = slice(round(2 * note.start), round(2 * note.end))
            frames[rows, first + note.pitch - base] = 1
    np.testing.assert_array_equal(frames, song(np.zeros(12, dtype=np.int64)))


def test_no_song_serves_two_parts():
    split = Blues(experiment=2).sequences(np.random.default_rng(0))
    parts = [
        {row.tobytes() for row in practised(replace(split, train=segments))}
        for segments in (split.train, split.validation, split.test)
    ]
    assert [len(part) for part in parts] == [100, 40, 4]
    assert not parts[0] & parts[1] | parts[0] & parts[2] | parts[1] & parts[2]


def test_wrong_chords_are_heard_but_never_wanted():
    task = Blues(corrupted=0.05, wrong_bars=0.02, corrupted_choruses=8)
    split = task.sequences(np.random.default_rng(1))
    for segment in (*split.train, *split.validation):
        form = np.tile(material().chords, (segment.series.steps // 96, 1))
        np.testing.assert_array_equal(segment.series.targets, form)
    spoilt = [s.series for s in split.train if s.series.teacher is not None]
    assert len(spoilt) == 2
    assert all((series.teacher != series.targets).any() for series in spoilt)


def test_wrong_notes_are_heard_but_never_wanted():
    plain = Blues(experiment=2).sequences(np.random.default_rng(1))
    split = Blues(experiment=2, wrong_notes=0.1).sequences(np.random.default_rng(1))
    heard, wanted = (
        np.concatenate([getattr(s.series, name) for s in (*split.train, *split.validation)])
        for name in ("fed_back", "targets")
    )
    np.testing.assert_array_equal(heard[:, :12], wanted[:, :12])
    for notes in (heard[:, 12:], wanted[:, 12:]):
        np.testing.assert_array_equal(notes.sum(axis=1), 1)
    wrong = (heard != wanted).any(axis=1).mean()
    assert 0.08 < wrong < 0.1  # a thirteenth of the notes drawn are the right ones
    assert practised(split).shape == practised(plain).shape


class Player:
    """Plays choruses that are given, and knows the form."""

    def __init__(self, choices):
        self.frames = np.concatenate([song(np.array(each)) for each in choices])

    def improvise(self, steps, prime, choose):
        np.testing.assert_array_equal(prime[:, :12], material().chords[:8])
        frames = self.frames[8 : 8 + steps]
        return frames, frames


def test_what_is_counted_in_melodies():
    task = Blues(experiment=2, choruses=9)
    split = task.sequences(np.random.default_rng(0))
    known = practised(split)
    rng = np.random.default_rng(5)
    new = rng.integers(0, 2, (6, 12))
    choices = [new[0], *new, known[0], new[0], new[1]]
    figures = task.measure(Player(choices), split)
    assert figures["wrong_steps"] == figures["largest_error"] == 0
    assert figures["invalid_bars"] == 0
    # Of the 8 whole choruses one is known, and two repeat.
    assert figures["known_choruses"] == 1 / 8
    assert figures["repeated_choruses"] == 2 / 8 or figures["repeated_choruses"] == 1 / 8
    assert figures["copied_bars"] < 2


def test_a_copied_song_is_found_and_a_wrong_note_too():
    task = Blues(experiment=2, choruses=3)
    split = task.sequences(np.random.default_rng(0))
    known = practised(split)
    player = Player(known[:4])
    figures = task.measure(player, split)
    assert figures["known_choruses"] == 1
    assert figures["copied_bars"] > 3
    player.frames[100, 12:] = np.roll(player.frames[100, 12:], 1)
    player.frames[101, :12] = 0
    figures = task.measure(player, split)
    assert figures["invalid_bars"] == pytest.approx(1 / 24)
    assert figures["wrong_steps"] == pytest.approx(1 / 288)
    assert figures["largest_error"] == 1


def test_longest_runs_by_hand():
    songs = np.zeros((1, 12), dtype=np.int64)
    choices = np.array([[0] * 12, [1] * 12, [0, 0, 1, 0, 0, 0, 1, 1, 0, 0, 1, 1]])
    assert blues_measures.longest_runs(choices, songs).tolist() == [12, 0, 3]


def test_notes_are_drawn_by_their_outputs():
    rng = np.random.default_rng(0)
    outputs = np.concatenate([np.zeros(12), [0.6, 0.3, -2.0], np.zeros(10)])
    choose = blues_measures.sampler(rng, 1.0)
    drawn = np.mean([choose(outputs)[12:15] for _ in range(4000)], axis=0)
    np.testing.assert_allclose(drawn, [2 / 3, 1 / 3, 0], atol=0.03)
    sure = blues_measures.sampler(rng, 0.0)
    assert sure(outputs)[12:].tolist() == [1.0] + [0.0] * 12
    assert blues_measures.draw(np.array([1e-300, 0.0]), rng, 0.01) == 0
    assert blues_measures.draw(np.full(3, -1.0), rng, 1.0) == 0


def test_the_largest_error_decides_before_the_root_mean_square():
    task = Blues()
    targets = np.zeros((1, 96, 12))
    outputs = np.zeros((2, 1, 96, 12))
    outputs[0, 0, 0, 0] = 0.5
    outputs[1] = 0.1
    first, second = task.loss(outputs, targets)
    assert first > second > 0.1
    outputs[0, 0, 5, 3] = np.nan
    assert task.loss(outputs, targets)[0] == np.inf


@pytest.fixture(scope="module")
def chords():
    """A network of 150 cells as it is first drawn, on 20 choruses."""
    experiment = load_table("blues-best").rows[0].experiment(0)
    return evolino.train(
        replace(experiment.task, choruses=20),
        preset="best",
        search=RandomSearch(population=1),
        budget=evolino.Budget(evaluations=1),
    )


def test_the_form_is_kept_with_a_margin(chords):
    assert chords.metrics["wrong_steps"] == 0
    assert chords.metrics["largest_error"] < 0.2


def test_a_network_that_practised_with_wrong_chords_gets_over_them(chords, monkeypatch):
    monkeypatch.setattr("evolino.tasks.music.blues.recovery_figures", lambda model: {})
    assert "lost_after_a_step" not in chords.metrics
    lines = evolino.train(
        Blues(choruses=4, corrupted=0.02, wrong_bars=0.01, corrupted_choruses=60),
        network=LSTM(cells=200, output="threshold in feedback", readout_squares=True),
        initialiser=DelayLine(length=200, lines=2, amplitude=1.0, openness=8.0),
        readout=evolino.Ridge(1e-5),
        search=RandomSearch(population=1),
        budget=evolino.Budget(evaluations=1),
    )
    lost = {
        "clean": blues_measures._lost(chords.model, 2, 1).mean(),
        "spoilt": blues_measures._lost(lines.model, 2, 1).mean(),
    }
    assert lost["spoilt"] < 0.1 < 0.9 < lost["clean"]


def test_chords_are_kept_while_improvising():
    regime = LinearRegime(0.1, 0.98, 0.98, -8.0, 0.0, 0.0)
    result = evolino.train(
        Blues(experiment=2, choruses=8, train_songs=40, validation_songs=4),
        network=LSTM(
            cells=150,
            output="threshold in feedback",
            readout_states=True,
            groups=(Group(70, 12, (0,)), Group(80, 13, (0, 1))),
        ),
        initialiser=ByGroup((regime, Spread())),
        readout=evolino.Ridge(1e-6),
        search=RandomSearch(population=1),
        budget=evolino.Budget(evaluations=1),
    )
    assert result.metrics["wrong_steps"] == 0
    assert result.metrics["invalid_bars"] < 0.5


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"experiment": 3}, "experiment must be 1 or 2, got 3"),
        ({"choruses": 0}, "choruses must be >= 1"),
        ({"corrupted": -0.1}, "corrupted must be >= 0"),
        ({"wrong_notes": -1}, "wrong_notes must be >= 0"),
        ({"train_songs": 4090}, "must leave one of 4096 songs, got 4090"),
        ({"temperature": -1}, "temperature must be >= 0"),
    ],
)
def test_wrong_parameters_are_named(fields, message):
    with pytest.raises(ValueError, match=message):
        Blues(**fields)


def test_a_bar_of_the_text_has_eight_notes():
    with pytest.raises(ValueError, match="a bar has 8 eighth notes, got C - Eb"):
        blues_material._bar(["C", "-", "Eb"])
    assert blues_material._bar(["C'", "-", "F#", "-", "Bb", "-", "-", "-"])[0::2] == [
        12,
        6,
        10,
        10,
    ]


@pytest.mark.parametrize("experiment", [1, 2])
def test_the_loss_has_its_gradient_where_no_wrong_chords_are_fed_back(experiment, rng):
    task = Blues(experiment=experiment)
    targets = (rng.random((2, 9, task.outputs)) < 0.3).astype(float)
    targets[1, 6:] = np.nan
    outputs = rng.normal(0.4, 0.3, targets.shape)
    value, gradient = task.loss_gradient(outputs, targets)
    assert value == pytest.approx(task.loss(outputs[None], targets)[0], rel=1e-12)
    along = rng.normal(size=outputs.shape)
    at = [task.loss((outputs + k * 1e-6 * along)[None], targets)[0] for k in (-1, 1)]
    assert (gradient * along).sum() == pytest.approx((at[1] - at[0]) / 2e-6, rel=1e-6)


def test_a_perfect_output_has_loss_0_and_no_gradient():
    targets = np.ones((1, 3, 12))
    value, gradient = Blues().loss_gradient(targets, targets)
    assert value == 0 and not gradient.any()


def test_a_share_of_wrong_steps_has_no_gradient():
    assert Blues().differentiable
    assert not Blues(corrupted=0.01).differentiable
