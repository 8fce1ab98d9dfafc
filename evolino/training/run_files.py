"""The files of a run's folder: their names, which of them a run wrote, and a fresh start.

A run may be killed at any moment. So an earlier run's files are removed in an order in
which the rest is always one of: a run that can be resumed, or no run.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from evolino.storage.files import remove_file, sweep
from evolino.storage.json_text import read_json

CONFIG, ENVIRONMENT = "config.toml", "environment.json"
HISTORY, TIMING = "history.jsonl", "timing.jsonl"
ROUNDS, ROUND_TIMES = "refinement.jsonl", "refinement_timing.jsonl"
CHECKPOINT, MODEL, RESULT = "checkpoint.npz", "model.npz", "result.json"
LOCK = ".evolino.lock"
FAILED = "failed.txt"  # why there is no generation: the folder may be used again
PICTURES = (
    *("fitness", "run", "free_run", "cells"),
    *("counters", "counting", "acceptance", "margins", "spikes", "reach", "agreement"),
    *("success", "course", "labels", "frames"),
)
MUSIC = "music.mid"
MADE_LATER = (
    *(f"{kind}.{suffix}" for kind in PICTURES for suffix in ("png", "svg")),
    MUSIC,
)
# As they are removed: the checkpoint before the history that it needs, the config last.
STATE_FILES = (RESULT, CHECKPOINT, HISTORY, TIMING, ROUNDS, ROUND_TIMES, MODEL)
OWN_FILES = (*STATE_FILES, *MADE_LATER, ENVIRONMENT, FAILED, CONFIG)
BEGUN = (RESULT, MODEL, *MADE_LATER)  # files that a run has after its first generation
UNFINISHED = 60.0  # seconds after which a picture's temporary file is nobody's


def sweep_run(place: Path) -> None:
    """Remove the temporary files of a killed run; its lock must be held."""
    sweep(place, (*STATE_FILES, ENVIRONMENT, CONFIG))
    sweep(place, MADE_LATER, older=UNFINISHED)


def make_room(place: Path, *, force: bool) -> None:
    """Ready a folder, whose lock is held, for a new run.

    What a run left that failed before its first generation is used again. force: so is a
    finished or broken off run. Only a run's files are removed, its config stays until it is
    replaced. Raises ValueError for a folder with anything else in it, if not force, and for
    files of a run's names that no run wrote.
    """
    sweep_run(place)
    found = {each.name for each in place.iterdir()} - {LOCK}
    own = [name for name in OWN_FILES if name in found]
    ours = _is_run(place)
    again = FAILED in found and ours and found <= set(OWN_FILES) and not has_begun(place)
    if found and not force and not again:
        raise ValueError(
            f"{place} is not empty: choose another folder, or --force to use this one"
        )
    if own and not ours:
        raise ValueError(
            f"{place} has a file {own[0]} that no run wrote: choose another folder"
        )
    for name in own:
        if name not in (CONFIG, ENVIRONMENT):  # which are replaced, the config last
            remove_file(place / name)


def has_begun(place: Path) -> bool:
    """Return whether a folder has more of a run than what is known before it."""
    if any((place / name).exists() for name in BEGUN):
        return True
    try:
        return b"\n" in (place / HISTORY).read_bytes()
    except FileNotFoundError:
        return False


def remove_run(place: Path) -> None:
    """Remove a run's files, also its config."""
    sweep_run(place)
    for name in OWN_FILES:
        remove_file(place / name)


def _is_run(place: Path) -> bool:
    """Return whether a run wrote config.toml, or was killed before it could."""

    def reads(name: str, are_ours: Callable[[bytes], bool]) -> bool:
        try:
            return are_ours((place / name).read_bytes())
        except (OSError, ValueError, TypeError, KeyError, RecursionError):
            return False

    def config(text: bytes) -> bool:
        return {"task", "network", "search"} <= set(tomllib.loads(text.decode()))

    def environment(text: bytes) -> bool:
        table = read_json(text)
        return table == {} or "evolino" in table["packages"]

    return reads(CONFIG, config) or reads(ENVIRONMENT, environment)


def missing_folders(place: Path) -> list[Path]:
    """Return the folders that making `place` will make, innermost first."""
    return [folder for folder in (place, *place.parents) if not folder.exists()]


def remove_empty(folders: list[Path]) -> None:
    """Remove folders, innermost first, as long as they are empty."""
    with suppress(OSError):
        for folder in folders:
            if folder.is_dir():
                folder.rmdir()
