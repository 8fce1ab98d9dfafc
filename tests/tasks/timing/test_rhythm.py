"""Laws of the rhythm task: its grids, its time, its measures, and that it is learnt."""

from dataclasses import replace

import numpy as np
import pytest

import evolino
from evolino.cli.app import run as command
from evolino.plots.rhythm import rhythm_figure
from evolino.sound.midi import read_midi, write_midi
from evolino.tasks.timing.drum_grids import SHIPPED, parse_grid, read_lines
from evolino.tasks.timing.rhythm import Rhythm
from evolino.tasks.timing.rhythm_measures import Trial, right_from, wrong_bars
from evolino.tasks.timing.tempo_changes import clear_changes
from evolino.training.tables import load_table

TWO_BARS = ("# two bars", "steps a beat: 2", "snare |-x|--|", "bass drum |x-|x-|")


def grid(*rows, steps=None):
    return parse_grid([*(() if steps is None else (f"steps a beat: {steps}",)), *rows])


def test_a_grid_is_read_as_it_is_written():
    pattern = parse_grid(TWO_BARS)
    assert pattern.voices == ("snare", "bass drum")
    assert (pattern.bars, pattern.steps, pattern.steps_a_bar, pattern.steps_a_beat) == (
        2,
        4,
        2,
        2,
    )
    np.testing.assert_array_equal(pattern.strokes, [[0, 1], [1, 0], [0, 1], [0, 0]])


@pytest.mark.parametrize("name", SHIPPED)
def test_shipped_patterns_are_of_several_voices_and_bars(name):
    pattern = parse_grid(read_lines(name))
    assert len(pattern.voices) >= 3
    assert pattern.bars >= 2
    cycle = pattern.strokes
    assert not any(  # no shorter pattern makes it up
        np.array_equal(np.roll(cycle, step, axis=0), cycle) for step in range(1, len(cycle))
    )


def test_steps_follow_the_pulse_and_last_what_the_tempo_says():
    pattern = parse_grid(TWO_BARS)
    frames = pattern.played(np.full(25, 5))
    at = np.flatnonzero(frames[:, 0])
    np.testing.assert_array_equal(at, [0, 5, 10, 15, 20])
    np.testing.assert_array_equal(frames[at, 1:], pattern.strokes[[0, 1, 2, 3, 0]])
    assert not frames[np.setdiff1d(np.arange(25), at)].any()
    assert pattern.tempo(5) == 60 * 64 / (5 * 2)
    assert pattern.lasting(pattern.tempo(5) + 1) == 5


def test_a_step_through_a_change_of_tempo_ends_when_its_shares_come_to_1():
    lasting = np.array([4, 4, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8])
    at = np.flatnonzero(parse_grid(TWO_BARS).played(lasting)[:, 0])
    # Two frames are a half at 4 a step; the other half takes four at 8 a step.
    np.testing.assert_array_equal(at, [0, 6])
    steady = np.append(np.full(9999, 7), 9)  # by sums, the same as by counting
    np.testing.assert_array_equal(
        np.flatnonzero(parse_grid(TWO_BARS).played(steady)[:, 0]), np.arange(0, 10000, 7)
    )


def test_music_is_the_grid_at_any_tempo_for_any_reader(tmp_path):
    task = Rhythm(lines=TWO_BARS)
    segment = task.conducted(5, [(1, 240.0), (3, 120.0)])
    score = task.conducted_score(segment.series.targets, segment.series.inputs)
    write_midi(score, tmp_path / "a.mid")
    read = read_midi(tmp_path / "a.mid")
    found = sorted((note.start, note.pitch) for note in read.tracks[0].notes)
    # Six bars of a beat: a snare on the second half of every other one.
    wanted = [(float(bar), 36) for bar in range(6)] + [(bar + 0.5, 38) for bar in (0, 2, 4)]
    assert found == sorted(wanted)
    assert read.tempo == pytest.approx(240)
    ((beat, tempo),) = read.tempo_changes
    assert tempo == pytest.approx(120)
    assert beat == 3
    frames = np.flatnonzero(segment.series.targets[:, 0])
    assert read.seconds_at(5.0) == pytest.approx(frames[10] / 64, abs=0.002)


BAD = {
    "ragged rows": (
        ("snare |x-x-|", "claves |x-x|"),
        "line 2: the bars of 'claves' have 3",
    ),
    "unknown signs": (("snare |x-o-|",), "line 1 has the sign 'o'"),
    "no drum": (("snar |x-x-|",), "nearest: snare"),
    "a voice twice": (("snare |x|", "snare |x|"), "'snare' for the second time"),
    "no bars": (("snare x-x-",), "line 1 needs a drum, then |"),
    "an empty bar": (("snare |x-||",), "line 1 has an empty bar"),
    "bars of two lengths": (("snare |x-|x|",), "bars must be of one length, got 2, 1"),
    "a silent voice": (("snare |x-|", "claves |--|"), "'claves' has no stroke"),
    "no voice": (("# nothing",), "there is no voice"),
    "steps that are no number": (("steps a beat: four",), "must be 1 to 16, got 'four'"),
}


@pytest.mark.parametrize(("lines", "message"), BAD.values(), ids=BAD)
def test_bad_grids_are_named(lines, message):
    with pytest.raises(ValueError, match=message.replace("|", "\\|")):
        Rhythm(lines=lines)


def test_a_grid_of_a_file_needs_the_file_once(tmp_path):
    file = tmp_path / "own.txt"
    file.write_text("\n".join(TWO_BARS))
    task = Rhythm(grid=str(file))
    file.unlink()
    assert task.pattern.voices == ("snare", "bass drum")
    for content, message in (("", "is empty"), (None, "must be one of rock, bossa, bembe")):
        if content is not None:
            file.write_text(content)
        else:
            file.unlink()
        with pytest.raises(ValueError, match=message):
            Rhythm(grid=str(file))


def test_bad_tempi_are_named():
    with pytest.raises(ValueError, match="up to 320 beats a minute, got"):
        Rhythm(tempi=(120.0, 2000.0))
    task = Rhythm(tempi=(96.0, 160.0))
    assert task.practised == (6, 10)
    with pytest.raises(ValueError, match="must begin at bar 1 and ascend"):
        task.conducted(4, [(1, 100.0), (3, 90.0), (3, 80.0)])
    with pytest.raises(ValueError, match="up to 960 beats a minute"):
        task.conducted(4, [(1, 9000.0)])


def test_losses_count_what_falls_short_of_the_right_side():
    task = Rhythm(lines=TWO_BARS)
    targets = np.zeros((1, 8, 3))
    targets[0, 0] = 1.0
    beyond = np.where(targets > 0.5, 3.0, -3.0)
    short = beyond.copy()
    short[0, 3, 1] = 0.25
    losses = task.loss(np.stack([beyond, short, np.full(targets.shape, np.nan)]), targets)
    assert losses[0] == 0
    assert losses[1] == pytest.approx(0.25 + 0.25 / np.sqrt(24))
    assert losses[2] == np.inf


def test_a_run_is_right_from_where_all_that_follows_is():
    wanted = np.arange(20) % 5
    played = wanted.copy()
    assert right_from(played, wanted, 0) == 0
    played[7] = 9
    assert right_from(played, wanted, 0) == 8
    late = np.roll(played, 2)
    assert right_from(late, wanted, 2) == 10
    assert right_from(np.roll(played, -2), wanted, -2) == 6


class Drummer:
    """Plays what is wanted, late from some frame on, or one bar wrong."""

    def __init__(self, *, late=0, since=0, wrong_bar=None):
        self.late, self.since, self.wrong_bar = late, since, wrong_bar

    def respond(self, segments, *, free_running):
        assert free_running
        return [self.played(segment) for segment in segments]

    def played(self, segment):
        frames = segment.targets.copy()
        if self.late:
            rest = frames[self.since :].copy()
            frames[self.since :] = 0
            frames[self.since + self.late :] = rest[: -self.late]
        if self.wrong_bar is not None:
            bar = segment.start
            frames[self.wrong_bar * bar + 3] += 0.7
        return frames


def test_wrong_bars_are_counted_at_every_tempo():
    task = Rhythm(lines=TWO_BARS, bars=30)
    split = task.sequences(np.random.default_rng(0))
    figures = task.measure(Drummer(wrong_bar=4), split)
    assert figures["wrong_bars"] == len(split.test) == 8
    assert figures["bars_right"] == 4
    assert figures["solved"] == 0
    right = task.measure(Drummer(), split)
    assert right["wrong_bars"] == right["failed"] == right["change_bars"] == 0
    assert right["solved"] == 1


def test_being_late_by_more_than_a_step_is_not_right_after_a_change():
    task = Rhythm(lines=TWO_BARS)
    trial = task._changes()[0]
    for late, right in ((0, True), (trial.shift, True), (trial.shift + 1, False)):
        played = Drummer(late=late, since=trial.since + 5).played(trial.segment)
        assert np.isfinite(trial.bars_until_right(played)) == right
    silent = np.zeros(trial.segment.targets.shape)
    assert trial.bars_until_right(silent) == np.inf
    assert len(wrong_bars(silent, trial.segment.targets, trial.bar)) > 10
    assert isinstance(trial, Trial)


@pytest.fixture(scope="module")
def rock(tmp_path_factory):
    """The folder of a run that plays rock."""
    experiment = load_table("rhythm-best").rows[0].experiment(0)
    folder = tmp_path_factory.mktemp("runs") / "rock"
    task = replace(experiment.task, bars=100)
    result = evolino.train(task, preset="best", out=folder)
    assert result.metrics["solved"] == 1
    assert result.metrics["kick_1e-1"] == 1
    return folder


def test_it_is_learnt_and_follows_a_conductor(rock, tmp_path, capsys):
    out = [f"--{kind}={tmp_path / 'a'}.{end}" for kind, end in
           (("midi", "mid"), ("wav", "wav"), ("png", "png"))]  # fmt: skip
    given = ["--bars", "9", "--tempo", "107", "--tempo-changes", "4:137,7:87.3"]
    assert command(["generate", str(rock), *given, *out]) == 0
    assert "wrong 0" in capsys.readouterr().out
    read = read_midi(tmp_path / "a.mid")
    task = Rhythm()
    wanted = task.conducted(9, [(1, 107.0), (4, 137.0), (7, 87.3)]).series
    score = task.conducted_score(wanted.targets, wanted.inputs)
    heard, asked = (
        sorted((round(note.start, 3), note.pitch) for note in each.tracks[0].notes)
        for each in (read, score)
    )
    assert heard == asked
    assert (tmp_path / "a.png").stat().st_size > 5000
    assert (tmp_path / "a.wav").stat().st_size > 100_000


WRONG = {
    "changes": (["--tempo-changes", "4"], "tempo_changes must be like 5:96,9:144, got '4'"),
    "order": (["--tempo-changes", "4:90,2:80"], "must begin at bar 1 and ascend"),
    "steps": (["--steps", "9"], "a rhythm has --bars"),
    "bars": (["--bars", "0"], "bars must be >= 1"),
    "length": (["--bars", "1000"], "more than 100,000"),
}


@pytest.mark.parametrize(("options", "message"), WRONG.values(), ids=WRONG)
def test_wrong_options_are_one_line(rock, capsys, options, message):
    assert command(["generate", str(rock), *options]) == 2
    err = capsys.readouterr().err
    assert message in err
    assert err.count("\n") == 1


def test_a_change_of_tempo_is_practised_where_it_is_clear():
    for begun, left, following in clear_changes(8, (6, 8, 10)):
        passed = begun / 8 + (left - 1) / following
        assert passed < 1 - 0.25 / following
        assert passed + 1 / following > 1 + 0.25 / following
        assert following != 8


def test_a_stroke_that_is_played_elsewhere_is_drawn_red():
    task = Rhythm(lines=TWO_BARS)
    wanted = task.conducted(3, [(1, 240.0)]).series
    frames = np.roll(wanted.targets, 3, axis=0)
    scores = (
        task.conducted_score(each, wanted.inputs) for each in (wanted.targets, frames)
    )
    below = rhythm_figure(*scores).axes[1]
    red = [dots for dots in below.collections if dots.get_label() == "not in the target"]
    assert sum(len(dots.get_offsets()) for dots in red) == 6
