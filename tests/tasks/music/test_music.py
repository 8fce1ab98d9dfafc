"""Laws of one's own music: what is read, what is left out, what is learnt."""

import numpy as np
import pytest

import evolino
from evolino.cli.app import run as command
from evolino.registry import from_table, to_table
from evolino.sound.midi import read_midi, write_midi
from evolino.sound.score import Note, Score, Track
from evolino.tasks.music.midi_folder import (
    LOWEST,
    Reading,
    frames_of_score,
    moved_together,
    read_folder,
)
from evolino.tasks.music.music import Music, frames_of_text, text_of_frames
from tests.support.midi_bytes import notes_of, parse


def tune(number, beats=24, length=1.0):
    """Chords of a scale, one a beat, with a change of tempo and a bar of drums."""
    rng = np.random.default_rng(number)
    steps = np.array([60, 62, 64, 65, 67])
    melody, bass = [], []
    for beat in range(beats):
        pitch = int(rng.choice(steps))
        melody.append(Note(float(beat), length, pitch))
        bass.append(Note(float(beat), length, pitch - 24))
    drums = (Note(0.0, 0.1, 36), Note(0.1, 0.1, 38))
    tracks = (Track(tuple(melody)), Track(tuple(bass)), Track(drums, drums=True))
    return Score(tracks, 100.0, ((8.0, 140.0),))


@pytest.fixture
def folder(tmp_path):
    """Six tunes, one of them in a folder below."""
    (tmp_path / "midi" / "more").mkdir(parents=True)
    for number in range(6):
        place = tmp_path / "midi" / ("more" if number == 5 else "")
        write_midi(tune(number), place / f"{number}.mid")
    return tmp_path / "midi"


def test_frames_are_the_notes_on_the_grid(folder):
    reading = read_folder(folder, 0.5, transpose=False)
    assert [p.name for p in reading.pieces] == [
        *(f"{n}.mid" for n in range(5)),
        "more/5.mid",
    ]
    assert not reading.left_out and not reading.lost
    for piece, number in zip(reading.pieces, range(6), strict=True):
        wanted = np.zeros_like(piece.frames)
        for track in tune(number).tracks[:2]:
            for note in track.notes:
                rows = slice(round(2 * note.start), round(2 * note.end))
                wanted[rows, note.pitch - LOWEST] = 1
        np.testing.assert_array_equal(piece.frames, wanted)


def test_frames_survive_their_text(folder):
    for piece in read_folder(folder, 1.0, transpose=True).pieces:
        again = frames_of_text(text_of_frames(piece.frames))
        np.testing.assert_array_equal(again, piece.frames)
    assert text_of_frames(frames_of_text("60.64*3 -*2 108")) == "60.64*3 -*2 108"
    for wrong in ("60.x", "20", "60*x", ""):
        with pytest.raises(ValueError, match="pieces: "):
            frames_of_text(wrong)


def test_the_task_holds_its_music(folder, capsys):
    task = Music(str(folder))
    assert "6 of 6 MIDI files, 288 frames of 0.5 quarter notes" in capsys.readouterr().err
    again = from_table("task", to_table(task))
    assert capsys.readouterr().err == ""
    rng = np.random.default_rng(0)
    for a, b in zip(task.sequences(rng).refit, again.sequences(rng).refit, strict=True):
        np.testing.assert_array_equal(a.targets, b.targets)


def test_few_pieces_are_cut(folder):
    few = Music(pieces={"a": "60*60", "b": "62*20"}).sequences(np.random.default_rng(0))
    rows = [[(s.start, s.stop) for s in part] for part in (few.train, few.test)]
    assert rows == [[(0, 36), (0, 12)], [(48, 60), (16, 20)]]


def test_every_file_that_is_left_out_has_its_reason(folder, capsys):
    whole = (folder / "0.mid").read_bytes()
    (folder / "cut.mid").write_bytes(whole[: len(whole) // 2])
    (folder / "empty.mid").write_bytes(b"")
    (folder / "none.mid").write_bytes(b"RIFF not music")
    (folder / "two.mid").write_bytes(whole[:9] + b"\x02" + whole[10:])
    write_midi(tune(0, beats=4), folder / "short.mid")
    write_midi(tune(0, beats=99, length=0.1), folder / "fast.mid")
    write_midi(Score(tune(0).tracks[2:]), folder / "drums.mid")
    (folder / "notes.txt").write_text("no music")
    Music(str(folder))
    err = capsys.readouterr().err
    for reason in (
        "left out cut.mid: is damaged",
        "left out empty.mid: is empty",
        "left out none.mid: is not a MIDI file",
        "left out two.mid: is a MIDI file of type 2",
        "left out short.mid: it is shorter than 2 bars",
        "left out fast.mid: a grid of 0.5 quarter notes is too coarse: 100% of its notes",
        "left out drums.mid: it has drums only",
        "6 of 13 MIDI files",
    ):
        assert reason in err
    assert "notes.txt" not in err


def melody(beats, count=96):
    """One voice of equal notes."""
    pitches = [60 + step for step in (0, 2, 4, 5, 7, 9, 11, 12)]
    notes = tuple(Note(k * beats, beats, pitches[k % 8]) for k in range(count))
    return Score((Track(notes),))


@pytest.mark.parametrize(
    ("beats", "grid", "wanted"), [(1 / 3, 0.5, "0.333333"), (1 / 4, 0.5, "0.25")]
)
def test_a_grid_that_makes_chords_of_a_melody_is_refused_and_one_named(
    tmp_path, beats, grid, wanted
):
    write_midi(melody(beats), tmp_path / "a.mid")
    write_midi(tune(1), tmp_path / "b.mid")
    reading = read_folder(tmp_path, grid, transpose=False)
    ((name, reason),) = reading.left_out
    assert name == "a.mid" and f"sound together with others as they do not; {wanted}" in (
        reason
    )
    fine = read_folder(tmp_path, float(wanted), transpose=False)
    assert not fine.left_out and not fine.together
    assert fine.pieces[0].frames.sum(axis=1).max() == 1


def test_few_notes_that_a_grid_moves_together_are_counted():
    one, other = melody(0.5, 60).tracks[0].notes, Note(30.0, 0.25, 48)
    score = Score((Track((*one, other, Note(30.25, 0.25, 50))),))
    assert moved_together(score, 0.25) == 0
    assert moved_together(score, 0.5) == 2
    reading = Reading((), (), 0, 2)
    assert "2 notes sound together on a grid of 0.5 that do not" in reading.report(0.5)[0]


@pytest.mark.parametrize("beats", [0.5, 1.0, 0.75, 3.0])
def test_what_the_grid_can_write_is_not_moved_together(beats):
    assert moved_together(melody(beats), 0.25) == 0


def test_identical_files_are_read_once(folder, capsys):
    (folder / "again.mid").write_bytes((folder / "3.mid").read_bytes())
    reading = read_folder(folder, 0.5, transpose=True)
    assert len(reading.pieces) == 6
    assert reading.left_out == (("again.mid", "it is the same music as 3.mid"),) or (
        reading.left_out == (("3.mid", "it is the same music as again.mid"),)
    )


def test_folders_without_music_are_one_line(tmp_path):
    with pytest.raises(ValueError, match="midi_dir must be a folder, got"):
        Music(str(tmp_path / "none"))
    with pytest.raises(ValueError, match=r"has no MIDI files \(.mid or .midi\)"):
        Music(str(tmp_path))
    (tmp_path / "a.mid").write_bytes(b"")
    with pytest.raises(ValueError, match=r"none of the 1 MIDI .*a\.mid: is empty"):
        Music(str(tmp_path))
    with pytest.raises(ValueError, match="needs a folder of MIDI files: --midi-dir"):
        Music()
    with pytest.raises(ValueError, match="grid must be > 0"):
        Music(str(tmp_path), grid=0)


def test_notes_beyond_a_piano_are_counted():
    far = Note(0.0, 1.0, 127)
    score = Score((Track((far, *tune(0).tracks[0].notes)),))
    frames, lost = frames_of_score(score, 1.0, transpose=False)
    assert lost == 1 and frames.shape == (24, 88)


def test_a_folder_is_learnt_and_gone_on_with(folder, tmp_path, capsys):
    run, out = tmp_path / "run", tmp_path / "a.mid"
    options = ["--cells", "10", "--evaluations", "4", "--out", str(run), "--no-baselines"]
    assert command(["run", "music", "--midi-dir", str(folder), *options]) == 0
    for file in folder.rglob("*.mid"):
        file.unlink()  # the run's folder has all that it needs
    assert command(["generate", str(run), "--bars", "3", "--midi", str(out)]) == 0
    capsys.readouterr()
    _, ticks, tracks = parse(out.read_bytes())
    notes = [note for track in tracks for note in notes_of(track, ticks)]
    assert {note[0] % 0.5 for note in notes} == {0.0}
    assert read_midi(out).length <= 8 + 12
    assert evolino.load(run).architecture.outputs == 88
