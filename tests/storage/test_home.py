"""Law: a leading ~ is the home folder in every path that a user gives."""

from pathlib import Path

import numpy as np
import pytest

import evolino
from evolino import plots
from evolino.plots.canvas import new_figure
from evolino.registry import find, from_table
from evolino.reports.reproduce import reproduce
from evolino.sound.midi import read_midi, write_midi
from evolino.sound.score import Note, Score, Track
from evolino.sound.synthesis import write_wav
from evolino.storage.cache import cache_folder
from evolino.storage.tables import read_table
from evolino.tasks.music.music import Music
from evolino.tasks.timing.drum_grids import read_lines
from evolino.tasks.timing.waveforms import read_waveform
from evolino.training.run_folder import RunFolder

ROWS = np.sin(0.3 * np.arange(60))
SCORE = Score((Track(tuple(Note(k, 1.0, 60 + k, 90) for k in range(40)), "a"),), 120.0)
OWN = "from evolino.tasks.signals.oscillators import Oscillators as Own\n"


@pytest.fixture
def home(tmp_path, monkeypatch):
    """A home with a file of each kind; it is not where the program runs."""
    home = tmp_path / "home"
    (home / "midi").mkdir(parents=True)
    np.savetxt(home / "s.csv", ROWS)
    np.save(home / "s.npy", ROWS)
    (home / "grid.txt").write_text("\n".join(read_lines("rock")))
    (home / "wave.txt").write_text("1 2 3")
    (home / "own.py").write_text(OWN)
    for k in range(4):
        notes = tuple(Note(n, 1.0, 60 + (n * (k + 1)) % 12, 90) for n in range(40))
        write_midi(Score((Track(notes, "a"),), 120.0), home / "midi" / f"{k}.mid")
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    monkeypatch.setenv("HOME", str(home))
    return home


def model():
    network = evolino.LSTM(cells=1, outputs=1)
    weights = np.zeros((network.readout_width, 1))
    return evolino.Model(network, np.zeros(network.genome_shape), weights)


READS = {
    "series": lambda path: evolino.SeriesTask(f"{path}/s.csv"),
    "path of a series": lambda path: evolino.SeriesTask(Path(f"{path}/s.npy")),
    "inputs": lambda path: evolino.SeriesTask(ROWS, inputs=f"{path}/s.csv"),
    "config": lambda path: from_table(
        "task", {"name": "series", "series": f"{path}/s.csv", "train": 20}
    ),
    "table": lambda path: read_table(f"{path}/s.csv"),
    "folder of music": lambda path: Music(f"{path}/midi", grid=1.0),
    "music": lambda path: read_midi(f"{path}/midi/0.mid"),
    "grid": lambda path: read_lines(f"{path}/grid.txt"),
    "waveform": lambda path: read_waveform(f"{path}/wave.txt"),
    "own task": lambda path: find("task", f"{path}/own.py:Own"),
}
WRITES = {
    "music": lambda path: write_midi(SCORE, f"{path}/new/file.mid"),
    "sound": lambda path: write_wav(np.zeros(9), f"{path}/new/file.wav"),
    "picture": lambda path: plots.save(new_figure(2.0), f"{path}/new/file.png"),
    "model": lambda path: model().save(f"{path}/file.npz"),
    "run": lambda path: RunFolder.create(f"{path}/new/file", experiment()),
    "table": lambda path: reproduce(
        "mso-paper", seeds=1, workers=1, out=f"{path}/file", quiet=True, run=Failing()
    ),
}


def experiment():
    from evolino.training.presets import experiment_for

    return experiment_for("mso")


class Failing:
    """A runner of tables that takes no time."""

    def start(self, experiment, folder, workers, callback):
        raise ValueError("no run")

    def lacking(self, experiment, known):
        return False


@pytest.mark.parametrize("what", READS)
def test_what_is_read(home, what):
    READS[what]("~")
    with pytest.raises(ValueError, match="home"):
        READS[what]("~nobody-of-this-name")


@pytest.mark.parametrize("what", WRITES)
def test_what_is_written(home, what):
    WRITES[what]("~")
    assert list(home.rglob("file*"))
    assert not list(Path.cwd().iterdir())
    with pytest.raises(ValueError, match="home"):
        WRITES[what]("~nobody-of-this-name")


def test_options_of_the_command_line(home, evolino):
    options = ("--cells", "2", "--search", "random", "--generations", "1", "--no-baselines")
    status, _, err = evolino("run", "series", "--series", "~/s.csv", *options, "--out=~/r")
    assert (status, "60 rows" in err) == (0, True)
    assert evolino("plot", "~/r", "--out", "~/pictures/p.png")[0] == 0
    assert (home / "pictures" / "p.png").is_file()
    assert evolino("show", "~/r")[0] == 0


def test_the_cache(home, monkeypatch):
    monkeypatch.setenv("EVOLINO_CACHE", "~/cache")
    assert cache_folder() == home / "cache"
