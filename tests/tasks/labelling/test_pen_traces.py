"""Laws of pen traces: which words and fonts are in which part, and the steps of the pen."""

import sys

import numpy as np
import pytest

from evolino.tasks.labelling import pen_traces
from evolino.tasks.labelling.labelling import Labelling, strings_of
from evolino.tasks.labelling.pen_traces import FONTS, Writer, trace


def test_no_word_serves_two_parts_and_all_have_the_lengths_that_are_wanted(rng):
    parts = pen_traces.pen_traces(rng, (60, 30), (4, 5), 0.05)
    assert [len(p) for p in (parts.train, parts.validation, parts.test, parts.unseen)] == [
        48, 12, 30, 30
    ]  # fmt: skip
    named = [{each.name for each in part} for part in (parts.train, parts.validation)]
    tested = {each.name for each in (*parts.test, *parts.unseen)}
    assert not named[0] & named[1] and not (named[0] | named[1]) & tested
    assert {len(name) for name in named[0] | named[1] | tested} == {4, 5}


def test_fonts_of_the_second_test_are_in_no_other_string():
    assert not set(FONTS) & set(pen_traces.UNSEEN_FONTS)
    shapes = {
        font: trace("word", font, Writer(), np.random.default_rng(0)).tobytes()
        for font in (*FONTS, *pen_traces.UNSEEN_FONTS)
    }
    assert len(set(shapes.values())) == len(shapes)  # some names are of the same font


@pytest.mark.parametrize("font", FONTS)
def test_steps_lead_from_the_first_place_to_the_last_whatever_the_speed(font):
    rng = np.random.default_rng(0)
    fast, slow = (trace("quick", font, Writer(speed=s), rng) for s in (1.0, 0.5))
    np.testing.assert_allclose(fast[:, :2].sum(axis=0), slow[:, :2].sum(axis=0))
    assert 1.6 < len(slow) / len(fast) < 2.1
    on_paper = np.hypot(*fast[fast[:, 2] == 0, :2].T)
    assert 0.9 < np.median(on_paper) < 1.1


def test_a_writer_scales_slants_and_turns_a_word():
    plain, other = (
        trace("ox", "rowmans", writer, np.random.default_rng(0))[:, :2].sum(axis=0)
        for writer in (Writer(), Writer(width=2.0, height=3.0, slant=0.5, tilt=0.1))
    )
    x, y = 2.0 * plain[0] + 0.5 * plain[1], 3.0 * plain[1]
    turned = [np.cos(0.1) * x - np.sin(0.1) * y, np.sin(0.1) * x + np.cos(0.1) * y]
    np.testing.assert_allclose(other, turned)


class Oracle:
    """Right on the first strings, all blank on the others."""

    def __init__(self, right):
        self.right = right

    def respond(self, segments, *, free_running):
        blank = np.eye(27)[0]
        return [
            s.targets if k < self.right else np.tile(blank, (len(s.targets), 1))
            for k, s in enumerate(segments)
        ]


def test_unseen_fonts_are_a_figure_of_their_own(rng):
    task = Labelling(source="pen", training=5, tested=4)
    split = task.sequences(rng)
    figures = task.measure(Oracle(4), split)
    assert figures["label_errors"] == figures["nats"] == 0
    assert figures["unseen_fonts"] == 1
    assert "unseen_fonts" not in Labelling(training=5, tested=1).measure(
        Digits(), Labelling(training=5, tested=1).sequences(rng)
    )


class Digits:
    def respond(self, segments, *, free_running):
        return [s.targets for s in segments]


def test_a_word_list_mends_a_letter_that_is_no_word_of_it(rng):
    plain = Labelling(source="pen", training=5, tested=1, longest=8)
    (segment, _) = plain.sequences(rng).test
    chances = 0.98 * segment.targets + 0.02 / 27
    (row,) = np.flatnonzero(segment.targets[:, 0] == 0)[:1]
    letter = int(segment.targets[row].argmax())
    other = 26 if letter != 26 else 17
    same = np.flatnonzero(segment.targets[:, letter])
    first = same[same == row + np.arange(len(same))] if len(same) > 1 else same[:1]
    chances[first, other] = chances[first, letter] + 0.01
    wanted = plain.text(strings_of(segment))
    (found,) = plain.decoded([chances])
    assert plain.text(found) != wanted
    task = Labelling(source="pen", training=5, tested=1, longest=8, word_list="pen")
    (found,) = task.decoded([chances])
    assert task.text(found) == wanted


def test_words_of_a_file_are_read_and_others_than_labels_refused(tmp_path):
    file = tmp_path / "words.txt"
    file.write_text("12\n\n345\n12\n")
    task = Labelling(word_list=str(file))
    sums = np.full((9, 11), 1e-3)
    sums[1, 2] = sums[4, 3] = sums[7, 6] = 0.9
    (found,) = task.decoded([sums])
    assert task.text(found) in ("12", "345")
    file.write_text("12\n1x\n")
    with pytest.raises(ValueError, match=r"line 2: 'x' is no label"):
        Labelling(word_list=str(file))
    file.write_text("\n")
    with pytest.raises(ValueError, match="has no word"):
        Labelling(word_list=str(file))
    with pytest.raises(ValueError, match=r"word_list: .*cannot be read"):
        Labelling(word_list=str(tmp_path / "none.txt"))


def test_without_the_fonts_one_line_says_what_to_install(monkeypatch, rng):
    monkeypatch.setitem(sys.modules, "HersheyFonts", None)
    pen_traces._glyphs.cache_clear()
    with pytest.raises(ValueError, match=r"pip install 'evolino\[pen\]'"):
        Labelling(source="pen").sequences(rng)


def test_lengths_that_no_word_has_are_refused(rng):
    with pytest.raises(ValueError, match="words of 3 to 8 letters, got shortest=9"):
        Labelling(source="pen", shortest=9, longest=12).sequences(rng)
