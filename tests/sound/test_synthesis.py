"""Laws of sound: the pitches that were written are those in the spectrum."""

import wave

import numpy as np
import pytest

from evolino.sound.drums import NAMES, drum
from evolino.sound.score import Note, Score, Track
from evolino.sound.synthesis import RATE, synthesise, timbre_of, write_wav


def read(path):
    with wave.open(str(path)) as file:
        assert (file.getnchannels(), file.getsampwidth()) == (1, 2)
        samples = np.frombuffer(file.readframes(file.getnframes()), "<i2")
        return samples / 32767, file.getframerate()


def strongest(sound, rate, count):
    """The `count` strongest peaks of the spectrum, in Hz."""
    spectrum = np.abs(np.fft.rfft(sound * np.hanning(len(sound)), 1 << 17))
    inner = spectrum[1:-1]
    peaks = 1 + np.flatnonzero((inner > spectrum[:-2]) & (inner > spectrum[2:]))
    best = peaks[np.argsort(spectrum[peaks])[-count:]]
    return np.sort(best) * rate / (1 << 17)


@pytest.mark.parametrize("program", [0, 24, 19, 32, 65, 120])
@pytest.mark.parametrize("pitch", [36, 60, 69, 84])
def test_a_note_is_heard_at_its_pitch(tmp_path, program, pitch):
    score = Score((Track((Note(0, 4, pitch),), program=program),))
    write_wav(synthesise(score), tmp_path / "a.wav")
    sound, rate = read(tmp_path / "a.wav")
    (found,) = strongest(sound, rate, 1)
    assert found == pytest.approx(440 * 2 ** ((pitch - 69) / 12), rel=0.003)


def test_the_notes_of_a_chord_and_nothing_else_between(tmp_path):
    pitches = (60, 64, 67)
    chord = Score((Track(tuple(Note(0, 4, p) for p in pitches), program=19),))
    found = strongest(synthesise(chord), RATE, 3)
    wanted = [440 * 2 ** ((p - 69) / 12) for p in pitches]
    np.testing.assert_allclose(found, wanted, rtol=0.003)


def test_notes_are_heard_when_they_are_written():
    score = Score((Track((Note(2, 1, 60), Note(6, 1, 60))),), tempo=60.0)
    middles = np.abs(synthesise(score))[: 8 * RATE].reshape(8, RATE)[:, RATE // 4 :]
    loud = middles.max(axis=1) > 0.02
    assert loud.tolist() == [False, False, True, False, False, False, True, False]


def test_the_loudest_sample_is_at_the_peak_and_silence_stays_silent():
    many = Score((Track(tuple(Note(0, 1, p, 127) for p in range(40, 80))),))
    assert np.abs(synthesise(many)).max() == pytest.approx(0.8)
    assert not synthesise(Score(())).any()


def test_no_harmonic_comes_back_from_above_half_the_rate():
    high = Score((Track((Note(0, 2, 100),), program=24),))
    sound = synthesise(high, 8000)
    assert strongest(sound, 8000, 1)[0] == pytest.approx(440 * 2 ** (31 / 12), rel=0.003)


@pytest.mark.parametrize("pitch", [*NAMES, 35, 39, 127])
def test_every_drum_sounds_and_falls_silent(pitch):
    stroke = drum(pitch, RATE)
    assert 0.05 < np.abs(stroke).max() <= 1.5
    assert np.abs(stroke[-20:]).max() < 0.01
    np.testing.assert_array_equal(stroke, drum(pitch, RATE))


def test_drums_differ():
    kick, hat = (strongest(drum(p, RATE), RATE, 1)[0] for p in (36, 42))
    assert kick < 150 < 2000 < hat


def test_bad_sound_is_refused(tmp_path):
    with pytest.raises(ValueError, match="sound must be finite"):
        write_wav(np.array([np.nan]), tmp_path / "a.wav")
    with pytest.raises(ValueError, match="rate must be >= 4000"):
        synthesise(Score(()), 10)
    with pytest.raises(ValueError, match="more than 3,600 s"):
        synthesise(Score((Track((Note(0, 1e6, 60),)),)))


def test_every_instrument_has_a_timbre():
    assert all(timbre_of(program).harmonics for program in range(128))
