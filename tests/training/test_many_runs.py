"""Laws of many runs in one process: apart from each other, and without a rest."""

import os
import threading
import time

import pytest

import evolino
from evolino.training.run_experiment import run_experiment
from evolino.training.run_folder import RunFolder
from tests.training.test_run_experiment import experiment, files


def test_two_runs_in_two_threads_leave_the_bits_of_one(tmp_path):
    made = experiment(search=evolino.Genetic(population=12, elite=2))

    def run(name):
        folder = RunFolder.create(tmp_path / name, made)
        run_experiment(made, folder=folder, workers=2, baselines=False)

    run("alone")
    both = [threading.Thread(target=run, args=(name,)) for name in ("one", "two")]
    for each in both:
        each.start()
    for each in both:
        each.join()
    alone, *others = (files(tmp_path / name) for name in ("alone", "one", "two"))
    assert others == [alone, alone]


def left():
    return threading.active_count(), len(os.listdir("/proc/self/fd"))


def no_more(before):
    return all(now <= then for now, then in zip(left(), before, strict=True))


@pytest.mark.parametrize("workers", [1, 3])
def test_runs_leave_no_thread_and_no_open_file(workers, tmp_path):
    options = {"search": "random", "budget": evolino.Budget(generations=2)}
    evolino.train("mso", network=evolino.LSTM(cells=4), **options)
    before = left()
    for k in range(4):
        evolino.train(
            "mso",
            network=evolino.LSTM(cells=4),
            out=tmp_path / str(k),
            workers=workers,
            **options,
        )
    end = time.monotonic() + 60
    while not no_more(before) and time.monotonic() < end:
        time.sleep(0.01)  # a thread ends by itself, but a moment later
    assert no_more(before)
