"""Formal languages against enumeration, and what is published of them."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evolino.task.counted import Checked, Phase, cycle_rows
from evolino.tasks.languages import brackets, patterns, training_strings
from evolino.tasks.languages.addition import KINDS, kinds_of, pairs_of
from evolino.tasks.languages.counted_blocks import CountedLanguage
from evolino.tasks.languages.languages import PATTERNS, Languages
from evolino.tasks.languages.ngrams import Ngram
from evolino.training.run_experiment import run_experiment
from evolino.training.tables import load_table

OWN = (
    "a^n b^3n c^n",
    "a^n b^(n+m) c^m",
    "x y^n z^(2n+1)",
    "a^(n+2) b^m c^(n + m)",
    "a^2n b^n",
    "a^(3n+1) b^2n",
    "a^n b^(n+2m) c^m",
)


def strings_of(pattern, largest):
    """All strings up to a largest parameter, written by the pattern alone."""
    for numbers in itertools.product(range(1, largest + 1), repeat=len(pattern.names)):
        counts = [
            block.constant + sum(f * n for f, n in zip(block.factors, numbers, strict=True))
            for block in pattern.blocks
        ]
        blocks = zip(pattern.blocks, counts, strict=True)
        yield numbers, "".join(block.symbol * count for block, count in blocks)


@pytest.mark.parametrize("text", [*PATTERNS.values(), *OWN])
def test_targets_are_all_symbols_that_may_come_next(text):
    pattern = patterns.parse(text)
    task = Languages(pattern=text)
    grammar = CountedLanguage(task.phases(), task.parameters, 10)
    known = {string + "T" for _, string in strings_of(pattern, 9)}
    for numbers, string in strings_of(pattern, 3):
        series = grammar.series(numbers)
        shown = ["S", *string]
        symbols = ("S", *task.symbols[:-1])
        assert [symbols[int(np.argmax(row))] for row in series.inputs] == shown
        for at, row in enumerate(series.targets):
            head = string[:at]
            follow = {other[at] for other in known if other.startswith(head)}
            assert {s for s, t in zip(task.symbols, row, strict=True) if t > 0} == follow


@pytest.mark.parametrize("text", [*PATTERNS.values(), *OWN])
def test_a_string_is_read_back(text):
    task = Languages(pattern=text)
    grammar = CountedLanguage(task.phases(), task.parameters, 10)
    for numbers in itertools.product((1, 2, 5), repeat=task.parameters):
        assert grammar.string_of(grammar.series(numbers)) == list(numbers)


def test_the_papers_example_of_n_3():
    series = Languages()._grammar.series([3])
    inputs = ["Sabc"[int(np.argmax(row))] for row in series.inputs]
    assert "".join(inputs) == "Saaabbbccc"
    targets = ["".join(np.array(list("abcT"))[row > 0]) for row in series.targets]
    assert targets == ["a", "ab", "ab", "ab", "b", "b", "c", "c", "c", "T"]
    assert set(np.unique(series.inputs)) == {-1.0, 1.0}


class Knows:
    """Accepts the strings that a rule names; every rejected one has one wrong row."""

    def __init__(self, rule):
        self.rule = rule

    def check(self, phases, strings):
        right = np.array([bool(self.rule(*string)) for string in strings.tolist()])
        wrong = np.zeros((len(strings), len(phases)), dtype=int)
        wrong[~right, -1] = 1
        return Checked(np.where(right, 1.0, -1.0), wrong)

    def respond(self, segments, *, free_running):
        return [segment.targets for segment in segments]


@pytest.mark.parametrize("fails", [1, 2, 8, 9, 64, 700, 1000, 1001])
def test_accepted_to_is_the_last_n_before_the_first_failure(fails):
    task = Languages(limit=1000, far=(5000,))
    grammar = task._grammar
    assert grammar.accepted_to(Knows(lambda n: n != fails)) == (
        (fails - 1, False) if fails <= 1000 else (5000, True)
    )
    assert grammar.accepted_to(Knows(lambda n: n != 5000)) == (1000, False)


@given(st.integers(1, 30), st.integers(1, 30))
def test_with_two_parameters_it_is_the_side_of_a_square(n, m):
    grammar = Languages(language="anbmBmAn", limit=30, far=())._grammar
    found = grammar.accepted_to(Knows(lambda *string: string != (n, m)))
    assert found == (max(n, m) - 1, False)


def test_every_string_of_the_square_is_tested_once():
    grammar = Languages(language="anbmBmAn", limit=21, far=())._grammar
    strings = np.concatenate(list(grammar._batches()))
    assert len(strings) == 21 * 21
    assert len(np.unique(strings, axis=0)) == 21 * 21


def test_the_range_around_the_training_strings():
    grammar = Languages(train="10,11", limit=500, far=(1000,))._grammar
    assert grammar.accepted_around(Knows(lambda n: 3 <= n <= 35), 11) == (3, 35)
    assert grammar.accepted_around(Knows(lambda n: n != 11), 11) == (0, 0)
    assert grammar.accepted_around(Knows(lambda n: n != 2), 11) == (3, 1000)
    assert grammar.accepted_around(Knows(lambda n: True), 11) == (1, 1000)


def test_deterministic_accuracy_counts_steps_with_one_successor():
    """One wrong end symbol in each of the next 1,000 strings of a^n b^n: 1 + n sure steps
    a string."""
    grammar = Languages(language="anbn")._grammar
    found = grammar.deterministic_accuracy(Knows(lambda n: False), 14)
    assert found == pytest.approx(1 - 1000 / sum(n + 1 for n in range(15, 1015)))
    assert grammar.deterministic_accuracy(Knows(lambda n: True), 14) == 1.0


def test_the_first_strings_of_two_parameters_are_those_of_smallest_sum():
    grammar = Languages(language="anbmcn+m", limit=5)._grammar
    seen = []
    grammar.accepted_of_first(Knows(lambda *string: seen.append(string) or True))
    assert len(seen) == 15_000
    assert max(max(string) for string in seen) <= 123
    assert seen == sorted(seen, key=sum)


def test_deterministic_accuracy_of_a_cycle_counts_its_rows_apart():
    """Of a^2n b^n every odd a and every b has one successor: 1 + 2n with S."""

    class Errs:
        """Every row of one column is wrong."""

        def __init__(self, column):
            self.column = column

        def check(self, phases, strings):
            rows = np.array([[p.rows(s) for p in phases] for s in strings.tolist()])
            wrong = cycle_rows(phases, rows)
            wrong[:, np.arange(wrong.shape[1]) != self.column] = 0
            return Checked(np.full(len(strings), -1.0), wrong)

    grammar = Languages(pattern="a^2n b^n")._grammar
    sure = sum(1 + 2 * n for n in range(11, 1011))
    odd = sum(range(11, 1011))
    assert grammar.deterministic_accuracy(Errs(1), 10) == pytest.approx(1 - odd / sure)
    assert grammar.deterministic_accuracy(Errs(2), 10) == 1.0


@pytest.mark.parametrize("rows", [0, 1, 2, 3, 7, 9])
def test_rows_of_a_cycle_are_counted_by_their_place(rows):
    phase = Phase(np.zeros(1), np.eye(3), 0, (1,))
    expected = np.bincount(np.arange(rows) % 3, minlength=3)
    assert cycle_rows([phase], np.array([[rows]])).tolist() == [expected.tolist()]


@pytest.mark.parametrize("pattern", ["", "a^2n b^n", "a^3n b^2n c^n"])
@pytest.mark.parametrize("order", [0, 1, 3])
def test_a_trigram_judges_counted_strings_as_written_ones(order, pattern):
    task = Languages(pattern=pattern, train="1:6")
    split = task.sequences(np.random.default_rng(0))
    found = Ngram.of(split.train, order)
    strings = np.arange(1, 12)[:, None]
    checked = found.check(task.phases(), strings)
    for n in range(1, 12):
        series = task._grammar.series([n])
        (segment,) = split.train[:1]
        whole = type(segment)(series, 0, series.steps)
        (outputs,) = found.respond([whole], free_running=False)
        wrong = int(((outputs * series.targets).min(axis=1) <= 0).sum())
        assert checked.wrong[n - 1].sum() == wrong
        assert checked.accepted[n - 1] == (wrong == 0)


def test_balanced_strings_are_counted_by_catalan():
    for pairs, count in enumerate((1, 1, 2, 5, 14, 42)):
        strings = list(brackets.balanced(pairs))
        assert len(set(strings)) == len(strings) == count
        for string in strings:
            depth = np.cumsum([1 if s == "(" else -1 for s in string])
            assert not len(depth) or (depth.min() >= 0 and depth[-1] == 0)


def test_brackets_may_close_only_what_is_open():
    series = brackets.Brackets(-1.0, 10).series("(())()")
    targets = ["".join(np.array(list("()T"))[row > 0]) for row in series.targets]
    assert targets == ["(T", "()", "()", "()", "(T", "()", "(T"]


def test_draws_of_brackets_are_balanced_and_as_long_as_expected():
    rng = np.random.default_rng(0)
    drawn = [brackets.draw(rng) for _ in range(2000)]
    assert all(string.count("(") == string.count(")") for string in drawn)
    # S = (S)S with p: the mean number of pairs is p / (1 - 2 p)
    assert np.mean([len(s) / 2 for s in drawn]) == pytest.approx(0.75, abs=0.1)


@given(st.integers(0, 1000), st.integers(0, 1000))
def test_sums_are_sums(x, y):
    digits = np.array([[(z >> k) & 1 for k in range(11)] for z in (x, y)])
    kinds = kinds_of(digits[:1], digits[1:])[0]
    total = KINDS[kinds].sum(axis=1) % 2
    assert sum(int(bit) << k for k, bit in enumerate(total)) == x + y


def test_pairs_have_room_for_their_sum():
    codes = pairs_of(range(10))
    assert codes.shape == (100, 6)  # Lan et al. 2022: ceil(log2(18)) + 1


@pytest.mark.parametrize(
    ("text", "numbers"),
    [("1:4", (1, 2, 3, 4)), ("10,11", (10, 11)), (" 2:3 , 7 ", (2, 3, 7)), ("5", (5,))],
)
def test_selections_are_read(text, numbers):
    assert training_strings.parse("train", text).numbers == numbers


def test_draws_are_geometric_from_1_on():
    strings = training_strings.parse("train", "geometric:500").strings(
        1, np.random.default_rng(0)
    )
    assert strings.min() == 1
    assert 12 <= strings.max() <= 40
    assert len(np.unique(strings)) == len(strings)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"language": "anbncm"}, "unknown language 'anbncm'; nearest: anbncn"),
        ({"train": "1-10"}, "train must be a range 1:10, a list 10,11 or geometric:100"),
        ({"train": "5:3"}, "train is empty: 5:3"),
        ({"train": ""}, "train must be a range"),
        ({"train": "0:5"}, "train must be >= 1, got '0:5'"),
        ({"train": "3,3"}, "train has a string twice"),
        ({"train": "1:1000000"}, "train must be <= 100,000"),
        ({"train": "geometric:0"}, "train must be as in geometric:100"),
        ({"train": "geometric"}, "train must be as in geometric:100"),
        ({"validate": "x"}, "validate must be a range"),
        ({"pattern": "a^n"}, "pattern must have two blocks or more"),
        ({"pattern": "a^n b^n a^n"}, "pattern has the symbol a twice"),
        ({"pattern": "a^n b^-n"}, "pattern must count as in"),
        ({"pattern": "a^n 7^n"}, "pattern must be blocks such as"),
        ({"pattern": "a^101n b^n"}, "may be 1 to 100; let an earlier block count n"),
        ({"pattern": "a^0n b^n"}, "a counts n 0 times where it comes first"),
        ({"pattern": "a^(n+m) b^n c^m"}, "in n and m at once; a block may bring in one"),
        ({"pattern": "a^3 b^2"}, "pattern must count something"),
        ({"pattern": "a^n b^0"}, "b would come 0 times"),
        ({"pattern": "S^n b^n"}, "pattern may not use S"),
        ({"encoding": "signd"}, "unknown encoding 'signd'; nearest: signed"),
        ({"fitness": "sqared"}, "unknown fitness"),
        ({"far": (500,)}, "far must be >= 10001"),
        ({"far": (30_000, 20_000)}, "far must ascend"),
        ({"limit": -1}, "limit must be >= 0"),
    ],
)
def test_bad_parameters_are_named(options, message):
    with pytest.raises(ValueError, match=r"^[^\n]*$") as raised:
        Languages(**options)
    assert message in str(raised.value)


def test_validation_that_adds_no_string_is_refused():
    task = Languages(train="1:10", validate="3:5")
    with pytest.raises(ValueError, match="validate='3:5' has no string that train="):
        task.sequences(np.random.default_rng(0))


def test_validation_leaves_training_strings_out():
    split = Languages(validate="1:12").sequences(np.random.default_rng(0))
    assert [segment.stop for segment in split.validation] == [34, 37]


def test_published_figures_are_for_the_published_strings_only():
    assert [p.value for p in Languages().published()] == [29, 53, 257]
    assert Languages(validate="11:20").published() == ()
    assert Languages(pattern="a^n b^n").published() == ()
    assert Languages(train="1:11").published() == ()


@pytest.mark.parametrize("fitness", ["squared", "margin", "wrong"])
def test_fitness_is_lower_for_fewer_wrong_steps(fitness):
    task = Languages(fitness=fitness)
    split = task.sequences(np.random.default_rng(0))
    targets = np.concatenate([segment.targets for segment in split.train])[None]
    some, more = targets.copy(), targets.copy()
    some[0, :3] *= -1
    more[0, :9] *= -1
    losses = task.loss(np.stack([targets, some, more]), targets)
    assert losses[0] == 0
    assert losses[0] < losses[1] < losses[2]


def test_a_network_of_ten_strings_goes_on_far_beyond_them():
    from dataclasses import replace

    experiment = load_table("languages-best").rows[0].experiment(0)
    task = replace(experiment.task, limit=500, far=(20_000,))
    result = run_experiment(replace(experiment, task=task))
    assert result.metrics["accepted_to"] == 20_000
    assert result.metrics["deterministic_accuracy"] == 1.0


def test_a_pattern_of_ones_own_is_learnt():
    from dataclasses import replace

    experiment = load_table("languages-best").rows[0].experiment(0)
    task = Languages(pattern="a^n b^n c^2n", limit=200, far=())
    result = run_experiment(replace(experiment, task=task))
    assert result.metrics["training_accepted"] == 1.0
    assert result.metrics["accepted_to"] == 200


def test_a_pattern_of_ones_own_has_a_preset_of_its_own():
    from evolino.training.presets import experiment_for

    own = {"pattern": "a^n b^3n c^n"}
    assert experiment_for("languages", task_options=own).preset == "patterns"
    assert experiment_for("languages", "best", task_options=own).preset == "best"
    assert experiment_for("languages").preset == "best"


def test_strings_that_are_too_many_to_be_written_out_are_refused():
    with pytest.raises(ValueError, match="train has 15,000,250,000 rows, more than"):
        Languages(train="1:100000")
