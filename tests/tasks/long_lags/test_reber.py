"""Strings of the embedded Reber grammar, what can come next in them, and the criteria."""

import re
from collections import Counter

import numpy as np
import pytest

from evolino.tasks.long_lags.continual_reber import ContinualReber, right_for
from evolino.tasks.long_lags.reber import Reber, margins
from evolino.tasks.long_lags.reber_grammar import SYMBOLS, embedded_string


def text_of(indices):
    return "".join(SYMBOLS[k] for k in indices)


def accepts(text):
    """Whether Reber's grammar makes a text, by trying every path."""

    def reaches(state, rest):
        paths = {
            "start": [("B", "first")],
            "first": [("T", "loop s"), ("P", "loop t")],
            "loop s": [("S", "loop s"), ("X", "middle")],
            "loop t": [("T", "loop t"), ("V", "fork")],
            "middle": [("X", "loop t"), ("S", "last")],
            "fork": [("P", "middle"), ("V", "last")],
            "last": [("E", "end")],
            "end": [],
        }[state]
        if not rest:
            return state == "end"
        return any(rest[0] == s and reaches(to, rest[1:]) for s, to in paths)

    return reaches("start", text)


def test_strings_are_of_the_grammar_and_end_as_they_begin():
    rng = np.random.default_rng(0)
    inner, outer = Counter(), Counter()
    for _ in range(4_000):
        indices, possible = embedded_string(rng)
        text = text_of(indices)
        assert text[0] == "B" and text[-1] == "E" and text[1] == text[-2] in "TP"
        assert accepts(text[2:-2])
        outer[text[1]] += 1
        inner[text[2:-2]] += 1
        assert possible[np.arange(len(text)), indices].all()
    assert abs(outer["T"] / 4_000 - 0.5) < 0.03
    # Each of the two shortest strings has chance 1/8: three choices of a half.
    for shortest in ("BTXSE", "BPVVE"):
        assert abs(inner[shortest] / 4_000 - 1 / 8) < 0.02


def test_what_can_come_is_what_comes_after_the_same_beginning():
    rng = np.random.default_rng(1)
    follows, stated = {}, {}
    for _ in range(6_000):
        indices, possible = embedded_string(rng)
        text = text_of(indices)
        for k in range(1, min(len(text), 7)):
            follows.setdefault(text[:k], set()).add(text[k])
            row = {symbol for symbol, can in zip(SYMBOLS, possible[k], strict=True) if can}
            stated.setdefault(text[:k], row)
            assert stated[text[:k]] == row
    assert len(follows) > 30
    for beginning, symbols in follows.items():
        assert symbols <= stated[beginning]
    common = [each for each in follows if len(each) <= 4]
    assert all(follows[each] == stated[each] for each in common)


def test_no_string_comes_twice():
    split = Reber().sequences(np.random.default_rng(2))
    assert (len(split.train), len(split.test), split.validation) == (256, 256, ())
    texts = {s.series.inputs.indices.tobytes() for s in (*split.train, *split.test)}
    assert len(texts) == 512
    for segment in split.train:
        assert len(segment.series.inputs) == segment.stop == len(segment.targets)


class Shifted:
    """Right, but for one output of one step of the first string."""

    def __init__(self, change):
        self.change, self.first = change, True

    def respond(self, segments, *, free_running):
        answers = [segment.targets.copy() for segment in segments]
        if self.first:
            row = answers[0][3]
            row[row.argmin()] += self.change
            self.first = False
        return answers


@pytest.mark.parametrize(("change", "wrong"), [(0.999, 0), (1.001, 1), (np.nan, 1)])
def test_a_string_is_right_while_what_can_come_is_above_all_else(change, wrong):
    split = Reber(training=8, tested=8).sequences(np.random.default_rng(3))
    figures = Reber(training=8, tested=8).measure(Shifted(change), split)
    assert (figures["wrong"], figures["solved"]) == (wrong, float(not wrong))


def test_margins_leave_out_rows_that_are_not_there():
    targets = np.array([[[1.0, 0.0, 1.0], [np.nan] * 3]])
    outputs = np.array([[[[0.7, 0.2, 0.9], [5.0, 5.0, 5.0]]]])
    np.testing.assert_allclose(margins(outputs, targets), [[[0.5, np.nan]]])


@pytest.mark.parametrize(("change", "right"), [(0.699, 99), (0.701, 3), (np.inf, 3)])
def test_a_stream_is_right_up_to_a_squared_error_of_049(change, right):
    task = ContinualReber(length=100, test_length=100, tested=2)
    split = task.sequences(np.random.default_rng(4))
    assert right_for(Shifted(change), split.test[0]) == right
    figures = task.measure(Shifted(change), split)
    assert figures["wrong"] == float(right < 99)
    assert figures["symbols"] == (right + 99) / 2


def test_a_stream_is_strings_one_after_another():
    task = ContinualReber(length=4_000)
    segment = task.sequences(np.random.default_rng(5)).train[0]
    text = text_of(segment.series.inputs.indices)
    assert len(text) == segment.stop == 3_999
    strings = re.findall(r"B[TP]B.*?E[TP]E", text)
    assert text.startswith("".join(strings))
    assert len(text) - len("".join(strings)) < 200
    assert all(each[1] == each[-2] and accepts(each[2:-2]) for each in strings)
    ends = [k for k, symbol in enumerate(text) if symbol == "E"][:-1]
    starts = [k for k in ends if text[k - 1] in "TP" and text[k - 2] == "E"]
    begin = np.eye(7)[SYMBOLS.index("B")]
    for k in starts:
        np.testing.assert_array_equal(segment.targets[k], begin)


def test_too_many_symbols_are_refused():
    with pytest.raises(ValueError, match="must have <= 10,000,000 symbols"):
        ContinualReber(tested=101)
