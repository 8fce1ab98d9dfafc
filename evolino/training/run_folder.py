"""Folder of a run: its files on disk, written and read back.

config.toml the experiment; environment.json what it ran on; history.jsonl a line for each
generation, the same for every number of workers; timing.jsonl its wall-clock seconds;
checkpoint.npz, model.npz; result.json; pictures.

In the JSON files a number that is not finite is the text "inf", "-inf" or "nan", so that
every JSON reader can read them; the methods here turn it into a number again.
"""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from evolino.registry import files_named
from evolino.storage.archive import load_state, save_state
from evolino.storage.files import remove_file, replace_file, user_path
from evolino.storage.json_text import read_json, write_json
from evolino.storage.lock import Lock, take_lock
from evolino.training.config import experiment_from_table, experiment_to_toml
from evolino.training.environment import environment
from evolino.training.experiment import Experiment
from evolino.training.history import Generation
from evolino.training.history_file import (
    LineFile,
    Record,
    check_history,
    check_timing,
)
from evolino.training.refinement_files import RefinementFiles
from evolino.training.rehearsal import DAMAGES, parts_of
from evolino.training.run_files import (
    CHECKPOINT,
    CONFIG,
    ENVIRONMENT,
    FAILED,
    HISTORY,
    LOCK,
    MODEL,
    RESULT,
    TIMING,
    has_begun,
    make_room,
    missing_folders,
    remove_empty,
    remove_run,
    sweep_run,
)
from evolino.training.run_paths import free_path, quoted
from evolino.training.summary import checked_summary


class RunFolder:
    """The folder of one run. Make it with `create` or `open`."""

    def __init__(self, path: Path, *, trust: bool = True) -> None:
        self.path, self._trust = path, trust
        self._digest: str | None = None
        self._lock: Lock | None = None
        self._discarded = False
        self._recent: dict[str, list[Record]] = {}
        self._history = LineFile(path / HISTORY, check_history)
        self._timing = LineFile(path / TIMING, check_timing)
        self.refinement = RefinementFiles(path)

    @classmethod
    def create(
        cls, path: str | Path | None, experiment: Experiment, *, force: bool = False
    ) -> RunFolder:
        """Make the folder and write what is known before the run.

        path: None is results/runs/<task>-<preset or search>-<seed>-<time>; a leading ~ is
        the home folder. force: use a folder that is not empty; the files of an earlier run
        there are removed, others stay. Raises ValueError if the folder is in use by
        another process, is not empty, holds files of the same names that no run wrote, or
        cannot be written.
        """
        config = experiment_to_toml(experiment)
        place = free_path(experiment) if path is None else user_path(path, "out")
        made = missing_folders(place)
        folder = cls(place)
        try:
            place.mkdir(parents=True, exist_ok=True)
            with folder.writing():
                make_room(place, force=force)
                try:
                    replace_file(place / ENVIRONMENT, write_json(environment(), indent=2))
                    replace_file(place / CONFIG, config)
                except OSError:
                    remove_run(place)
                    raise
        except OSError as error:
            reason = error.strerror or error
            raise ValueError(f"cannot write a run to {place}: {reason}") from None
        finally:
            remove_empty(made)
        return folder

    @classmethod
    def open(cls, path: str | Path, *, trust: bool = False) -> RunFolder:
        """Return the folder of a run. Raises ValueError if it is not one.

        trust: let its config name classes in Python files, which are then run; else such
        a config is refused, since the folder may be somebody else's.
        """
        place = user_path(path)
        if not place.is_dir():
            raise ValueError(f"{path} is not the folder of a run: there is no such folder")
        if not (place / CONFIG).is_file():
            hint = ""
            if (place / ENVIRONMENT).is_file() or (place / LOCK).is_file():
                hint = "; if a run was killed while it was made, run it again with --force"
            raise ValueError(f"{path} is not the folder of a run: it has no {CONFIG}{hint}")
        return cls(place, trust=trust)

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Hold the folder's lock. Raises InUseError, a ValueError, if another process does.

        Inside, what a kill left half written is removed.
        """
        if self._lock is not None:
            yield
            return
        self._lock = take_lock(self.path / LOCK)
        try:
            sweep_run(self.path)
            yield
        finally:
            self._lock.release()
            self._lock = None
            if self._discarded:
                remove_empty([self.path])

    def check_unused(self, experiment: Experiment) -> None:
        """Raise ValueError if another run has begun here since `create`."""
        if has_begun(self.path) or (self.path / CONFIG).read_bytes() != experiment_to_toml(
            experiment
        ):
            raise ValueError(f"another run has begun in {self.path}")

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
        except (ValueError, TypeError, *DAMAGES) as error:
            raise ValueError(f"{self.path / CONFIG}: {error}") from error

    def environment(self) -> dict[str, Any]:
        """Return what the run began on, empty if that is lost or damaged."""
        try:
            found = read_json((self.path / ENVIRONMENT).read_bytes())
        except (OSError, ValueError, RecursionError):
            return {}
        return found if isinstance(found, dict) else {}

    @property
    def resume_command(self) -> str:
        """What goes on with the run, on the command line of a shell."""
        trust = " --trust" if any(files_named(self._config())) else ""
        return f"evolino resume {quoted(self.path)}{trust}"

    def save_experiment(self, experiment: Experiment) -> None:
        """Replace the experiment, as when a run is to go further than its budget."""
        replace_file(self.path / CONFIG, experiment_to_toml(experiment))
        self._digest = None

    def append(
        self, generation: Generation, seconds: float, cpu_seconds: float = 0.0
    ) -> None:
        """Add a generation to history, and the seconds of the run so far to timing."""
        self._history.append(generation.as_dict())
        times = {"seconds": seconds, "cpu_seconds": cpu_seconds}
        self._timing.append({"generation": generation.generation, **times})

    def history(self) -> list[Generation]:
        """Return the generations. A last line that a kill cut off does not count."""
        return [Generation(**record) for record in self._history.read()]

    def timing(self) -> list[dict[str, Any]]:
        """Return {"generation": ..., "seconds": ..., "cpu_seconds": ...} for each
        generation; runs of earlier versions have no seconds of the processor."""
        return self._timing.read()

    def rewind(self, generation: int) -> list[int]:
        """Cut history and timing after a generation, the checkpoint's.

        Lines that a power cut took are put back from the checkpoint that was loaded;
        returns the generations of history that it does not hold either.
        """
        self._timing.rewind(generation, self._recent.get(TIMING, ()))
        return self._history.rewind(generation, self._recent.get(HISTORY, ()))

    def save_checkpoint(self, mapping: Mapping[str, Any]) -> None:
        """Write the state of the run, whole or not at all."""
        self._history.sync()  # so that no checkpoint is ahead of it
        self._timing.sync()
        content = {
            "experiment": self._identity(),
            "state": dict(mapping),
            "recent": {HISTORY: self._history.recent(), TIMING: self._timing.recent()},
        }
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
        try:
            self._recent, state = parts_of(content)
        except ValueError as error:
            raise ValueError(f"{path} is damaged: {error}") from error
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
            return checked_summary(read_json(path.read_bytes()))
        except FileNotFoundError:
            return None
        except (ValueError, TypeError) as error:
            raise ValueError(f"{path} is damaged: {error}") from None

    def remove_result(self) -> None:
        """Remove result.json, as when a finished run is to go further."""
        remove_file(self.path / RESULT)

    def mark_failed(self, reason: str) -> None:
        """Let a run that failed before its first generation stand in no other's way; it
        can still be resumed."""
        if not has_begun(self.path):
            with self.writing(), suppress(OSError):
                replace_file(self.path / FAILED, f"{reason}\n".encode())

    def begin_again(self) -> None:
        """Take back `mark_failed`."""
        remove_file(self.path / FAILED)

    def discard_unless_begun(self) -> None:
        """Remove the files of a run that failed before its first generation, and its folder
        if that is then empty."""
        if not self.path.is_dir() or has_begun(self.path):
            return
        with self.writing():
            remove_run(self.path)
            self._discarded = True

    def _config(self) -> dict[str, Any]:
        path = self.path / CONFIG
        try:
            return tomllib.loads(path.read_text(encoding="utf-8"))
        except (ValueError, RecursionError) as error:
            raise ValueError(f"{path} is damaged: {error}") from None

    def _identity(self) -> str:
        """Return a digest of all that decides the run's bits; its budget may change, and a
        refinement may follow."""
        if self._digest is None:
            config = {
                k: v for k, v in self._config().items() if k not in ("budget", "refine")
            }
            self._digest = hashlib.sha256(write_json(config, sort_keys=True)).hexdigest()
        return self._digest
