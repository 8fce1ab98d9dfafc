"""history.jsonl and timing.jsonl: a line each generation, mended after a power cut.

A power cut can take the end of a file, though the file was synced. The checkpoint holds
the last lines, so that they can be put back.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from evolino.storage.files import append_file, replace_file, sync_file
from evolino.storage.json_text import read_json, write_json
from evolino.training.history import Generation

Record = dict[str, Any]
RECENT = 2000  # lines that a checkpoint holds at most


class LineFile:
    """A file of JSON records, each with the number of its generation.

    check: raises TypeError or ValueError for a record that is damaged.
    """

    def __init__(self, path: Path, check: Callable[[Record], object]) -> None:
        self.path, self._check = path, check
        self._recent: deque[Record] = deque(maxlen=RECENT)
        self._synced = 0  # of the recent records, those before the last checkpoint

    def append(self, record: Record) -> None:
        """Add a record. Raises OSError."""
        append_file(self.path, write_json(record))
        self._recent.append(record)

    def sync(self) -> None:
        """Have all records on the disk."""
        sync_file(self.path)

    def recent(self) -> list[Record]:
        """Return the records since the last call but one: what a power cut could take."""
        before = min(self._synced, len(self._recent))
        records = list(self._recent)
        self._recent = deque(records[before:], maxlen=RECENT)
        self._synced = len(self._recent)
        return records

    def read(self) -> list[Record]:
        """Return the records; what follows the last newline, cut off by a kill, is
        dropped. Raises ValueError, naming the line, for one that is damaged."""
        records = []
        for k, line in enumerate(self._lines(), start=1):
            record = self._record(line)
            if record is None:
                raise ValueError(f"{self.path} is damaged: line {k} is not a generation")
            records.append(record)
        return records

    def rewind(self, generation: int, recent: Iterable[Record]) -> list[int]:
        """Keep the records up to a generation, and put back those of them that were lost.

        recent: records that the checkpoint holds. Returns the generations that are in
        neither.
        """
        found: dict[int, Record] = {}
        lines = filter(None, map(self._record, self._lines()))
        for record in (*lines, *recent):
            found.setdefault(record["generation"], record)
        numbers = range(1, generation + 1)
        kept = [found[number] for number in numbers if number in found]
        content = b"".join(map(write_json, kept))
        if content or self.path.exists():
            replace_file(self.path, content)
        return [number for number in numbers if number not in found]

    def _lines(self) -> list[bytes]:
        try:
            return self.path.read_bytes().split(b"\n")[:-1]
        except FileNotFoundError:
            return []

    def _record(self, line: bytes) -> Record | None:
        """Return a line's record, None if it is damaged."""
        try:
            record = read_json(line)
            if not isinstance(record["generation"], int):
                return None
            self._check(record)
        except (ValueError, TypeError, KeyError, RecursionError):
            return None
        return dict(record)


def check_history(record: Mapping[str, Any]) -> None:
    """Raise TypeError unless a record has the fields of a generation."""
    Generation.of(record)


def check_timing(record: Mapping[str, Any]) -> None:
    """Raise TypeError unless a record has seconds."""
    seconds = record.get("seconds")
    if isinstance(seconds, bool) or not isinstance(seconds, int | float):
        raise TypeError("it has no seconds")


def ranges_of(numbers: list[int]) -> str:
    """Return ascending numbers in words: "3 to 5, 9"."""
    ranges: list[list[int]] = []
    for number in numbers:
        if ranges and number == ranges[-1][1] + 1:
            ranges[-1][1] = number
        else:
            ranges.append([number, number])
    return ", ".join(str(a) if a == b else f"{a} to {b}" for a, b in ranges)
