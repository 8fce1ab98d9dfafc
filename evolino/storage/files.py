"""Files on disk: written whole or not at all, synced, and swept after a kill.

Whatever a run changes on disk goes through the few calls here and in `lock.py`, so that a
test can end the process at each of them.
"""

from __future__ import annotations

import os
import secrets
import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

TOKEN = 4  # random bytes in the name of a temporary file


def user_path(path: str | Path, name: str = "path") -> Path:
    """Return a path with a leading ~ replaced by the home folder.

    Raises ValueError, naming the argument, for an empty text and where there is no home.
    """
    if not str(path):
        raise ValueError(f"{name} must be a path, got ''")
    try:
        return Path(path).expanduser()
    except RuntimeError as error:
        raise ValueError(f"{name} {path}: {error}") from None


def replace_file(path: str | Path, content: bytes) -> None:
    """Write a file whole or not at all. Raises OSError; the file before it then stays.

    A device or a pipe is written to: nothing takes its place.
    """
    path = Path(path)
    if _is_device(path):
        handle = os.open(path, os.O_WRONLY | _BINARY)
        try:
            _write(handle, content)
        finally:
            os.close(handle)
        return
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(TOKEN)}.tmp")
    handle = os.open(temporary, os.O_CREAT | os.O_EXCL | os.O_WRONLY | _BINARY, 0o666)
    try:
        try:
            _write(handle, content)
            os.fsync(handle)
        finally:
            os.close(handle)
        os.replace(temporary, path)
    except BaseException as error:
        with suppress(OSError):
            os.unlink(temporary)
        if isinstance(error, OSError):
            error.filename = str(path)  # of a full disk, the system does not say which file
        raise
    _sync_folder(path.parent)


def append_file(path: str | Path, content: bytes) -> None:
    """Add to the end of a file. Raises OSError; a part may then have been written."""
    try:
        handle = os.open(path, os.O_CREAT | os.O_APPEND | os.O_WRONLY | _BINARY, 0o666)
        try:
            _write(handle, content)
        finally:
            os.close(handle)
    except OSError as error:
        error.filename = str(path)
        raise


def sync_file(path: str | Path) -> None:
    """Have a file on the disk, should the power go; no file is no error."""
    try:
        handle = os.open(path, os.O_WRONLY | os.O_APPEND | _BINARY)
    except FileNotFoundError:
        return
    try:
        os.fsync(handle)
    except OSError as error:
        error.filename = str(path)
        raise
    finally:
        os.close(handle)


def remove_file(path: str | Path) -> None:
    """Remove a file if it is there."""
    with suppress(FileNotFoundError):
        os.unlink(path)


def sweep(folder: Path, names: Iterable[str], *, older: float = 0.0) -> None:
    """Remove what kills left of `replace_file`: temporaries for files of these names.

    older: only those that many seconds old; others may still be written.
    """
    before = time.time() - older
    known = set(names)
    for file in folder.glob(".*.tmp"):
        name, _, token = file.name[1:].removesuffix(".tmp").rpartition(".")
        if name in known and len(token) == 2 * TOKEN:
            with suppress(FileNotFoundError):
                if not older or file.stat().st_mtime < before:
                    os.unlink(file)


_BINARY = getattr(os, "O_BINARY", 0)  # of Windows


def _is_device(path: Path) -> bool:
    """Return whether there is something at a path that is neither file nor folder."""
    return path.exists() and not path.is_file() and not path.is_dir()


def _write(handle: int, content: bytes) -> None:
    rest = memoryview(content)
    while len(rest):
        rest = rest[os.write(handle, rest) :]


def _sync_folder(folder: Path) -> None:
    """Have a new name in a folder on the disk, where the system can do that."""
    if os.name == "nt":
        return
    with suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
