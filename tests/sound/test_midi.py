"""Laws of MIDI files: independent readers find what was written; bad files get one line."""

import io
import struct

import mido
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evolino.sound.midi import TICKS, read_midi, write_midi
from evolino.sound.score import Note, Score, Track
from tests.support.midi_bytes import notes_of, parse

SCORE = Score(
    (
        Track((Note(0, 1, 60), Note(1, 1, 60, 100), Note(1.5, 0.5, 67)), "melody", 73),
        Track((Note(0, 0.25, 36), Note(1, 0.25, 38)), "drums", drums=True),
        Track((Note(0, 4, 48), Note(0, 4, 52)), "chords"),
    ),
    tempo=96.0,
    tempo_changes=((2.0, 48.0),),
    beats_per_bar=3,
)


def written(score, path):
    write_midi(score, path / "a.mid")
    return (path / "a.mid").read_bytes()


def test_the_bytes_hold_the_notes(tmp_path):
    kind, ticks, tracks = parse(written(SCORE, tmp_path))
    assert (kind, ticks, len(tracks)) == (1, TICKS, 4)
    for track, read in zip(SCORE.tracks, tracks[1:], strict=True):
        notes = notes_of(read, ticks)
        assert [n[:4] for n in notes] == sorted(
            (n.start, n.length, n.pitch, n.velocity) for n in track.notes
        )
        assert ({9} if track.drums else {0, 1}) >= {n[4] for n in notes}
    assert (0, 0xC0, bytes([73])) in tracks[1]


def test_the_bytes_hold_tempi_and_bars(tmp_path):
    _, ticks, tracks = parse(written(SCORE, tmp_path))
    tempi = [
        (tick / ticks, 60e6 / int.from_bytes(data, "big"))
        for tick, status, data in tracks[0]
        if status == (0xFF, 0x51)
    ]
    assert tempi == [(0.0, 96.0), (2.0, 48.0)]
    (bars,) = [data for _, status, data in tracks[0] if status == (0xFF, 0x58)]
    assert (bars[0], 2 ** bars[1]) == (3, 4)


def test_every_track_ends(tmp_path):
    for track in parse(written(SCORE, tmp_path))[2]:
        assert track[-1][1] == (0xFF, 0x2F)


def test_the_same_score_gives_the_same_bytes(tmp_path):
    assert written(SCORE, tmp_path) == written(SCORE, tmp_path)


def test_our_reader_finds_the_score(tmp_path):
    written(SCORE, tmp_path)
    assert read_midi(tmp_path / "a.mid") == SCORE


times = st.integers(0, 64).map(lambda k: k / 8)
notes = st.builds(
    Note, times, times.map(lambda k: k + 0.125), st.integers(0, 127), st.integers(1, 127)
)


@given(
    st.lists(
        st.lists(notes, min_size=1, max_size=8, unique_by=lambda n: n.pitch),
        min_size=1,
        max_size=4,
    )
)
def test_any_score_comes_back(tmp_path_factory, tracks):
    score = Score(
        tuple(Track(tuple(sorted(t, key=lambda n: (n.start, n.pitch)))) for t in tracks)
    )
    path = tmp_path_factory.mktemp("midi")
    content = written(score, path)
    assert read_midi(path / "a.mid") == score
    _, ticks, read = parse(content)
    found = [sorted(n[:4] for n in notes_of(track, ticks)) for track in read[1:]]
    assert found == [
        sorted((n.start, n.length, n.pitch, n.velocity) for n in track.notes)
        for track in score.tracks
    ]


def foreign(*tracks, kind=1, ticks=96):
    file = mido.MidiFile(type=kind, ticks_per_beat=ticks)
    for messages in tracks:
        file.tracks.append(mido.MidiTrack(messages))
    buffer = io.BytesIO()
    file.save(file=buffer)
    return buffer.getvalue()


def on(note, time=0, velocity=64):
    return mido.Message("note_on", note=note, time=time, velocity=velocity)


def read(tmp_path, content):
    (tmp_path / "f.mid").write_bytes(content)
    return read_midi(tmp_path / "f.mid")


def test_a_note_that_is_never_ended_lasts_to_the_end(tmp_path):
    score = read(tmp_path, foreign([on(60), on(62, 96), on(62, 96, velocity=0)]))
    (track,) = score.tracks
    assert [(n.pitch, n.start, n.length) for n in track.notes] == [(60, 0, 2), (62, 1, 1)]


def test_type_0_with_two_channels_is_two_tracks(tmp_path):
    messages = [on(60), on(36).copy(channel=9), on(60, 96, 0), on(36, 0, 0).copy(channel=9)]
    score = read(tmp_path, foreign(messages, kind=0))
    assert [track.drums for track in score.tracks] == [False, True]


BAD = {
    "empty": (b"", "is empty"),
    "not MIDI": (b"RIFF....WAVE", "is not a MIDI file"),
    "header only": (b"MThd", "is damaged"),
    "truncated": (foreign([on(60), on(60, 96, 0)])[:-9], "is damaged"),
    "type 2": (foreign([on(60), on(60, 9, 0)], kind=2), "type 2"),
    "no notes": (foreign([]), "has no notes"),
    "in seconds": (
        b"MThd"
        + struct.pack(">IHHh", 6, 0, 1, -25 * 256 + 40)
        + b"MTrk\0\0\0\4\0\xff\x2f\0",
        "timed in seconds",
    ),
    "a million notes": (b"MThd" + bytes(8_000_000), "more than 2,000,000"),
    "many notes": (
        foreign([m for _ in range(100_001) for m in (on(60), on(60, 1, 0))], kind=0),
        "has 100,001 notes, more than 100,000",
    ),
}


@pytest.mark.parametrize(("content", "message"), BAD.values(), ids=BAD)
def test_a_bad_file_gets_one_line_that_names_it(tmp_path, content, message):
    with pytest.raises(ValueError, match=message) as caught:
        read(tmp_path, content)
    assert "f.mid" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(FileNotFoundError):
        read_midi(tmp_path / "none.mid")
