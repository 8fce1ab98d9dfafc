"""Laws of generated chorales, from a run's folder to files that others can read."""

import numpy as np
import pytest

import evolino
from evolino.cli.app import run as command
from evolino.network.initialisers.spread import Spread
from evolino.readout.logistic import Logistic
from evolino.search.random_search import RandomSearch
from evolino.sound.midi import read_midi, write_midi
from evolino.sound.score import Note, Score, Track
from evolino.tasks.music import chorales_frames as frames
from evolino.tasks.music.chorales import Chorales


@pytest.fixture(scope="module")
def folder(chorales, tmp_path_factory):
    """The folder of a run of chorales, voice by voice."""
    place = tmp_path_factory.mktemp("runs") / "chorales"
    evolino.train(
        Chorales(predicts="voices"),
        preset="voices",
        network=evolino.LSTM(cells=5, output="softmax", alternatives=frames.SIZES),
        initialiser=Spread(),
        readout=Logistic(3e-2, exclusive=True, steps=3),
        search=RandomSearch(population=1),
        budget=evolino.Budget(evaluations=1),
        out=place,
    )
    return place


def generate(folder, *options):
    return command(["generate", str(folder), *map(str, options)])


def test_a_chorale_goes_on_from_its_first_phrase(folder, tmp_path):
    out = tmp_path / "a.mid"
    assert generate(folder, "--bars", 4, "--piece", 1, "--midi", out) == 0
    task = Chorales(predicts="voices")
    split = task.sequences(np.random.default_rng(0))
    phrase = frames.notes_of(task.prime(split, 1))
    notes = frames.voices_of(read_midi(out), 1.0)
    assert len(notes) == len(phrase) + 16
    np.testing.assert_array_equal(notes[: len(phrase), [0, 3]], phrase[:, [0, 3]])
    assert generate(folder, "--bars", 4, "--piece", 1, "--seed", 1, "--midi", out) == 0
    other = frames.voices_of(read_midi(out), 1.0)
    assert other.shape != notes.shape or (other != notes).any()


def test_a_soprano_is_harmonised(folder, tmp_path, capsys):
    out, given = tmp_path / "a.mid", tmp_path / "given.mid"
    tune = [76, 77, 79, 76, 74, 72]
    notes = tuple(Note(float(k), 1.0, pitch) for k, pitch in enumerate(tune))
    write_midi(Score((Track(notes),)), given)
    png = tmp_path / "a.png"
    options = ("--prime", given, "--midi", out, "--png", png)
    assert generate(folder, "--harmonise", *options) == 0
    score = read_midi(out)
    soprano = next(track for track in score.tracks if track.name == "soprano")
    assert [note.pitch for note in soprano.notes] == tune
    assert len(score.tracks) > 1
    assert png.stat().st_size > 5000
    assert generate(folder, "--harmonise", "--bars", 3) == 2
    assert "a melody has its own length" in capsys.readouterr().err


def test_blues_does_not_harmonise(tmp_path, capsys):
    given = ["--choruses", "1", "--cells", "4", "--no-baselines", "--workers", "1"]
    given += ["--evaluations", "1", "--search", "random", "--set", "search.population=1"]
    assert command(["run", "blues", *given, "--out", str(tmp_path / "r")]) == 0
    assert generate(tmp_path / "r", "--harmonise") == 2
    assert "blues does not harmonise" in capsys.readouterr().err
