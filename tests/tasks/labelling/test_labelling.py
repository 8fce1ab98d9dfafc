"""Laws of the labelling task: edits, strings of digits, a user's folder and its errors."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evolino.models.driving import stack_rows
from evolino.tasks.labelling.digit_strings import FOR_TRAINING, digit_strings
from evolino.tasks.labelling.label_errors import edits, error_rates
from evolino.tasks.labelling.labelling import Labelling, strings_of

STRINGS = st.lists(st.integers(1, 3), max_size=6)


def distance(a, b):
    if not a or not b:
        return len(a) + len(b)
    replaced = distance(a[1:], b[1:]) + (a[0] != b[0])
    return min(distance(a[1:], b) + 1, distance(a, b[1:]) + 1, replaced)


@given(STRINGS, STRINGS)
def test_edits_are_as_few_as_there_can_be_and_lead_from_one_to_the_other(found, wanted):
    each = edits(np.array(found), np.array(wanted))
    assert each.total == distance(tuple(found), tuple(wanted))
    assert each.insertions - each.deletions == len(found) - len(wanted)
    assert min(each) >= 0


def test_rates_are_shares_of_all_wanted_labels():
    found = [np.array(each) for each in ([1, 2], [3, 3, 1], [])]
    wanted = [np.array(each) for each in ([1, 2], [3, 1], [2, 2])]
    rates = error_rates(found, wanted)
    assert rates["label_errors"] == pytest.approx(3 / 6)
    assert rates["insertions"] == pytest.approx(1 / 6)
    assert rates["deletions"] == pytest.approx(2 / 6)
    assert rates["substitutions"] == 0
    assert rates["strings_wrong"] == pytest.approx(2 / 3)


def test_no_image_serves_two_parts(rng):
    parts = digit_strings(rng, (200, 80), (3, 6), 0.0)
    assert (len(parts.train), len(parts.validation), len(parts.test)) == (160, 40, 80)

    def columns(sequences):
        """Columns of four and more pixels, which hardly come twice by chance."""
        rows = np.concatenate([each.frames for each in sequences])
        return {row.tobytes() for row in rows if np.count_nonzero(row % 1) >= 5}

    train, validation, test = map(columns, (parts.train, parts.validation, parts.test))
    shared = len(train & test) + len(train & validation) + len(validation & test)
    assert len(train) > FOR_TRAINING / 4
    assert shared < 0.02 * len(train)


class Oracle:
    def __init__(self, wrong=()):
        self.wrong = wrong

    def respond(self, segments, *, free_running):
        blank = np.eye(11)[0]
        return [
            np.tile(blank, (len(s.targets), 1)) if k in self.wrong else s.targets
            for k, s in enumerate(segments)
        ]


def test_the_measure_counts_what_a_decoded_string_lacks(rng):
    task = Labelling(training=10, tested=5)
    split = task.sequences(rng)
    assert task.measure(Oracle(), split)["label_errors"] == 0
    lost = task.measure(Oracle(wrong=(1,)), split)
    labels = [len(strings_of(each)) for each in split.test]
    assert lost["deletions"] == lost["label_errors"] == labels[1] / sum(labels)
    assert lost["nats"] == np.inf


def test_the_loss_is_the_nats_of_a_label(rng):
    task = Labelling(training=10, tested=1)
    split = task.sequences(rng)
    targets = stack_rows([each.targets for each in split.validation])
    even = np.where(np.isfinite(targets), 1 / 11, np.nan)
    (loss,) = task.loss(even[None], targets)
    from evolino.solvers.ctc import forward_backward, labelled

    strings = [strings_of(each) for each in split.validation]
    frames = [len(each.targets) for each in split.validation]
    _, wanted = forward_backward(
        np.full((sum(frames), 11), -np.log(11)), labelled(frames, strings)
    )
    assert loss == pytest.approx(-wanted.sum() / sum(map(len, strings)), rel=1e-12)


def folder(place, strings=("ab", "ba", "a"), frames=None, lines=None, header="file,labels"):
    rng = np.random.default_rng(5)
    (place / "series").mkdir()
    for k, string in enumerate(strings):
        rows = rng.normal(3.0, 2.0, frames[k] if frames else (9 + len(string), 2))
        text = "\n".join(",".join(map(str, row)) for row in rows)
        (place / "series" / f"{k}.csv").write_text(text)
    default = [f"{k}.csv,{string}" for k, string in enumerate(strings)]
    (place / "labels.csv").write_text("\n".join([header, *(lines or default)]) + "\n")
    return {"series": str(place / "series"), "labels": str(place / "labels.csv")}


def test_a_users_folder_is_read_standardised_and_divided(tmp_path, rng):
    task = Labelling(**folder(tmp_path, ["ab"] * 6 + ["ba"] * 4))
    assert (task.inputs, task.outputs, task.symbols) == (2, 3, ("a", "b"))
    split = task.sequences(rng)
    assert [len(split.train), len(split.validation), len(split.test)] == [6, 2, 2]
    assert task.text(strings_of(split.test[0])) in ("ab", "ba")
    again = task.sequences(np.random.default_rng(99))
    for one, other in zip(split.test, again.test, strict=True):
        np.testing.assert_array_equal(one.series.inputs, other.series.inputs)


def test_frames_of_the_test_do_not_decide_the_scaling(tmp_path, rng):
    task = Labelling(**folder(tmp_path, ["ab"] * 6 + ["ba"] * 4))
    rows = np.concatenate([s.series.inputs for s in task.sequences(rng).train])
    scaled = task.scaling().inputs(rows)
    np.testing.assert_allclose(scaled.mean(axis=0), 0.0, atol=1e-12)
    np.testing.assert_allclose(scaled.std(axis=0), 1.0, atol=1e-12)


@pytest.mark.parametrize("field", [{"training": 9}, {"noise": 0.5}, {"longest": 9}])
def test_settings_of_made_strings_are_refused_with_a_folder(field, tmp_path):
    (name,) = field
    with pytest.raises(ValueError, match=f"{name} is of the task's own data and has no"):
        Labelling(**folder(tmp_path, ["ab"] * 6), **field)


def test_parts_can_be_named_and_labels_can_be_words(tmp_path, rng):
    lines = ["0.csv,yes no,train", "1.csv,no,validation", "2.csv,no yes,test"]
    given_files = folder(tmp_path, lines=lines, header="file,labels,part")
    task = Labelling(**given_files, words=True)
    assert task.symbols == ("no", "yes")
    split = task.sequences(rng)
    assert [task.text(strings_of(s)) for s in (*split.train, *split.test)] == [
        "yes no",
        "no yes",
    ]


def test_own_labels_are_decoded_to_the_lines_of_a_file(tmp_path):
    lines = ["0.csv,yes no,train", "1.csv,no,validation", "2.csv,no yes,test"]
    given_files = folder(tmp_path, lines=lines, header="file,labels,part")
    (tmp_path / "list.txt").write_text("no yes\nyes\n")
    task = Labelling(**given_files, words=True, word_list=str(tmp_path / "list.txt"))
    sums = np.array([[0.1, 0.8, 0.1], [0.8, 0.1, 0.1], [0.1, 0.5, 0.4]])  # no, blank, no
    (found,) = task.decoded([sums])
    assert task.text(found) == "no yes"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"frames": [(9, 2), (9, 3), (9, 2)]}, "1.csv has frames of 3 numbers, 0.csv of 2"),
        ({"strings": ["ab", "aab", "a"], "frames": [(9, 2), (3, 2), (9, 2)]},
         "1.csv has 3 frames, its 3 labels need at least 4"),
        ({"lines": ["0.csv,ab", "1.csv,", "2.csv,a"]}, "line 3: the labels are empty"),
        ({"lines": ["0.csv,ab", "1.csv", "2.csv,a"]}, "line 3: there must be 2 fields"),
        ({"lines": ["0.csv,ab", "0.csv,ab", "2.csv,a"]}, "line 3: 0.csv comes twice"),
        ({"lines": ["0.csv,ab", "9.csv,ab", "2.csv,a"]}, "line 3: .*9.csv"),
        ({"lines": ["0.csv,ab"]}, "at least 3 sequences, got 1"),
        ({"header": "name,text"}, "must be file,labels or file,labels,part"),
        ({"header": "file,labels,part",
          "lines": ["0.csv,ab,train", "1.csv,ab,dev", "2.csv,a,test"]},
         "line 3: part must be one of train, validation, test, got 'dev'"),
        ({"header": "file,labels,part",
          "lines": ["0.csv,ab,train", "1.csv,ab,train", "2.csv,a,test"]},
         "no sequence of part validation"),
    ],
)  # fmt: skip
def test_a_folder_that_cannot_be_used_is_refused_in_one_line(tmp_path, changes, message):
    with pytest.raises(ValueError, match=message):
        Labelling(**folder(tmp_path, **changes))


def test_a_symbol_that_training_has_not_is_named(tmp_path, rng):
    lines = ["0.csv,ab,train", "1.csv,ac,validation", "2.csv,a,test"]
    task = Labelling(**folder(tmp_path, lines=lines, header="file,labels,part"))
    with pytest.raises(
        ValueError, match=r"1.csv of validation has the label 'c', which no"
    ):
        task.sequences(rng)


def test_missing_numbers_are_refused(tmp_path):
    files = folder(tmp_path)
    (tmp_path / "series" / "1.csv").write_text("1,2\n3,\n5,6\n7,8\n1,1\n")
    with pytest.raises(ValueError, match="missing or not finite at frame 1"):
        Labelling(**files)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"series": "somewhere"}, "given together; got only series"),
        ({"labels": "x.csv"}, "given together; got only labels"),
        ({"words": True}, "words is of your own labels"),
        ({"source": "radio"}, "unknown source 'radio'"),
        ({"training": 1}, "training must be >= 2"),
        ({"longest": 2}, "longest must be >= 3"),
        ({"noise": -1.0}, "noise must be >= 0"),
        ({"series": "nowhere", "labels": "x.csv"}, "series must be a folder of tables"),
    ],
)
def test_bad_fields(fields, message):
    with pytest.raises(ValueError, match=message):
        Labelling(**fields)
