"""Mutated files read by the command line, each in a process of its own.

    python -m tests.support.strangers_by_command --files 300

Right is exit status 0, or 2 after one line of error. Everything else is a fault: a
traceback, a warning, another status, too much memory or processor time.
"""

import argparse
import resource
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

import numpy as np

from evolino.sound.midi import write_midi
from evolino.sound.score import Note, Score, Track
from evolino.storage.plain_text import layout_shown
from tests.support import mutants, strangers
from tests.support.processes import COMMAND, environment

SECONDS = 20  # of processor time, two or three of which are the program's start
MEMORY = 4 << 30  # bytes of addresses; libraries alone take two
HANGS = 600  # seconds
MODEST = ("--cells", "2", "--search", "random", "--generations", "1", "--no-baselines",
          "--workers", "1", "--out", "made")  # fmt: skip


def make(folder):
    """Write a file of each kind to a folder."""
    strangers.make(folder)
    (folder / "midi").mkdir()
    for k in range(4):
        notes = tuple(Note(n / 2, 0.5, 60 + (n * (k + 1)) % 12, 90) for n in range(60))
        write_midi(Score((Track(notes, "a"),), 120.0), folder / "midi" / f"{k}.mid")


def kinds():
    """Return (name, file in the folder or text, mutation, arguments) of every kind; DIR and
    GIVEN in the arguments stand for the file's folder, and for it or the text."""

    def archive(kind):
        return lambda path, rng: mutants.of_archive(path, kind, rng)

    def content(mutate):
        return lambda path, rng: mutate(path.read_bytes(), rng)

    resume = ("resume", "DIR", "--generations", "3", "--no-baselines", "--workers", "1")
    for run in strangers.RUNS:
        yield f"{run} model", f"{run}/model.npz", archive("model"), (
            "plot", "DIR", "--kind", "cells")  # fmt: skip
        yield f"{run} checkpoint", f"{run}/checkpoint.npz", archive("checkpoint"), resume
        yield f"{run} config", f"{run}/config.toml", content(mutants.of_toml), resume
    yield "result", "esp/result.json", content(mutants.of_json), ("show", "DIR")
    yield "history", "esp/history.jsonl", content(mutants.of_lines), ("plot", "DIR")
    yield "history resumed", "esp/history.jsonl", content(mutants.of_lines), resume
    yield "timing", "esp/timing.jsonl", content(mutants.of_lines), (
        "plot", "DIR", "--against", "seconds")  # fmt: skip
    series = ("run", "series", "--series", "GIVEN", *MODEST)
    yield "series", "series.npy", content(mutants.of_npy), series
    yield "table", "series.csv", content(mutants.of_bytes), series
    yield "piece", "midi/0.mid", content(mutants.of_bytes), (
        "run", "music", "--midi-dir", "DIR", *MODEST)  # fmt: skip
    yield "grid", "grid.txt", content(mutants.of_bytes), (
        "run", "rhythm", "--grid", "GIVEN", *MODEST)  # fmt: skip
    counted = ("run", "languages", "--limit", "20", *MODEST)
    yield "pattern", "a^n b^m c^(n+m+1)", mutants.of_text, (
        *counted, "--train", "1:3", "--pattern=GIVEN")  # fmt: skip
    yield "selection", "geometric:100", mutants.of_text, (*counted, "--train=GIVEN")


def fault_of(done, seconds):
    """Return what is wrong with what a command line did, "" if nothing is."""
    if done.returncode not in (0, 2):
        return f"exit {done.returncode} after {seconds:.0f} s: {done.stderr[-300:]}"
    lines = done.stderr.splitlines()
    others = [line for line in lines if not line.startswith("evolino: ")]
    if others:
        return f"says {others[-1][:200]!r}"
    if done.returncode == 2 and not lines:
        return "exit 2 without a word"
    if layout_shown(done.stdout + done.stderr) != done.stdout + done.stderr:
        return "control characters"
    return ""


def _limit():
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))


def attempt(made, kind, seed):
    """Mutate in a copy what a kind begins with; return the exit status and the fault."""
    name, begin, mutate, arguments = kind
    rng = np.random.default_rng([seed, sum(name.encode())])
    with tempfile.TemporaryDirectory() as place:
        given = Path(place, Path(begin).name)
        if (made / begin).is_file():
            whole = (made / begin).parent
            if whole == made:
                shutil.copy(made / begin, given)
            else:
                given = Path(place, whole.name, given.name)
                shutil.copytree(whole, given.parent)
            given.write_bytes(mutate(given, rng))
        else:
            given = mutate(begin, rng).replace("\x00", "")  # which no argument can hold
        words = {"DIR": str(Path(given).parent), "GIVEN": str(given)}
        if not (made / begin).is_file():
            words["DIR"] = ""
        line = [each.replace("GIVEN", words["GIVEN"]) for each in arguments]
        line = [words["DIR"] if each == "DIR" else each for each in line]
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        try:
            done = subprocess.run(
                [*COMMAND, *line],
                cwd=place,
                env=environment(OPENBLAS_NUM_THREADS="1"),
                capture_output=True,
                text=True,
                stdin=subprocess.DEVNULL,
                timeout=HANGS,
                preexec_fn=_limit,
            )
        except subprocess.TimeoutExpired:
            return None, "hangs"
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
    seconds = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return done.returncode, fault_of(done, seconds)


def main(arguments=None):
    """Print how the files were read, and each fault; return 1 if there was one."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--files", type=int, default=300)
    parser.add_argument("--first", type=int, default=0, help="For one of several parts.")
    options = parser.parse_args(arguments)
    statuses, faults, every = Counter(), [], list(kinds())
    with tempfile.TemporaryDirectory() as folder:
        make(Path(folder))
        for seed in range(options.first, options.first + options.files):
            kind = every[seed % len(every)]
            status, fault = attempt(Path(folder), kind, seed)
            statuses[status] += 1
            if fault:
                faults.append(f"{kind[0]}, seed {seed}: {fault}")
                print(faults[-1], flush=True)
    counts = ", ".join(f"{count} exit {status}" for status, count in statuses.items())
    print(f"{options.files} files: {counts}; {len(faults)} faults")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
