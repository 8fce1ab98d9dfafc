"""The pages of the documentation, their blocks of code, and what these need."""

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np

ROOT = Path(__file__).parents[2]
PAGES = [
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    *sorted((ROOT / "docs").glob("*.md")),
]
KINDS = {"python", "pycon", "sh", "c", "toml", ""}  # of blocks; plain ones show files
FENCE = re.compile(r"^```([^\n`]*)\n(.*?)^```$", flags=re.M | re.S)


def blocks(page, kind) -> Iterator[str]:
    """Yield the blocks of one kind of a page, in their order."""
    for found in FENCE.finditer(page.read_text(encoding="utf-8")):
        if found[1] == kind:
            yield found[2]


def pages_with(*kinds):
    """Return the pages that have a block of one of these kinds."""
    return [page for page in PAGES if any(list(blocks(page, kind)) for kind in kinds)]


def write_files(folder):
    """Write the files that pages take for granted: tables, series, films, patterns."""
    rng = np.random.default_rng(19)
    months = np.arange(120)
    sales = 100 + months + 10 * np.sin(months * np.pi / 6) + rng.normal(size=120)
    dates = np.arange("2015-01", "2025-01", dtype="datetime64[M]")
    days = np.arange("2024-01-01", "2024-04-30", dtype="datetime64[D]")
    rows = [f"{d}-01,{v:.3f},{v:.3f}" for d, v in zip(dates, sales, strict=True)]
    _lines(folder / "sales.csv", "month,sales,sold", [*rows])
    rows = [f"{d},{v:.3f},{v:.3f}" for d, v in zip(days, sales, strict=True)]
    _lines(folder / "load.csv", "day,load,watts", rows)
    _lines(folder / "later.csv", "day,load,watts", rows)
    for name in ("gestures.csv", "new.csv", "beats.csv"):
        rows = [
            f"{n},{'wave' if n % 2 else 'push'},{np.sin(t * (0.3 + 0.5 * (n % 2))):.3f}"
            for n in range(24)
            for t in range(20)
        ]
        _lines(folder / name, "id,kind,x", rows)
        text = (folder / name).read_text(encoding="utf-8")
        if name != "beats.csv":
            (folder / name).write_text(text.replace("id,", "who,", 1), encoding="utf-8")
    steps = np.arange(900)
    two = np.stack([np.sin(0.2 * steps), np.sin(0.31 * steps)], axis=1)
    rows = [f"{a:.6f},{b:.6f}" for a, b in two]
    _lines(folder / "my.csv", "temperature,pressure", rows)
    _lines(folder / "mine.csv", "x", [f"{a:.6f}" for a, _ in two])
    np.save(folder / "mine.npy", two[:, 0])
    film = rng.random((60, 8, 8)).astype(np.float32)
    np.save(folder / "film.npy", film)
    _lines(folder / "knot.csv", "x,y", [f"{a:.4f},{b:.4f}" for a, b in two[:100]])
    period = [f"{np.sin(2 * np.pi * t / 20):.6f}" for t in range(20)]
    _lines(folder / "my_period.txt", None, period)
    pattern = "bass drum | x---x---x---x---\nsnare     | ----x-------x---\n"
    (folder / "my_pattern.txt").write_text(pattern, encoding="utf-8")
    _write_folders(folder)


def _write_folders(folder):
    """Write a folder of frames with its labels, and one of MIDI files."""
    rows = [f"{np.sin(t):.3f},{np.cos(t):.3f}" for t in range(12)]
    names = [f"{n}.csv" for n in range(10)]
    (folder / "frames").mkdir()
    for name in names:
        _lines(folder / "frames" / name, "x,y", rows)
    _lines(folder / "labels.csv", "file,labels", [f"{name},help" for name in names])
    (folder / "midi").mkdir()
    for n in range(3):
        shutil.copy(ROOT / "results/music/tune.mid", folder / "midi" / f"{n}.mid")


def _lines(file, header, rows):
    text = "\n".join([*([header] if header else []), *rows]) + "\n"
    file.write_text(text, encoding="utf-8")


SERIES = """
import numpy as np
import evolino
series = np.sin(0.2 * np.arange(900)) + np.sin(0.311 * np.arange(900)) ** 3 / 2
"""
# What the text of a page has before its blocks, as names.
GIVEN = {
    "gradients.md": SERIES,
    "export.md": SERIES
    + """
small = evolino.SeriesTask(series, washout=50, train=200, validation=100, test=100)
trained = evolino.train(small, network=evolino.LSTM(cells=20, bias=True),
                        out="results/runs/mine")
prime = series[:100, None]
evolino.write_export(trained.model, ".", to="onnx", name="network", precision="double")
evolino.write_export(trained.model, ".", to="torch", name="network")
import torch
inputs, row, targets = None, None, torch.tensor(prime[:, None])
""",
    "labelling.md": """
import numpy as np
import evolino
small = evolino.Labelling(training=20, tested=5)
evolino.run(evolino.Experiment(
    small, evolino.LSTM(cells=4, feedback=False, output="softmax"), evolino.Gaussian(),
    evolino.RandomSearch(population=2), evolino.CTC(rounds=2),
    evolino.Budget(generations=1)), out="runs/labelling")
frames = small.sequences(np.random.default_rng(0)).validation[0].series.inputs
""",
    "own-data.md": """
import numpy as np
import pandas as pd
steps = np.arange(20)
sequences = [np.sin((0.3 + 0.5 * (n % 2)) * steps + n)[:, None] for n in range(24)]
labels = ["wave" if n % 2 else "push" for n in range(24)]
others = sequences[:3]
months = pd.period_range("2015-01", periods=96, freq="M")
values = 100 + np.arange(96) + 10 * np.sin(np.arange(96) * np.pi / 6)
sales_and_later = pd.Series(values + np.cos(np.arange(96) ** 2), index=months)
sales = sales_and_later[:72]
load = later = sales_and_later
""",
}
