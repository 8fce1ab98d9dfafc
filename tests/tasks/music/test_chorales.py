"""Laws of the chorales, on made-up ones; and of how real ones are read."""

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

import evolino
from evolino.models.music import go_on, harmonise
from evolino.network.initialisers.spread import Spread
from evolino.readout.logistic import Logistic
from evolino.search.random_search import RandomSearch
from evolino.sound.midi import read_midi, write_midi
from evolino.sound.score import Note, Score, Track
from evolino.tasks.music import chorales as module
from evolino.tasks.music import chorales_corpus as corpus
from evolino.tasks.music import chorales_frames as frames
from evolino.tasks.music import music_measures as measures
from evolino.tasks.music.chorales import Chorales, key_of_chorale
from evolino.tasks.music.chorales_choosers import pitch_chooser, voice_chooser
from evolino.tasks.music.chorales_split import LEAKY, parts_by_number
from evolino.tasks.music.keys import Key, key_of


def test_the_melody_split_is_recorded_by_number():
    parts = list(parts_by_number("melody").values())
    assert [parts.count(part) for part in module.PARTS] == [205, 77, 69]
    assert set(parts_by_number(LEAKY)) == set(parts_by_number("melody"))


def test_frames_and_notes_are_the_same_music(chorales):
    for chorale in chorales[:20]:
        np.testing.assert_array_equal(
            frames.notes_of(frames.last_notes(frames.rows_of(chorale.notes))), chorale.notes
        )
        roll = frames.pitches_of(chorale.notes)
        for row, notes in zip(roll, chorale.notes, strict=True):
            sounding = np.flatnonzero(row) + frames.LOWEST
            assert set(sounding.tolist()) == set(notes.tolist()) - {0}


def test_voices_take_turns(chorales):
    rows = frames.rows_of(chorales[0].notes)
    np.testing.assert_array_equal(rows.sum(axis=1), 1)
    blocks = np.searchsorted(frames.FIRSTS, rows.argmax(axis=1), side="right") - 1
    np.testing.assert_array_equal(blocks, np.arange(len(rows)) % 4)


@pytest.mark.parametrize("tonic", range(12))
def test_a_piece_moves_to_the_plain_key(tonic):
    scale = np.array([6, 0, 3, 0, 4, 3, 0, 5, 0, 3, 0, 2.0])
    assert key_of(np.roll(scale, tonic), 36 + tonic) == Key(tonic, False)
    moved = tonic + Key(tonic, False).to_plain
    assert moved % 12 == 0 and -6 <= Key(tonic, False).to_plain <= 5
    assert (tonic + Key(tonic, True).to_plain) % 12 == 9


def test_made_up_chorales_end_on_c_once_they_are_moved(chorales):
    split = Chorales(predicts="voices").sequences(np.random.default_rng(0))
    last = frames.notes_of(split.train[0].series.fed_back)[-1]
    assert last[3] % 12 == 0
    plain = Chorales(transpose=False).sequences(np.random.default_rng(0))
    assert len({s.targets[-1].tobytes() for s in plain.train}) > 1
    assert {key_of_chorale(each).tonic for each in chorales} == {11, 0, 1, 2}


def test_heard_are_the_last_notes_of_all_voices(chorales):
    heard = frames.last_notes(frames.rows_of(chorales[4].notes))
    np.testing.assert_array_equal(heard.sum(axis=1)[:4], [1, 2, 3, 4])
    np.testing.assert_array_equal(heard[3:].sum(axis=1), 4)
    bass, alto = frames.block(1), frames.block(2)
    np.testing.assert_array_equal(heard[5, alto], heard[3, alto])
    np.testing.assert_array_equal(heard[6, bass], heard[5, bass])


def test_a_continuation_hears_the_voices_of_its_prime(chorales):
    prime = frames.last_notes(frames.rows_of(chorales[4].notes[:6]))
    choose = voice_chooser(np.random.default_rng(0), 1.0, prime)
    first = choose(np.ones(frames.UNITS))
    np.testing.assert_array_equal(first[frames.SIZES[0] :], prime[-1, frames.SIZES[0] :])
    assert first.sum() == 4


def test_grids_have_a_frame_a_note():
    quarter, eighth = (
        Chorales(grid=grid, predicts="voices").sequences(np.random.default_rng(0))
        for grid in ("quarter", "eighth")
    )
    a, b = (frames.notes_of(s.train[3].series.fed_back) for s in (quarter, eighth))
    np.testing.assert_array_equal(np.repeat(a, 2, axis=0), b)
    assert Chorales(grid="eighth").beats_per_frame == 0.5
    assert Chorales(predicts="voices").beats_per_frame == 0.25


def test_the_likelihood_of_independent_pitches_by_hand():
    targets = np.array([[1.0, 0.0, 0.0]])
    outputs = np.array([[0.5, 0.25, 0.0]])
    wanted = -np.log(0.5) - np.log(0.75)
    np.testing.assert_allclose(measures.frame_nats(outputs, targets), [wanted])
    assert measures.frame_nats(np.array([[np.nan, 0, 0]]), targets)[0] == np.inf
    assert np.isnan(measures.frame_nats(outputs, np.full((1, 3), np.nan))).all()


def test_the_likelihood_of_a_class_is_its_share_of_its_block():
    targets = np.array([[0.0, 1.0, 0, 0, 0], [0, 0, 0, 0, 1]])
    outputs = np.array([[0.2, 0.6, 9.0, 9.0, 9.0], [5.0, 5.0, 0.0, 0.5, 0.5]])
    found = measures.class_nats(outputs, targets, (2, 3))
    np.testing.assert_allclose(found, [-np.log(0.75), -np.log(0.5)])


def test_accuracy_by_hand():
    came = np.array([[1.0, 1, 0, 0], [0, 0, 1, 0]])
    outputs = np.array([[0.9, 0.2, 0.7, 0.0], [0.1, 0.0, 0.6, 0.0]])
    assert measures.accuracy(outputs, came, 0.5) == 2 / 4
    assert measures.accuracy(outputs, came, 0.15) == 3 / 4
    assert measures.best_threshold(outputs, came) < 0.2


def test_drawn_frames_have_the_chances_given():
    rng = np.random.default_rng(0)
    chances = np.array([0.9, 0.5, 0.05, 0.0, 0.3])
    choose = pitch_chooser(rng, 1.0)
    drawn = np.mean([choose(chances) for _ in range(4000)], axis=0)
    np.testing.assert_allclose(drawn, chances, atol=0.03)
    assert pitch_chooser(rng, 0.0)(chances).tolist() == [1, 1, 1, 0, 1]


def test_drawn_voices_keep_their_order_and_the_melody():
    rng = np.random.default_rng(0)
    melody = np.array([60, 0, 72])
    choose = voice_chooser(rng, 1.0, soprano=melody)
    rows = np.array([choose(rng.random(frames.UNITS)) for _ in range(20)])
    notes = frames.notes_of(rows)
    assert notes[:3, 0].tolist() == melody.tolist()
    for voice, (low, high) in enumerate(frames.RANGES):
        own = notes[:, voice][notes[:, voice] > 0]
        assert ((own >= low) & (own <= high)).all()
    with pytest.raises(ValueError, match="soprano must have MIDI pitches"):
        voice_chooser(rng, 1.0, soprano=np.array([100]))


def test_a_score_is_heard_as_it_was_written(chorales, tmp_path):
    notes = chorales[2].notes[::2]
    score = frames.score_of_voices(notes, 1.0, 80.0)
    write_midi(score, tmp_path / "a.mid")
    np.testing.assert_array_equal(
        frames.voices_of(read_midi(tmp_path / "a.mid"), 1.0), notes
    )


def learnt(task, **options):
    return evolino.train(
        task,
        preset="best",
        network=evolino.LSTM(cells=12, **options),
        initialiser=Spread(),
        readout=Logistic(1e-2, exclusive="alternatives" in options),
        search=RandomSearch(population=1),
        budget=evolino.Budget(evaluations=1),
    )


@pytest.fixture(scope="module")
def by_voice(chorales):
    task = Chorales(predicts="voices")
    return learnt(task, output="softmax", alternatives=frames.SIZES)


def test_a_network_foretells_pitches(chorales):
    result = learnt(Chorales(), output="logistic")
    split = Chorales().sequences(np.random.default_rng(0))
    counted = Chorales().baselines(split)
    assert set(result.metrics) == {"test_nll", "frame_accuracy"}
    # Each chord is drawn anew: nothing is better than counting, and 4 chords are log 4.
    assert result.metrics["test_nll"] < counted["1-gram"]["test_nll"] + 0.3
    played = go_on(result.model, Chorales(), split.test[0].targets[:8], 20, seed=1)
    assert played[:8].tolist() == split.test[0].targets[:8].tolist()
    assert set(np.unique(played).tolist()) == {0.0, 1.0}


def test_voices_are_nearly_sure_once_the_soprano_is_known(by_voice):
    # One of four chords, two of which share a soprano.
    nats = by_voice.metrics["test_nll_voices"]
    assert 0.8 < nats < 1.8


def test_a_melody_is_harmonised(by_voice):
    task = by_voice.experiment.task
    melody = task.melody(3)
    rows = harmonise(by_voice.model, task, melody, seed=2, temperature=0.0)
    notes = frames.notes_of(rows)
    np.testing.assert_array_equal(notes[:, 0], melody)
    chords = {tuple(np.sort(each % 12)) for each in notes}
    assert len(chords) <= 6  # of the four that were learnt, but for doubled notes
    other = harmonise(by_voice.model, task, melody, seed=3, temperature=2.0)
    assert (other != rows).any()


def test_only_voices_harmonise():
    with pytest.raises(ValueError, match="only a network that predicts voices"):
        Chorales().harmoniser(np.random.default_rng(0), None, np.array([60]))


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"predicts": "notes"}, "unknown predicts 'notes'"),
        ({"grid": "half"}, "valid: eighth, quarter"),
        ({"split": "number"}, "leaky"),
        ({"temperature": -1}, "temperature must be >= 0"),
    ],
)
def test_wrong_parameters_are_named(fields, message):
    with pytest.raises(ValueError, match=message):
        Chorales(**fields)


def test_a_piece_that_there_is_not_is_named():
    split = Chorales().sequences(np.random.default_rng(0))
    with pytest.raises(ValueError, match=r"piece must be 0 to \d, got 69"):
        Chorales().prime(split, 69)
    assert len(Chorales().prime(split, 0)) == 8
    assert len(Chorales(predicts="voices").prime(split, 0)) == 32


def test_pitches_out_of_range_are_named():
    high = Score((Track((Note(0.0, 1.0, 100),)),))
    with pytest.raises(ValueError, match="MIDI pitches from 31 to 84, got 100"):
        Chorales().frames_of(high)


@pytest.fixture
def empty(tmp_path, monkeypatch):
    """A cache folder with nothing in it."""
    monkeypatch.setenv("EVOLINO_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def test_without_music21_a_line_says_what_to_install(empty, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "music21", None)
    with pytest.raises(ValueError, match=r"pip install 'evolino\[music\]'"):
        corpus.chorales()


def test_a_damaged_cache_is_built_again(empty, monkeypatch, chorales, capsys):
    monkeypatch.setattr(corpus, "build", lambda: tuple(chorales[:3]))
    empty.mkdir()
    (empty / corpus.FILE).write_bytes(b"PK damaged")
    found = corpus.chorales()
    assert "damaged" in capsys.readouterr().err
    corpus._read.cache_clear()
    again = corpus.chorales()
    assert capsys.readouterr().err == ""
    for a, b, c in zip(found, again, chorales, strict=False):
        assert (a.number, a.phrase) == (b.number, b.phrase) == (c.number, c.phrase)
        np.testing.assert_array_equal(a.notes, c.notes)
        np.testing.assert_array_equal(b.notes, c.notes)


def test_music21_is_read_as_it_sounds():
    """One chorale of the installed corpus: what the cache is built of."""
    from music21 import corpus as music21_corpus

    score = music21_corpus.parse("bach/bwv269")
    chorale = corpus.read_score(1, score)
    for voice, part in enumerate(score.parts):
        sounding = part.flatten().notes
        for note in sounding:
            row = round(2 * float(note.offset))
            assert chorale.notes[row, voice] == note.pitch.midi
        total = sum(float(note.quarterLength) for note in sounding)
        assert (chorale.notes[:, voice] > 0).sum() == 2 * total
    first = chorale.notes[0].tolist()
    assert first == [67, 62, 59, 43]  # G major
    assert key_of_chorale(chorale) == Key(7, False)
    assert 8 <= chorale.phrase <= 40


def test_the_corpus_is_read_from_its_sources_in_a_private_folder(monkeypatch):
    from music21 import corpus, environment

    from evolino.tasks.music import chorales_corpus

    settings = environment.Environment()
    before, seen = settings["directoryScratch"], []

    def parse(name, *, forceSource):
        folder = Path(settings["directoryScratch"])
        seen.append((forceSource, folder.stat().st_mode & 0o077))
        return SimpleNamespace(parts=())

    monkeypatch.setattr(corpus, "parse", parse)
    monkeypatch.setattr(corpus.chorales, "Iterator", lambda returnType: ["one", "two"])
    assert chorales_corpus.build() == ()
    assert seen == [(True, 0)] * 2
    assert settings["directoryScratch"] == before


@pytest.mark.parametrize("predicts", module.PREDICTS)
def test_nats_have_their_gradient(predicts, rng):
    task = Chorales(predicts=predicts)
    targets = (rng.random((2, 8, task.outputs)) < 0.1).astype(float)
    if predicts == "voices":
        targets[:] = 0.0
        targets[:, np.arange(8), frames.FIRSTS[np.arange(8) % 4] + 3] = 1.0
    targets[1, 5:] = np.nan
    outputs = rng.uniform(0.05, 0.95, targets.shape)
    value, gradient = task.loss_gradient(outputs, targets)
    assert value == pytest.approx(task.loss(outputs[None], targets)[0], rel=1e-12)
    assert not gradient[1, 5:].any()
    along = rng.normal(size=outputs.shape)
    at = [task.loss((outputs + k * 1e-6 * along)[None], targets)[0] for k in (-1, 1)]
    assert (gradient * along).sum() == pytest.approx((at[1] - at[0]) / 2e-6, rel=1e-6)


def test_a_chance_that_is_cut_passes_nothing_on():
    targets = np.array([[[1.0, 0.0, 0.0]]])
    outputs = np.array([[[0.0, 1.0, 0.2]]])
    value, gradient = measures.frame_nats_gradient(outputs, targets)
    assert value == pytest.approx(2 * -np.log(measures.TINY) - np.log(0.8))
    np.testing.assert_allclose(gradient[0, 0], [0, 0, 1 / 0.8])
    value, gradient = measures.class_nats_gradient(outputs, targets, (3,))
    assert np.isfinite(value) and not gradient.any()
