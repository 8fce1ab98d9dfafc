"""A user's own sequences and their strings of labels: a folder of tables, a file of labels.

The file of labels is a table (CSV) whose first line is `file,labels` or `file,labels,part`.
file: the name of a table in the folder, a frame a row (`evolino.storage.tables`). labels:
its string, each character a label, or with `words` each word between spaces. part: train,
validation or test; without it parts are drawn, 60, 20 and 20 of 100, whatever the seed.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from evolino.solvers.ctc import frames_needed
from evolino.storage.files import user_path
from evolino.storage.tables import read_table
from evolino.task.scaling import Scaling
from evolino.tasks.labelling.labelled_sequences import LabelledSequence, Parts
from evolino.tasks.progress_bar import progress
from evolino.vocabulary import Array

COLUMNS = ("file", "labels")
PARTS = ("train", "validation", "test")
SHARES = (0.6, 0.8)  # where validation and test begin, of sequences without a part
FEWEST = 3


@dataclass(frozen=True, slots=True, eq=False)
class LabelledFolder:
    """sequences: all of them. parts: of each, empty where none are named. symbols: what
    label k + 1 stands for."""

    sequences: tuple[LabelledSequence, ...]
    parts: tuple[str, ...]
    symbols: tuple[str, ...]

    @property
    def width(self) -> int:
        """I: numbers in a frame."""
        return int(self.sequences[0].frames.shape[1])

    def divided(self) -> Parts:
        """Return the parts; those that no file names are drawn, always the same ones.

        Raises ValueError, naming the file, for a symbol that no sequence of train has.
        """
        order, named = self._order()
        divided = {
            part: [self.sequences[k] for k in order if named[k] == part] for part in PARTS
        }
        known = {int(label) for each in divided["train"] for label in each.labels}
        for part in PARTS[1:]:
            for each in divided[part]:
                unknown = [k for k in each.labels.tolist() if k not in known]
                if unknown:
                    raise ValueError(
                        f"{each.name} of {part} has the label "
                        f"{self.symbols[unknown[0] - 1]!r}, which no sequence of train has"
                    )
        return Parts(**divided)

    def scaling(self, outputs: int) -> Scaling:
        """Return mean and deviation of each column over all frames of train."""
        _, named = self._order()
        chosen = [
            each.frames
            for each, part in zip(self.sequences, named, strict=True)
            if part == "train"
        ]
        rows = np.concatenate(chosen)
        return Scaling.of(rows, np.zeros((len(rows), outputs))).for_labels()

    def _order(self) -> tuple[list[int], Sequence[str]]:
        """Return in which order sequences stand in their parts, and the part of each."""
        count = len(self.sequences)
        if self.parts:
            return list(range(count)), self.parts
        order = np.random.default_rng(0).permutation(count).tolist()
        begins = [max(int(share * count), k + 1) for k, share in enumerate(SHARES)]
        begins[0] = min(begins[0], count - 2)
        begins[1] = min(max(begins[1], begins[0] + 1), count - 1)
        places = np.searchsorted(begins, np.argsort(order), "right")
        return order, [PARTS[int(place)] for place in places]


def read_labelled(folder: str, labels: str, *, words: bool = False) -> LabelledFolder:
    """Read a folder of tables and the file of their labels; words: as above.

    Raises ValueError, in one line, naming file and line, for what cannot be used.
    """
    place, table = user_path(folder, "series"), user_path(labels, "labels")
    if not place.is_dir():
        raise ValueError(f"series must be a folder of tables, got {folder}")
    rows = _rows(table)
    strings = [_symbols_of(table, line, row[1], words=words) for line, row in rows]
    symbols = tuple(sorted({symbol for string in strings for symbol in string}))
    number = {symbol: k + 1 for k, symbol in enumerate(symbols)}
    sequences: list[LabelledSequence] = []
    with progress(f"reading {len(rows)} sequences", len(rows)) as advance:
        for (line, row), string in zip(rows, strings, strict=True):
            own = np.array([number[symbol] for symbol in string], dtype=np.int64)
            frames = _frames(table, line, place / row[0])
            sequences.append(LabelledSequence(frames, own, row[0]))
            _check(sequences)
            advance()
    parts = tuple(row[2] for _, row in rows if len(row) == 3)
    return LabelledFolder(tuple(sequences), parts, symbols)


def _rows(path: Path) -> list[tuple[int, list[str]]]:
    """Return the lines of a file of labels, each with its number."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise ValueError(f"labels: {path} cannot be read: {error}") from None
    lines = csv.reader(io.StringIO(text))
    found = [(lines.line_num, [field.strip() for field in row]) for row in lines if row]
    if not found or tuple(found[0][1]) not in (COLUMNS, (*COLUMNS, "part")):
        raise ValueError(
            f"the first line of {path} must be file,labels or file,labels,part"
        )
    width = len(found[0][1])
    known: set[str] = set()
    for line, row in found[1:]:
        if len(row) != width:
            raise ValueError(f"{path}, line {line}: there must be {width} fields, got "
                             f"{len(row)}")  # fmt: skip
        if row[0] in known:
            raise ValueError(f"{path}, line {line}: {row[0]} comes twice")
        if width == 3 and row[2] not in PARTS:
            raise ValueError(f"{path}, line {line}: part must be one of "
                             f"{', '.join(PARTS)}, got {row[2]!r}")  # fmt: skip
        known.add(row[0])
    rows = found[1:]
    if len(rows) < FEWEST:
        raise ValueError(f"{path} must name at least {FEWEST} sequences, got {len(rows)}")
    missing = [p for p in PARTS if width == 3 and all(row[2] != p for _, row in rows)]
    if missing:
        raise ValueError(f"{path} names no sequence of part {missing[0]}")
    return rows


def _symbols_of(path: Path, line: int, text: str, *, words: bool) -> list[str]:
    symbols = text.split() if words else list(text)
    if not symbols:
        raise ValueError(f"{path}, line {line}: the labels are empty")
    return symbols


def _frames(table: Path, line: int, path: Path) -> Array:
    try:
        values = read_table(path).values
    except (OSError, ValueError) as error:
        raise ValueError(f"{table}, line {line}: {error}") from None
    if not np.isfinite(values).all():
        row = int(np.argmin(np.isfinite(values).all(axis=1)))
        raise ValueError(f"{path} has a number missing or not finite at frame {row}")
    return values


def _check(sequences: list[LabelledSequence]) -> None:
    """Raise ValueError for a last sequence of other frames, or with too few of them."""
    first, last = sequences[0], sequences[-1]
    if last.frames.shape[1] != first.frames.shape[1]:
        raise ValueError(
            f"{last.name} has frames of {last.frames.shape[1]} numbers, {first.name} of "
            f"{first.frames.shape[1]}"
        )
    needed = frames_needed(last.labels)
    if len(last.frames) < needed:
        raise ValueError(
            f"{last.name} has {len(last.frames)} frames, its {len(last.labels)} labels "
            f"need at least {needed}"
        )
