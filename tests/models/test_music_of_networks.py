"""Laws of generated music, from a run's folder to files that others can read."""

import wave
from dataclasses import replace

import numpy as np
import pytest

import evolino
from evolino.cli.app import run as command
from evolino.models.music import KEYS, Performance, go_on
from evolino.search.random_search import RandomSearch
from evolino.sound.midi import read_midi, write_midi
from evolino.tasks.music.blues import Blues
from evolino.tasks.music.blues_material import song, to_frames, to_score
from evolino.training.tables import load_table
from tests.sound.test_synthesis import strongest
from tests.support.midi_bytes import notes_of, parse


@pytest.fixture(scope="module")
def blues(tmp_path_factory):
    """The folder of a run of blues: chords, first draw."""
    folder = tmp_path_factory.mktemp("runs") / "blues"
    experiment = load_table("blues-best").rows[0].experiment(0)
    evolino.train(
        replace(experiment.task, choruses=2),
        preset="best",
        search=RandomSearch(population=1),
        budget=evolino.Budget(evaluations=1),
        out=folder,
    )
    return folder


def generate(folder, *options):
    return command(["generate", str(folder), *map(str, options)])


def test_what_is_written_is_the_form_for_any_reader(blues, tmp_path, capsys):
    assert generate(blues, "--bars", 23, "--midi", tmp_path / "a.mid") == 0
    assert "a.mid" in capsys.readouterr().out
    _, ticks, tracks = parse((tmp_path / "a.mid").read_bytes())
    found = [note[:3] for note in notes_of(tracks[1], ticks)]
    form = to_score(np.tile(song(np.zeros(12, dtype=int))[:, :12], (2, 1)), 140.0)
    assert found == sorted((n.start, n.length, n.pitch) for n in form.tracks[0].notes)


def test_the_first_chord_is_in_the_sound(blues, tmp_path):
    assert generate(blues, "--steps", 8, "--wav", tmp_path / "a.wav", "--key", "A") == 0
    with wave.open(str(tmp_path / "a.wav")) as file:
        rate = file.getframerate()
        sound = np.frombuffer(file.readframes(file.getnframes()), "<i2") / 32767
    # C E G, moved three semitones down: A2 C#3 E3. A bar at 140 lasts 1.7 s.
    heard = strongest(sound[: int(1.6 * rate)], rate, 3)
    wanted = [440 * 2 ** ((pitch - 69) / 12) for pitch in (45, 49, 52)]
    np.testing.assert_allclose(heard, wanted, rtol=0.004)


def test_the_picture_and_the_default_place(blues, tmp_path):
    assert generate(blues, "--bars", 2, "--png", tmp_path / "a.png") == 0
    assert (tmp_path / "a.png").stat().st_size > 5000
    assert generate(blues, "--bars", 1) == 0
    assert read_midi(blues / "music.mid").length == 8


def test_options_of_the_performance(blues, tmp_path):
    out = tmp_path / "a.mid"
    assert generate(blues, "--bars", 11, "--tempo", 90, "--swing", 0.6, "--midi", out) == 0
    score = read_midi(out)
    assert score.tempo == pytest.approx(90, rel=1e-5)  # MIDI has microseconds a beat
    starts = {note.start % 1 for note in score.tracks[0].notes}
    assert starts == {0.0}
    assert generate(blues, "--bars", 11, "--key", "Eb", "--midi", out) == 0
    assert min(note.pitch for note in read_midi(out).tracks[0].notes) == 51


def test_music_goes_on_from_a_file(blues, tmp_path):
    frames = song(np.zeros(12, dtype=int))[:, :12]
    prime, out = tmp_path / "prime.mid", tmp_path / "a.mid"
    write_midi(to_score(frames[:48], 140.0), prime)
    assert generate(blues, "--prime", prime, "--bars", 6, "--midi", out) == 0
    np.testing.assert_array_equal(to_frames(read_midi(out), 12), frames)


def test_the_same_seed_draws_the_same_notes():
    task = Blues(experiment=2, temperature=1.0)
    architecture = evolino.LSTM(cells=3, output="threshold in feedback").for_task(0, 25)
    rng = np.random.default_rng(0)
    model = evolino.Model(
        architecture,
        rng.normal(size=architecture.genome_shape),
        0.3 * np.abs(rng.normal(size=(architecture.readout_width, 25))),
    )
    prime = song(np.zeros(12, dtype=int))[:8]
    one, same, other = (go_on(model, task, prime, 50, seed=seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(one, same)
    assert (one != other).any()
    np.testing.assert_array_equal(one[:8], prime)
    assert (one[:, 12:].sum(axis=1) == 1).all()


def test_keys_are_semitones_from_c():
    assert {KEYS["F"], KEYS["G"], KEYS["Bb"]} == {5, 7, -2}
    for key, semitones in KEYS.items():
        letter = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}[key[0]]
        wanted = letter + key.count("#") - key[1:].count("b")
        assert (semitones - wanted) % 12 == 0


BAD = {
    "steps and bars": (["--steps", "3", "--bars", "2"], "give --steps or --bars, not both"),
    "no steps": (["--steps", "0"], "steps must be >= 1"),
    "too many": (["--steps", "1000000"], "steps must be <= 100,000, got 1,000,000"),
    "key": (["--key", "H"], "key must be one of C, C#"),
    "swing": (["--swing", "1"], "swing must lie between 0 and 1"),
    "tempo": (["--tempo", "0"], "tempo must be > 0"),
    "temperature": (["--temperature", "-1"], "temperature must be >= 0"),
    "piece": (["--piece", "9"], "piece must be 0 to 2, got 9"),
    "seed": (["--seed", "-1"], "seed must be >= 0"),
    "MIDI that is none": (["--midi", "a.txt"], "--midi must end in .mid or .midi"),
    "sound that is none": (["--wav", "a.mp3"], "--wav must end in .wav"),
    "no such prime": (["--prime", "none.mid"], "No such file or directory: none.mid"),
}


@pytest.mark.parametrize(("options", "message"), BAD.values(), ids=BAD)
def test_wrong_options_are_one_line(blues, capsys, options, message):
    assert generate(blues, *options) == 2
    err = capsys.readouterr().err
    assert message in err
    assert err.count("\n") == 1


def test_a_melody_is_no_prime_for_chords(blues, tmp_path, capsys):
    write_midi(to_score(song(np.zeros(12, dtype=int)), 140.0), tmp_path / "a.mid")
    assert generate(blues, "--prime", tmp_path / "a.mid") == 2
    assert "the network plays chords below C4" in capsys.readouterr().err


def test_a_task_without_music_says_so(tmp_path, capsys):
    folder = tmp_path / "mso"
    evolino.train("mso", budget=evolino.Budget(evaluations=4), out=folder)
    assert generate(folder) == 2
    assert "mso makes no music" in capsys.readouterr().err


def test_a_performance_names_what_is_wrong():
    with pytest.raises(ValueError, match="tempo must be > 0"):
        Performance(tempo=-1.0)
