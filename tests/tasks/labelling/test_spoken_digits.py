"""Laws of spoken digits: same bits by seed, voices apart, frames, what is missing."""

import sys

import numpy as np
import pytest

from evolino.tasks.labelling import spoken_digits
from evolino.tasks.labelling.espeak import RATE, Utterance, _spoken, spoken
from evolino.tasks.labelling.labelling import Labelling, strings_of
from evolino.tasks.labelling.spoken_digits import COEFFICIENTS, STEP, VOICES


def test_no_voice_serves_two_parts():
    voices = [voice for own in VOICES.values() for voice in own]
    assert len(voices) == len(set(voices))


@pytest.fixture(scope="module")
def split():
    task = Labelling(source="speech", training=5, tested=2)
    return task.sequences(np.random.default_rng(3))


def test_the_same_seed_speaks_the_same_bits(split):
    _spoken.cache_clear()
    task = Labelling(source="speech", training=5, tested=2)
    again = task.sequences(np.random.default_rng(3))
    for one, other in zip(split.refit + split.test, again.refit + again.test, strict=True):
        np.testing.assert_array_equal(one.series.inputs, other.series.inputs)
        np.testing.assert_array_equal(one.targets, other.targets)


def test_voices_are_asked_for_by_part(monkeypatch):
    asked = []

    def silent(utterances):
        asked.extend(utterances)
        return [np.arange(RATE, dtype=np.int16) for _ in utterances]

    monkeypatch.setattr(spoken_digits, "spoken", silent)
    rng = np.random.default_rng(0)
    parts = spoken_digits.spoken_digits(rng, (40, 20), (2, 4), 0.0)
    sizes = [len(part) for part in (parts.train, parts.validation, parts.test)]
    assert sizes == [32, 8, 20]
    names = [each.voice.split("+")[1] for each in asked]
    for part, own in zip(
        VOICES.values(), np.split(names, np.cumsum(sizes)[:2]), strict=True
    ):
        assert set(own) <= set(part)
    assert {len(each.text.split()) for each in asked} == {2, 3, 4}
    said = [each.text.split() for each in asked]
    for labels, text in zip(
        [s.labels for part in (parts.train, parts.validation, parts.test) for s in part],
        said,
        strict=True,
    ):
        assert [spoken_digits.WORDS[k - 1] for k in labels] == text


def test_frames_are_standardised_cepstra_of_the_whole_utterance(split):
    segment = split.train[0]
    frames = segment.series.inputs
    assert frames.shape[1] == COEFFICIENTS
    assert 0.15 < len(frames) * STEP / len(strings_of(segment)) < 0.6  # seconds a digit
    np.testing.assert_allclose(frames.mean(axis=0), 0.0, atol=0.05)
    np.testing.assert_allclose(frames.std(axis=0), 1.0, atol=0.05)


def test_what_espeak_has_not_is_one_line():
    with pytest.raises(ValueError, match=r"espeak-ng failed .*there is no voice nobody"):
        spoken([Utterance("one", "nobody", 160, 50, 50)])


@pytest.mark.parametrize("module", ["espeakng_loader", "python_speech_features"])
def test_without_the_packages_one_line_says_what_to_install(module, monkeypatch, rng):
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(ValueError, match=r"pip install 'evolino\[speech\]'"):
        Labelling(source="speech", training=5, tested=2).sequences(rng)
