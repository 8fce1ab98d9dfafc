"""A user's own task counts as it is: in a script or notebook, in every backend, resumed."""

import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

import evolino
from evolino.training.resume_run import resume
from evolino.training.run_experiment import run_experiment
from evolino.training.run_folder import RunFolder
from evolino.training.workers.base import EvaluationError

SERIES = np.sin(0.2 * np.arange(600))
SHORT = evolino.Budget(generations=2)
NETWORK = evolino.LSTM(cells=4)


class Doubled(evolino.SeriesTask):
    """Inherits its parent's name; only the loss differs."""

    def loss(self, outputs, targets):
        return 2 * super().loss(outputs, targets)


class Named(Doubled):
    """Has a name that no table knows."""

    name = "named"


def losses(kind, **options):
    result = evolino.train(
        kind(SERIES), seed=1, budget=SHORT, network=NETWORK, search="random", **options
    )
    return [record.best for record in result.history]


@pytest.mark.parametrize("kind", [Doubled, Named])
def test_a_subclasss_loss_counts_in_every_backend(kind, backend):
    plain = losses(evolino.SeriesTask)
    options = {
        "workers": backend.count,
        "backend": backend.backend,
        "scheduler": backend.scheduler,
    }
    assert losses(kind, **options) == [2 * loss for loss in plain]


def test_a_subclasss_loss_counts_after_a_resume(tmp_path):
    whole = evolino.train(
        Named(SERIES), seed=1, budget=SHORT, network=NETWORK, search="random"
    )
    half = replace(whole.experiment, budget=evolino.Budget(generations=1))
    folder = RunFolder.create(tmp_path / "run", half)
    run_experiment(half, folder=folder, baselines=False)
    again = RunFolder.open(folder.path, trust=True)
    went_on = resume(again, budget={"generations": 2}, baselines=False)
    assert went_on.history == whole.history
    assert went_on.metrics == whole.metrics
    assert type(again.experiment().task).__name__ == "Named"


SCRIPT = """
import sys
import numpy as np
import evolino

class Mine(evolino.SeriesTask):
    def loss(self, outputs, targets):
        return 2 * super().loss(outputs, targets)

def best(kind, **options):
    task = kind(np.sin(0.2 * np.arange(600)))
    return evolino.train(
        task, seed=1, budget=evolino.Budget(generations=1), search="random",
        network=evolino.LSTM(cells=4), **options,
    ).history[-1].best
"""
GUARDED = """
if __name__ == "__main__":
    plain = best(evolino.SeriesTask)
    assert best(Mine) == 2 * plain
    assert best(Mine, workers=2, backend="loky") == 2 * plain
    assert best(Mine, out="run") == 2 * plain
    print("right")
"""
NOTEBOOK = """
plain = best(evolino.SeriesTask)
assert best(Mine) == 2 * plain
for options in ({"backend": "loky"}, {"out": "run"}):
    try:
        best(Mine, **options)
    except ValueError as error:
        assert "put the class into a Python file" in str(error), error
    else:
        raise AssertionError(options)
print("right")
"""


def run(*arguments, folder):
    done = subprocess.run(
        [sys.executable, *arguments], capture_output=True, text=True, cwd=folder
    )
    return done.returncode, done.stdout.strip(), done.stderr


def test_a_scripts_class_reaches_processes_and_folders(tmp_path):
    (tmp_path / "script.py").write_text(SCRIPT + GUARDED)
    code, said, error = run("script.py", folder=tmp_path)
    assert (code, said) == (0, "right"), error
    code, said, error = run(
        *("-m", "evolino.cli.app", "resume", "run", "--trust", "--generations", "2"),
        folder=tmp_path,
    )
    assert code == 0, error


def test_a_class_without_a_file_works_with_threads_and_is_else_refused(tmp_path):
    code, said, error = run("-c", SCRIPT + NOTEBOOK, folder=tmp_path)
    assert (code, said) == (0, "right"), error


def test_a_script_that_runs_when_imported_is_refused_with_the_remedy(tmp_path):
    call = "\nbest(Mine, backend='loky', workers=2)\n"
    (tmp_path / "script.py").write_text(SCRIPT + call)
    code, _, error = run("script.py", folder=tmp_path)
    assert code != 0
    assert 'keep that code under if __name__ == "__main__"' in error


class Wrong(evolino.SeriesTask):
    """wrong: what its loss and measure return instead of numbers."""

    wrong = None

    def loss(self, outputs, targets):
        right = super().loss(outputs, targets)
        return right if self.wrong is None else self.wrong["loss"](right)

    def measure(self, model, split):
        return super().measure(model, split) | self.wrong["more"]


@pytest.mark.parametrize(
    ("loss", "more", "message"),
    [(lambda right: right[0], {}, r"loss must return \(P,\) numbers"),
     (lambda right: right[:, None], {}, r"loss must return \(P,\) numbers"),
     (lambda right: right + 1j, {}, "of complex128"),
     (lambda right: right, {"name": "text"}, "measure of .* must return numbers by name"),
     (lambda right: right, {3: 1.0}, "measure of .* must return numbers by name")],
)  # fmt: skip
def test_what_an_own_task_returns_is_checked(loss, more, message):
    task = Wrong(np.sin(0.2 * np.arange(200)))
    task.wrong = {"loss": loss, "more": more}
    with pytest.raises((TypeError, EvaluationError), match=message):
        evolino.train(
            task,
            network=evolino.LSTM(cells=2),
            search=evolino.RandomSearch(),
            budget=evolino.Budget(generations=1),
        )


@pytest.mark.parametrize("name", ["peepholes", "forget_gate", "bias", "readout_states"])
def test_flags_of_a_network_are_true_or_false(name):
    with pytest.raises(TypeError, match=f"{name} must be True or False, got 'no'"):
        evolino.LSTM(cells=2, **{name: "no"})
