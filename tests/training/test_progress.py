"""Laws of the line that tells how far a run is."""

import pytest

from evolino.training import progress
from evolino.training.experiment import Budget
from evolino.training.history import Generation
from evolino.training.progress import Progress, progress_line, seconds_left


def generation(number, evaluations, best=0.5, variant=0):
    return Generation(number, evaluations, best, best, 1.0, 2.0, 3.0, 0, variant)


class Started:
    budget = Budget(evaluations=1000)


@pytest.mark.parametrize(
    ("budget", "left"),
    [
        (Budget(seconds=30), 10.0),
        (Budget(evaluations=1000), 25.0),
        (Budget(generations=20), 20.0),
        (Budget(generations=20, seconds=30), 10.0),
        (Budget(target=0.1), None),
        (Budget(seconds=5), 0.0),
    ],
)
def test_time_left_is_that_to_the_nearest_limit(budget, left):
    # 10 generations of 50 evaluations in 20 seconds, 20 evaluations a second now
    found = seconds_left(budget, generation(10, 500), 20.0, 20.0)
    assert found == (
        None if left is None else pytest.approx(25.0 if left == 20.0 else left)
    )


def test_the_line_has_rate_best_and_time_left():
    line = progress_line(generation(10, 500), 20.0, budget=Budget(seconds=85))
    assert line == "generation 10  25 evaluations/s  best 0.5  left 1:05"


def test_the_rate_is_that_since_a_resume():
    line = progress_line(generation(10, 500), 20.0, anchor=(400, 19.0))
    assert "100 evaluations/s" in line


def test_a_run_without_a_count_has_no_time_left():
    line = progress_line(generation(1, 5, variant=2), 0.0, budget=Budget(target=0.1))
    assert "left" not in line
    assert "(variant 2)" in line


def test_where_there_is_no_terminal_lines_are_plain_and_rare(capsys, monkeypatch):
    with Progress() as shown:
        shown.on_start(Started)
        for k in range(1, 100):
            shown.on_generation(generation(k, k), k / 1000)
        assert capsys.readouterr().out == ""
        monkeypatch.setattr(progress, "PLAIN_EVERY", 0.0)
        shown.on_generation(generation(100, 100), 0.1)
        out = capsys.readouterr().out
    assert out.startswith("generation 100  ")
    assert out.isprintable() or out.count("\n") == 1


def test_the_last_generation_is_always_told(capsys):
    with Progress() as shown:
        shown.on_start(Started)
        shown.on_generation(generation(1, 10), 0.1)
        shown.on_stop(None)
    assert capsys.readouterr().out.startswith("generation 1  ")


def test_quiet_says_nothing(capsys, monkeypatch):
    monkeypatch.setattr(progress, "PLAIN_EVERY", 0.0)
    with Progress(quiet=True) as shown:
        shown.on_start(Started)
        shown.on_generation(generation(1, 10), 0.1)
        shown.on_stop(None)
    assert capsys.readouterr().out == ""


def test_on_a_terminal_one_line_lives_and_is_left_in_order(capsys, monkeypatch):
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    monkeypatch.setattr(progress, "LIVE_EVERY", 0.0)
    with pytest.raises(KeyboardInterrupt), Progress() as shown:
        shown.on_start(Started)
        shown.on_generation(generation(1, 10), 0.1)
        raise KeyboardInterrupt
    assert shown._live is None
    assert "generation 1" in capsys.readouterr().out
