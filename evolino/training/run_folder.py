"""What a run leaves on disk, and how it is read back.

config.toml the experiment; environment.json what it ran on; history.jsonl a line for each
generation, the same for every number of workers; timing.jsonl its wall-clock seconds;
checkpoint.npz, model.npz; result.json; pictures.

In the JSON files a number that is not finite is the text "inf", "-inf" or "nan", so that
every JSON reader can read them; the methods here turn it into a number again.
"""

from __future__ import annotations

import hashlib
import json
import time
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import tomli_w

from evolino.registry import files_named
from evolino.storage.archive import load_state, replace_file, save_state
from evolino.storage.json_text import read_json, write_json
from evolino.training.config import experiment_from_table, experiment_to_table
from evolino.training.environment import environment
from evolino.training.experiment import Experiment
from evolino.training.history import Generation

CONFIG, ENVIRONMENT = "config.toml", "environment.json"
HISTORY, TIMING = "history.jsonl", "timing.jsonl"
CHECKPOINT, MODEL, RESULT = "checkpoint.npz", "model.npz", "result.json"
PICTURES = (
    *("fitness", "run", "free_run", "cells"),
    *("counters", "acceptance", "margins", "spikes", "reach", "agreement"),
)
MUSIC = "music.mid"
MADE_LATER = (
    *(f"{kind}.{suffix}" for kind in PICTURES for suffix in ("png", "svg")),
    MUSIC,
)
OWN_FILES = (CONFIG, ENVIRONMENT, HISTORY, TIMING, CHECKPOINT, MODEL, RESULT, *MADE_LATER)
RUNS = Path("results") / "runs"


class RunFolder:
    """The folder of one run. Make it with `create` or `open`."""

    def __init__(self, path: Path, *, trust: bool = True) -> None:
        self.path, self._trust = path, trust
        self._digest: str | None = None

    @classmethod
    def create(
        cls, path: str | Path | None, experiment: Experiment, *, force: bool = False
    ) -> RunFolder:
        """Make the folder and write what is known before the run.

        path: None is results/runs/<task>-<preset or search>-<seed>-<time>. force: use a
        folder that is not empty; the files of an earlier run there are removed, others
        stay. Raises ValueError if the folder is not empty, holds files of the same names
        that no run wrote, or cannot be written.
        """
        config = _toml(experiment)
        place = _free_path(experiment) if path is None else Path(path)
        made = _missing_folders(place)
        written: list[Path] = []
        try:
            place.mkdir(parents=True, exist_ok=True)
            _clear(place, force=force)
            written = [place / ENVIRONMENT, place / CONFIG]
            replace_file(place / ENVIRONMENT, write_json(environment(), indent=2))
            replace_file(place / CONFIG, config)
        except OSError as error:
            for file in written:
                file.unlink(missing_ok=True)
            for folder in made:
                if folder.is_dir():
                    folder.rmdir()
            reason = error.strerror or error
            raise ValueError(f"cannot write a run to {place}: {reason}") from None
        return cls(place)

    @classmethod
    def open(cls, path: str | Path, *, trust: bool = False) -> RunFolder:
        """Return the folder of a run. Raises ValueError if it is not one.

        trust: let its config name classes in Python files, which are then run; else such
        a config is refused, since the folder may be somebody else's.
        """
        if not Path(path).is_dir():
            raise ValueError(f"{path} is not the folder of a run: there is no such folder")
        if not (Path(path) / CONFIG).is_file():
            raise ValueError(f"{path} is not the folder of a run: it has no {CONFIG}")
        return cls(Path(path), trust=trust)

    def experiment(self) -> Experiment:
        """Return the experiment. Raises ValueError, naming config.toml, if it is none."""
        table = self._config()
        code = [] if self._trust else list(files_named(table))
        if code:
            raise ValueError(
                f"{self.path / CONFIG} names code, {code[0]}; with --trust it is run"
            )
        try:
            return experiment_from_table(table)
        except (ValueError, TypeError) as error:
            raise ValueError(f"{self.path / CONFIG}: {error}") from None

    @property
    def resume_command(self) -> str:
        """What goes on with the run, on the command line."""
        trust = " --trust" if any(files_named(self._config())) else ""
        return f"evolino resume {self.path}{trust}"

    def save_experiment(self, experiment: Experiment) -> None:
        """Replace the experiment, as when a run is to go further than its budget."""
        replace_file(self.path / CONFIG, _toml(experiment))
        self._digest = None

    def append(self, generation: Generation, seconds: float) -> None:
        """Add a generation to history, and the seconds of the run so far to timing."""
        timing = {"generation": generation.generation, "seconds": seconds}
        for name, record in ((HISTORY, generation.as_dict()), (TIMING, timing)):
            try:
                with open(self.path / name, "ab") as file:
                    file.write(write_json(record))
            except OSError as error:
                error.filename = error.filename or str(self.path / name)
                raise

    def history(self) -> list[Generation]:
        """Return the generations. A last line that a kill cut off does not count."""
        try:
            return [Generation(**record) for record in self._lines(HISTORY)]
        except TypeError as error:
            raise ValueError(f"{self.path / HISTORY} is damaged: {error}") from None

    def timing(self) -> list[dict[str, Any]]:
        """Return {"generation": ..., "seconds": ...} for each generation."""
        records = self._lines(TIMING)
        for k, record in enumerate(records, start=1):
            if not isinstance(record.get("seconds"), int | float):
                raise ValueError(
                    f"{self.path / TIMING} is damaged: line {k} has no seconds"
                )
        return records

    def rewind(self, generation: int) -> None:
        """Cut history and timing after a generation, the checkpoint's.

        Raises ValueError if history does not reach it.
        """
        for name in (HISTORY, TIMING):
            records = [r for r in self._lines(name) if r["generation"] <= generation]
            if [r["generation"] for r in records] != list(range(1, generation + 1)):
                raise ValueError(
                    f"{self.path / name} is damaged: it lacks generations that the "
                    f"checkpoint, at generation {generation}, has"
                )
            replace_file(self.path / name, b"".join(map(write_json, records)))

    def save_checkpoint(self, mapping: Mapping[str, Any]) -> None:
        """Write the state of the run, whole or not at all."""
        content = {"experiment": self._identity(), "state": dict(mapping)}
        save_state(self.path / CHECKPOINT, content, kind="checkpoint")

    def load_checkpoint(self) -> dict[str, Any] | None:
        """Return the state last saved, None if there is none.

        Raises ValueError for a damaged one and for one of another experiment.
        """
        path = self.path / CHECKPOINT
        try:
            content = load_state(path, kind="checkpoint")
        except FileNotFoundError:
            return None
        if content.get("experiment") != self._identity():
            raise ValueError(f"{path} belongs to another experiment than its {CONFIG}")
        state: dict[str, Any] = content["state"]
        return state

    def save_model(self, mapping: Mapping[str, Any]) -> None:
        """Write the best network so far, whole or not at all."""
        save_state(self.path / MODEL, mapping, kind="model")

    def save_result(self, result: Mapping[str, Any]) -> None:
        """Write result.json, whole or not at all, its keys in the order given."""
        replace_file(self.path / RESULT, write_json(dict(result), indent=2))

    def result(self) -> dict[str, Any] | None:
        """Return result.json, None if the run is not finished."""
        path = self.path / RESULT
        try:
            result = read_json(path.read_bytes())
        except FileNotFoundError:
            return None
        except ValueError as error:
            raise ValueError(f"{path} is damaged: {error}") from None
        if not isinstance(result, dict):
            raise ValueError(f"{path} is damaged: it is not a table")
        return result

    def remove_result(self) -> None:
        """Remove result.json, as when a finished run is to go further."""
        (self.path / RESULT).unlink(missing_ok=True)

    def discard_unless_begun(self) -> None:
        """Remove the files of a run that failed before its first generation."""
        if self.history():
            return
        for name in OWN_FILES:
            (self.path / name).unlink(missing_ok=True)
        if not any(self.path.iterdir()):
            self.path.rmdir()

    def _config(self) -> dict[str, Any]:
        path = self.path / CONFIG
        try:
            return tomllib.loads(path.read_text(encoding="utf-8"))
        except ValueError as error:
            raise ValueError(f"{path} is damaged: {error}") from None

    def _identity(self) -> str:
        """Return a digest of all that decides the run's bits; its budget may change."""
        if self._digest is None:
            config = {k: v for k, v in self._config().items() if k != "budget"}
            self._digest = hashlib.sha256(write_json(config, sort_keys=True)).hexdigest()
        return self._digest

    def _lines(self, name: str) -> list[dict[str, Any]]:
        """Return the records of a .jsonl file; what follows the last newline is dropped."""
        path = self.path / name
        try:
            *lines, _ = path.read_bytes().split(b"\n")
        except FileNotFoundError:
            return []
        records = []
        for k, line in enumerate(lines, start=1):
            try:
                record = read_json(line)
            except ValueError:
                record = None
            if not isinstance(record, dict) or not isinstance(
                record.get("generation"), int
            ):
                raise ValueError(f"{path} is damaged: line {k} is not a generation")
            records.append(record)
        return records


def _clear(place: Path, *, force: bool) -> None:
    """Remove an earlier run's files, if that was asked for and they are a run's."""
    if not any(place.iterdir()):
        return
    if not force:
        raise ValueError(
            f"{place} is not empty: choose another folder, or --force to use this one"
        )
    own = [place / name for name in OWN_FILES if (place / name).exists()]
    if own and not _is_run(place):
        raise ValueError(
            f"{place} has a file {own[0].name} that no run wrote: choose another folder"
        )
    for file in (*own, *(f for name in OWN_FILES for f in place.glob(f".{name}.*.tmp"))):
        file.unlink()


def _is_run(place: Path) -> bool:
    """Return whether a run wrote the config.toml and environment.json in a folder."""
    try:
        config = tomllib.loads((place / CONFIG).read_text(encoding="utf-8"))
        found = json.loads((place / ENVIRONMENT).read_bytes())
        return "evolino" in found["packages"] and {"task", "network", "search"} <= set(
            config
        )
    except (OSError, ValueError, TypeError, KeyError):
        return False


def _free_path(experiment: Experiment) -> Path:
    """Return a path under results/runs that does not exist."""
    method = str(experiment.preset or getattr(experiment.search, "name", "search"))
    stamp = time.strftime("%Y%m%d-%H%M%S")
    task = Path(experiment.task.name.rpartition(":")[0] or experiment.task.name).stem
    name = f"{task}-{Path(method).stem}-{experiment.seed}-{stamp}"
    place, k = RUNS / name, 1
    while place.exists():
        k += 1
        place = RUNS / f"{name}-{k}"
    return place


def _missing_folders(place: Path) -> list[Path]:
    """Return the folders that making `place` will make, innermost first."""
    return [folder for folder in (place, *place.parents) if not folder.exists()]


def _toml(experiment: Experiment) -> bytes:
    return tomli_w.dumps(experiment_to_table(experiment)).encode()
