"""Files of a refinement in a run's folder: its rounds, and their seconds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from evolino.storage.files import replace_file
from evolino.storage.json_text import read_json, write_json
from evolino.training.run_files import ROUND_TIMES, ROUNDS


class RefinementFiles:
    """The files of a refinement in the folder of a run."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def save(self, rounds: Iterable[Mapping[str, Any]]) -> None:
        """Write all rounds of refinement so far, a line each, whole or not at all."""
        lines = b"".join(write_json(dict(each)) for each in rounds)
        replace_file(self._path / ROUNDS, lines)

    def rounds(self) -> list[dict[str, Any]]:
        """Return the rounds of refinement, none where there was no refinement."""
        path = self._path / ROUNDS
        if not path.is_file():
            return []
        return [dict(read_json(line)) for line in path.read_bytes().splitlines()]

    def save_time(self, number: int, seconds: float, cpu_seconds: float) -> None:
        """Write the seconds of the run up to a round of refinement."""
        before = [each for each in self.times() if each["round"] < number]
        now = {"round": number, "seconds": seconds, "cpu_seconds": cpu_seconds}
        lines = b"".join(write_json(each) for each in (*before, now))
        replace_file(self._path / ROUND_TIMES, lines)

    def times(self) -> list[dict[str, Any]]:
        """Return {"round": ..., "seconds": ..., "cpu_seconds": ...} for each round."""
        path = self._path / ROUND_TIMES
        if not path.is_file():
            return []
        return [dict(read_json(line)) for line in path.read_bytes().splitlines()]
