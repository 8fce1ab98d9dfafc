"""Labels without alignment on real speech: 31 utterances of TIDIGITS, by two speakers.

`python -m benchmarks.tidigits FOLDER` reads the cepstra and transcripts that Debian's
package pocketsphinx-testdata has (BSD licence; FOLDER is where it has `tidigits.lsn`, such
as /usr/share/pocketsphinx/test/data/tidigits). One speaker is the test, the other trains:
15 or 16 utterances, of which three select. Then each of four folds of all utterances is the
test, both speakers known. So few are a check that real data pass through, not a claim. The
table `labelling-speech` gives network and descent.
"""

from __future__ import annotations

import argparse
import csv
import re
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np

from evolino.gradient.adam import Adam
from evolino.tasks.labelling.labelling import Labelling
from evolino.training.experiment import Budget
from evolino.training.tables import load_table
from evolino.training.train import run
from evolino.vocabulary import Array

COEFFICIENTS = 13
SELECTING = 3  # utterances of a training speaker
STEPS = 200  # of the descent
FOLDS = 4


class Utterance(NamedTuple):
    """name: such as man.ah.111a. said: words. frames: (T, 13), a hundred a second, each
    coefficient standardised over the utterance."""

    name: str
    said: str
    frames: Array

    @property
    def speaker(self) -> str:
        """Who says it: such as man.ah."""
        return ".".join(self.name.split(".")[:2])


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.tidigits")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    utterances = read(given.folder)
    for speaker in sorted({each.speaker for each in utterances}):
        unseen = {each.name for each in utterances if each.speaker == speaker}
        error = left_out(utterances, unseen, given.seed)
        print(f"{speaker} unseen: {100 * error:.1f} % label errors", flush=True)
    folds = [{each.name for each in utterances[k::FOLDS]} for k in range(FOLDS)]
    errors = [left_out(utterances, unseen, given.seed) for unseen in folds]
    print(f"both speakers known, mean of {FOLDS} folds: {100 * np.mean(errors):.1f} %")


def read(folder: Path) -> list[Utterance]:
    """Return the utterances that the transcripts name."""
    text = (folder / "tidigits.lsn").read_text(encoding="utf-8")
    found = []
    for said, name in re.findall(r"^(.*) \((.*)\)$", text, re.MULTILINE):
        numbers = np.frombuffer((folder / f"{name}.mfc").read_bytes(), ">f4", offset=4)
        frames = numbers.astype(np.float64).reshape(-1, COEFFICIENTS)
        frames = (frames - frames.mean(axis=0)) / frames.std(axis=0)
        found.append(Utterance(name, said, frames))
    return found


def left_out(utterances: list[Utterance], unseen: set[str], seed: int) -> float:
    """Return the label errors on the utterances of these names, trained on all others."""
    order = np.random.default_rng(seed).permutation(len(utterances))
    others = [utterances[k] for k in order if utterances[k].name not in unseen]
    parts = {each.name: "train" for each in others}
    known = {word for each in others[SELECTING:] for word in each.said.split()}
    parts |= {
        each.name: "validation"
        for each in others[:SELECTING]
        if set(each.said.split()) <= known
    }
    experiment = load_table("labelling-speech").rows[0].experiment(seed)
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        with (folder / "labels.csv").open("w", newline="", encoding="utf-8") as file:
            rows = csv.writer(file)
            rows.writerow(["file", "labels", "part"])
            for each in utterances:
                np.save(folder / f"{each.name}.npy", each.frames)
                part = parts.get(each.name, "test")
                rows.writerow([f"{each.name}.npy", each.said, part])
        task = Labelling(series=place, labels=str(folder / "labels.csv"), words=True)
        adam = experiment.refine
        assert isinstance(adam, Adam)
        # For so few utterances; they are long.
        fewer = replace(adam, batch=4, steps=STEPS, round_steps=STEPS // 4)
        own = replace(experiment, task=task, refine=fewer, budget=Budget(evaluations=1))
        return run(own).metrics["label_errors"]


if __name__ == "__main__":
    main()
