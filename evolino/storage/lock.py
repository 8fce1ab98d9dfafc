"""A lock file that one process at a time holds; the system frees it when its owner dies.

The file holds the process and the host of its owner, so that a refusal can name them. The
package filelock would need a second file for that: its lock by the system names no owner.
"""

from __future__ import annotations

import errno
import os
import platform
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evolino.storage.json_text import read_json, write_json

FAR = 1 << 30  # the byte that Windows locks: one that is locked there cannot be read
MOST = 4096  # bytes that are read of a lock file
UNSUPPORTED = (errno.ENOSYS, errno.ENOLCK, errno.EOPNOTSUPP)  # on some network disks


class InUseError(ValueError):
    """The lock is another process's."""


@dataclass(frozen=True, slots=True)
class Lock:
    """A held lock; `take_lock` gives it."""

    path: Path
    handle: int

    def release(self) -> None:
        """Remove the file and free the lock."""
        if sys.platform == "win32":  # which removes no open file
            os.close(self.handle)
            with suppress(OSError):
                os.unlink(self.path)
        else:
            with suppress(FileNotFoundError):
                os.unlink(self.path)
            os.close(self.handle)


def take_lock(path: Path) -> Lock:
    """Return the lock of a path.

    Raises InUseError if another process may hold it, OSError if there can be no file. The
    lock of an owner that died on this host is taken over. Of an owner on another host one
    cannot know: not every network disk passes locks on.
    """
    while True:
        flags = os.O_RDWR | os.O_CREAT | getattr(os, "O_BINARY", 0)
        handle = os.open(path, flags, 0o666)
        try:
            _seize(handle, path)
            if _is_at(handle, path):
                os.ftruncate(handle, 0)
                os.lseek(handle, 0, os.SEEK_SET)
                os.write(handle, write_json(_this_process()))
                return Lock(path, handle)
        except BaseException:
            os.close(handle)
            raise
        os.close(handle)  # its owner has just removed it


def _seize(handle: int, path: Path) -> None:
    """Lock an open file. Raises InUseError if it is another's."""
    try:
        _lock(handle)
    except OSError as error:
        owner = _owner(handle)
        if error.errno not in UNSUPPORTED or _is_alive(owner):
            who = _named(owner) or "another process"
            raise InUseError(f"{path.parent} is in use: {who} writes to it") from None
    owner = _owner(handle)
    if owner and owner.get("host") != platform.node():
        raise InUseError(
            f"{path.parent} was in use by {_named(owner)}, another host: "
            f"if that has ended, remove {path}"
        )


def _lock(handle: int) -> None:
    """Ask the system for the lock. Raises OSError if it is not free."""
    if sys.platform == "win32":
        import msvcrt

        os.lseek(handle, FAR, os.SEEK_SET)
        msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
    else:
        import fcntl

        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)


def _is_at(handle: int, path: Path) -> bool:
    """Return whether an open file is still the one of the path."""
    try:
        return os.path.samestat(os.fstat(handle), os.stat(path))
    except FileNotFoundError:
        return False


def _this_process() -> dict[str, Any]:
    return {"process": os.getpid(), "host": platform.node()}


def _owner(handle: int) -> dict[str, Any]:
    """Return the process and host in a lock file, empty if it names none."""
    os.lseek(handle, 0, os.SEEK_SET)
    try:
        owner = read_json(os.read(handle, MOST))
    except (ValueError, RecursionError):
        return {}
    known = isinstance(owner, dict) and isinstance(owner.get("process"), int)
    return owner if known else {}


def _named(owner: dict[str, Any]) -> str:
    return f"process {owner['process']} on {owner.get('host')}" if owner else ""


def _is_alive(owner: dict[str, Any]) -> bool:
    """Return whether an owner on this host runs."""
    if not owner:
        return False
    try:
        os.kill(owner["process"], 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        return True
    return True
