"""Labels without alignment: PyTorch's bidirectional LSTM with CTC beside a solved readout.

`python -m benchmarks.labelling [--table labelling-pen]`: on the strings of a table's first
row (of digits, if none is named), at equal CPU seconds, the label errors of a network of
the same size that PyTorch trains (back-propagation through time, CTCLoss, Adam,
minibatches, with and without noise on the frames); its learning rate is searched in the
budget: each of RATES has an equal part of its first half, and the one of the lowest loss on
the validation strings goes on. And the seconds of one solve of the `ctc` readout,
T = 20,000 frames, 40 features, 30 labels.
"""

from __future__ import annotations

import argparse
import statistics
import time
from dataclasses import dataclass
from typing import Any

import numpy as np

from evolino.readout.ctc import CTC
from evolino.solvers.ctc import log_softmax
from evolino.solvers.ctc_targets import label_targets
from evolino.task.series import Segment
from evolino.tasks.labelling.label_errors import error_rates
from evolino.tasks.labelling.labelling import Labelling, strings_of
from evolino.training.problem import split_of
from evolino.training.tables import load_table
from evolino.training.train import run
from evolino.vocabulary import Array

RATES = (0.003, 0.01, 0.03)
BATCH, CLIP = 32, 5.0
FRAMES, FEATURES, LABELS, STRING, SEQUENCE = 20_000, 40, 30, 8, 100


@dataclass(frozen=True, slots=True)
class Peer:
    """cells: of each direction. seconds: of CPU. noise: deviation, on minibatches."""

    cells: int
    seconds: float
    noise: float


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.labelling")
    parser.add_argument("--table", default="labelling-best")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--seconds", type=float, default=60.0, help="of CPU, for PyTorch")
    parser.add_argument("--only", choices=("solve", "torch", "evolino"))
    parser.add_argument("--noises", type=float, nargs="+", default=[0.0, 0.15])
    given = parser.parse_args()
    table, seeds = given.table, range(given.first_seed, given.first_seed + given.seeds)
    if given.only in (None, "solve"):
        print(f"one solve of {FRAMES:,} frames: {solve_seconds():.2f} CPU s", flush=True)
    if given.only in (None, "torch"):
        for noise in given.noises:
            peer = Peer(64, given.seconds, noise)
            errors = [by_torch(table, seed, peer) for seed in seeds]
            _show(f"PyTorch, noise {noise:g}, {given.seconds:g} CPU s", errors)
    if given.only in (None, "evolino"):
        found = [by_evolino(table, seed) for seed in seeds]
        _show("evolino", [errors for errors, _ in found])
        print("CPU seconds: " + ", ".join(f"{seconds:.0f}" for _, seconds in found))


def solve_seconds() -> float:
    """Return the CPU seconds of one solve."""
    rng = np.random.default_rng(0)
    shown = rng.normal(size=(LABELS + 1, FEATURES - 1))
    rows, targets = [], []
    for _ in range(FRAMES // SEQUENCE):
        string = rng.integers(1, LABELS + 1, STRING)
        path = np.zeros(SEQUENCE, dtype=np.int64)
        starts = np.linspace(5, 90, STRING).astype(int)
        for label, start in zip(string, starts, strict=True):
            path[start : start + rng.integers(3, 8)] = label
        frames = shown[path] + rng.normal(size=(SEQUENCE, FEATURES - 1))
        rows.append(np.concatenate([frames, np.ones((SEQUENCE, 1))], axis=1))
        targets.append(label_targets(string, SEQUENCE, LABELS + 1))
    CTC(rounds=1).solve(rows[0][None], targets[0])  # compiles
    states, wanted = np.concatenate(rows)[None], np.concatenate(targets)
    begun = time.process_time()
    CTC().solve(states, wanted)
    return time.process_time() - begun


def by_evolino(table: str, seed: int) -> tuple[float, float]:
    """Return the label errors and CPU seconds of a table's first row."""
    experiment = load_table(table).rows[0].experiment(seed)
    begun = time.process_time()
    result = run(experiment)
    return result.metrics["label_errors"], time.process_time() - begun


def by_torch(table: str, seed: int, peer: Peer) -> float:
    """Return the label errors of PyTorch's network on the strings of the same seed."""
    import torch

    torch.set_num_threads(1)
    task = load_table(table).rows[0].experiment(seed).task
    assert isinstance(task, Labelling)
    split = split_of(task, seed)
    share = 0.5 * peer.seconds / len(RATES)
    sizes = task.inputs, task.outputs
    begun = [_Torch(torch, seed, rate, peer, sizes) for rate in RATES]
    for each in begun:
        each.train(split.train, share)
    best = min(begun, key=lambda each: each.nats(split.validation))
    best.train((*split.train, *split.validation), 0.5 * peer.seconds)
    test = split.test[: task.tested]  # what comes after is a figure of its own
    chances = [np.exp(log_softmax(best.outputs(each))) for each in test]
    found = task.decoded(chances)
    return error_rates(found, [strings_of(each) for each in test])["label_errors"]


class _Torch:
    """A network, its optimiser, and how long both have been at work."""

    def __init__(
        self, torch: Any, seed: int, rate: float, peer: Peer, sizes: tuple[int, int]
    ) -> None:
        torch.manual_seed(seed)
        self.torch, self.peer, self.rate = torch, peer, rate
        self.lstm = torch.nn.LSTM(sizes[0], peer.cells, bidirectional=True)
        self.linear = torch.nn.Linear(2 * peer.cells, sizes[1])
        self.weights = [*self.lstm.parameters(), *self.linear.parameters()]
        self.adam = torch.optim.Adam(self.weights, lr=rate)
        self.rng = np.random.default_rng(seed)
        self.taken, self.whole = 0.0, 0.5 * peer.seconds * (1 + 1 / len(RATES))

    def train(self, segments: Any, seconds: float) -> None:
        """Train for so many CPU seconds more, the rate falling by a cosine over all."""
        torch, begun, before = self.torch, time.process_time(), self.taken
        while self.taken < before + seconds:
            order = self.rng.permutation(len(segments))
            for first in range(0, len(order), BATCH):
                done = min(self.taken / self.whole, 1.0)
                self.adam.param_groups[0]["lr"] = (
                    self.rate * 0.5 * (1 + np.cos(np.pi * done))
                )
                self.adam.zero_grad()
                self._loss([segments[k] for k in order[first : first + BATCH]]).backward()
                torch.nn.utils.clip_grad_norm_(self.weights, CLIP)
                self.adam.step()
                self.taken = before + time.process_time() - begun
                if self.taken >= before + seconds:
                    return

    def nats(self, segments: Any) -> float:
        """Return the loss on segments."""
        with self.torch.no_grad():
            return float(self._loss(segments, noisy=False))

    def outputs(self, segment: Segment) -> Array:
        """Return the sums (T, K) of a segment."""
        torch = self.torch
        with torch.no_grad():
            frames = torch.tensor(segment.series.inputs, dtype=torch.float32)[:, None]
            found: Array = self.linear(self.lstm(frames)[0])[:, 0].numpy()
        return found

    def _loss(self, segments: Any, *, noisy: bool = True) -> Any:
        torch, rnn = self.torch, self.torch.nn.utils.rnn
        noise = self.peer.noise if noisy else 0.0
        frames = []
        for each in segments:
            own = each.series.inputs
            own = own + self.rng.normal(0.0, noise, own.shape) if noise else own
            frames.append(torch.tensor(own, dtype=torch.float32))
        lengths = torch.tensor([len(each) for each in frames])
        packed = rnn.pack_padded_sequence(
            rnn.pad_sequence(frames), lengths, enforce_sorted=False
        )
        hidden, _ = rnn.pad_packed_sequence(self.lstm(packed)[0])
        strings = [torch.tensor(strings_of(each)) for each in segments]
        return torch.nn.functional.ctc_loss(
            self.linear(hidden).log_softmax(2),
            torch.cat(strings),
            lengths,
            torch.tensor([len(each) for each in strings]),
        )


def _show(what: str, errors: list[float]) -> None:
    each = ", ".join(f"{100 * error:.2f}" for error in errors)
    print(f"{what}: median {100 * statistics.median(errors):.2f} % of {each}", flush=True)


if __name__ == "__main__":
    main()
