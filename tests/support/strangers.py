"""Files from strangers: what is made, mutated and read, and what may come of it.

Every kind has a file or text to begin with, a way to mutate it, and what reads it as the
command line would. An answer, ValueError, TypeError and OSError of a missing file are
right; everything else is a fault, and so is taking long.
"""

import contextlib
import io
import signal
import warnings
from dataclasses import replace

import numpy as np

import evolino
from evolino.sound.midi import read_midi, write_midi
from evolino.sound.score import Note, Score, Track
from evolino.tasks.languages.languages import Languages
from evolino.tasks.timing.drum_grids import parse_grid, read_lines
from evolino.training.experiment import Budget
from evolino.training.presets import experiment_for
from evolino.training.resume_run import resume
from evolino.training.run_experiment import run_experiment
from evolino.training.run_folder import RunFolder
from tests.support import mutants

SECONDS = 10  # of processor time
ALLOWED = (ValueError, TypeError)


class TookTooLong(BaseException):
    """A reader that did not answer in time."""


def make(folder):
    """Write a file of each kind to a folder; return the kinds by name."""
    for name, settings in RUNS.items():
        task, options, search, cells = settings
        experiment = experiment_for(
            task, task_options=options, search=search, cells=cells,
            budget_options={"generations": 2}, fields=FIELDS.get(name, {}),
        )  # fmt: skip
        if name == "islands":
            experiment = replace(experiment, islands=evolino.Islands(2, 1))
        run_experiment(
            experiment, folder=RunFolder.create(folder / name, experiment), baselines=False
        )
    rng = np.random.default_rng(0)
    np.save(folder / "series.npy", rng.normal(size=(500, 2)))
    np.savetxt(folder / "series.csv", rng.normal(size=(60, 2)), delimiter=",")
    (folder / "grid.txt").write_text("\n".join(read_lines("rock")))
    notes = tuple(Note(k / 2, 0.5, 60 + k % 12, 90) for k in range(40))
    write_midi(Score((Track(notes, "a"),), 120.0), folder / "piece.mid")


RUNS = {
    "esp": (
        "languages",
        {"language": "anbn", "train": "1:3", "limit": 20, "far": ()},
        None,
        2,
    ),
    "islands": ("mso", {"sines": 2}, None, 3),
    "cma-es": ("mso", {"sines": 2}, "diagonal-cma-es", 3),
}
FIELDS = {"cma-es": {"readout": {"name": "ridge", "penalty": 1e-6}}}


def _load_model(folder):
    model = evolino.load(folder)
    architecture = model.architecture
    inputs = np.zeros((5, architecture.inputs)) if architecture.inputs else None
    targets = np.zeros((5, architecture.outputs)) if architecture.feedback else None
    model.predict(inputs, targets)


def _resume(folder):
    opened = RunFolder.open(folder)
    resume(opened, budget={"generations": 3}, baselines=False)


def _read_run(folder):
    opened = RunFolder.open(folder)
    opened.history(), opened.timing(), opened.result(), opened.load_checkpoint()


def _show(folder):
    from evolino.cli.show import print_run

    print_run(RunFolder.open(folder))


def _config(folder):
    experiment = RunFolder.open(folder).experiment()
    if experiment.network.cells <= 20:
        replace(experiment, budget=Budget(generations=1))


def _fitness(folder):
    from evolino.plots import fitness

    fitness([folder], folder / "fitness.png")


def _series(path):
    from evolino.cli.task_options import task_options

    (option,) = [
        each for each in task_options(evolino.SeriesTask, set()) if each.field == "series"
    ]
    series = option.read(path)
    evolino.SeriesTask(series, washout=10, train=20, validation=10)


def _grid(path):
    parse_grid(read_lines(str(path)))


def _pattern(text):
    task = Languages(pattern=text, train="1:3", limit=20, far=())
    task.sequences(np.random.default_rng(0))


def _selection(text):
    task = Languages(train=text, limit=20, far=(30,))
    task.sequences(np.random.default_rng(0))


def kinds():
    """Return (name, file in the folder or text, mutation, reader) of every kind."""

    def archive(kind):
        return lambda path, rng: mutants.of_archive(path, kind, rng)

    def content(mutate):
        return lambda path, rng: mutate(path.read_bytes(), rng)

    for run in RUNS:
        yield f"{run} model", f"{run}/model.npz", archive("model"), _load_model
        yield f"{run} checkpoint", f"{run}/checkpoint.npz", archive("checkpoint"), _resume
        yield f"{run} config", f"{run}/config.toml", content(mutants.of_toml), _config
    yield "config resumed", "esp/config.toml", content(mutants.of_toml), _resume
    yield "result", "esp/result.json", content(mutants.of_json), _show
    yield "history", "esp/history.jsonl", content(mutants.of_lines), _fitness
    yield "history resumed", "esp/history.jsonl", content(mutants.of_lines), _resume
    yield "timing", "esp/timing.jsonl", content(mutants.of_lines), _read_run
    yield "series", "series.npy", content(mutants.of_npy), _series
    yield "table", "series.csv", content(mutants.of_bytes), _series
    yield "piece", "piece.mid", content(mutants.of_bytes), read_midi
    yield "grid", "grid.txt", content(mutants.of_bytes), _grid
    for text in ("a^n b^3n c^n", "a^n b^m c^(n+m+1)"):
        yield f"pattern {text}", text, mutants.of_text, _pattern
    for text in ("1:10", "10,11", "geometric:100"):
        yield f"selection {text}", text, mutants.of_text, _selection


@contextlib.contextmanager
def _in_time():
    def late(*_):
        raise TookTooLong

    before = signal.signal(signal.SIGPROF, late)
    signal.setitimer(signal.ITIMER_PROF, SECONDS)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


def fault_of(read, given):
    """Read; return what is wrong with what came of it, "" if nothing is."""
    try:
        with _in_time(), warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            silent = io.StringIO()
            with contextlib.redirect_stdout(silent), contextlib.redirect_stderr(silent):
                read(given)
    except ALLOWED as error:
        text = str(error)
        return "" if text.strip() else f"says {text[:80]!r}"
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        return f"{type(error).__name__}: {str(error)[:200]}"
    return ""


def attempt(folder, kind, seed):
    """Mutate what a kind begins with, read it, put it back; return the fault, or ""."""
    name, begin, mutate, read = kind
    rng = np.random.default_rng([seed, sum(name.encode())])
    path = folder / begin
    if not path.is_file():
        return fault_of(read, mutate(begin, rng))
    run = path.parent
    kept = {file: file.read_bytes() for file in run.iterdir() if file.is_file()}
    try:
        changed = mutate(path, rng)
        path.write_bytes(changed)
        return fault_of(read, path if run == folder else run)
    finally:
        for file in run.iterdir():
            if file.is_file() and file not in kept:
                file.unlink()
        for file, content in kept.items():
            if not file.exists() or file.read_bytes() != content:
                file.write_bytes(content)
