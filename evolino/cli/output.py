"""Standard output that may be closed or absent, and text that is safe on a terminal.

A run does not end because nobody reads its progress any more.
"""

from __future__ import annotations

import errno
import io
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any, TextIO

from evolino.storage.plain_text import layout_shown, shown

LEFT = (errno.EPIPE, errno.EBADF, errno.EIO)  # a reader or a terminal that went away


class Output(io.TextIOBase):
    """A text stream that drops what its stream does not take, and escapes control
    characters.

    stream: None drops everything. error: the first error of the stream. as_it_is: takes
    what a console has escaped already, its own control characters left in.
    """

    def __init__(self, stream: TextIO | None) -> None:
        self._stream, self.error = (
            stream,
            None if stream else OSError(errno.EBADF, "absent"),
        )
        self.as_it_is = AsItIs(self)

    @property
    def encoding(self) -> str:  # type: ignore[override]
        """Of the stream."""
        return getattr(self._stream, "encoding", None) or "utf-8"

    @property
    def errors(self) -> str:  # type: ignore[override]
        """Characters that the encoding lacks are escaped."""
        return "backslashreplace"

    def writable(self) -> bool:
        """Return True."""
        return True

    def isatty(self) -> bool:
        """Return whether the stream is a terminal."""
        with suppress(ValueError):
            return self._stream is not None and self.error is None and self._stream.isatty()
        return False

    def fileno(self) -> int:
        """Return the stream's. Raises OSError if it has none."""
        if self._stream is None:
            raise OSError(errno.EBADF, "no standard output")
        return self._stream.fileno()

    def write(self, text: str) -> int:
        """Write or drop a text, its control characters escaped."""
        self.put(layout_shown(text))
        return len(text)

    def put(self, text: str) -> None:
        """Write or drop a text."""
        safe = text.encode(self.encoding, self.errors).decode(self.encoding)
        if self.error is None and self._stream is not None:
            try:
                self._stream.write(safe)
            except (OSError, ValueError) as error:
                self._fail(error)

    def flush(self) -> None:
        """Flush the stream."""
        if self.error is None and self._stream is not None:
            try:
                self._stream.flush()
            except (OSError, ValueError) as error:
                self._fail(error)

    @property
    def lost(self) -> str | None:
        """Why what was printed is lost; None if it is not, or nobody was to read it."""
        if self.error is None or self.error.errno in LEFT:
            return None
        return self.error.strerror

    def _fail(self, error: OSError | ValueError) -> None:
        self.error = error if isinstance(error, OSError) else OSError(errno.EBADF, "closed")
        with suppress(OSError, ValueError):  # what it still holds is not written at exit
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, self.fileno())
            os.close(nowhere)


class AsItIs(io.TextIOBase):
    """Writes to an `Output` and escapes nothing."""

    def __init__(self, output: Output) -> None:
        self._output = output

    @property
    def encoding(self) -> str:  # type: ignore[override]
        """Of the stream."""
        return self._output.encoding

    def writable(self) -> bool:
        """Return True."""
        return True

    def isatty(self) -> bool:
        """Return whether the stream is a terminal."""
        return self._output.isatty()

    def fileno(self) -> int:
        """Return the stream's. Raises OSError if it has none."""
        return self._output.fileno()

    def write(self, text: str) -> int:
        """Write or drop a text."""
        self._output.put(text)
        return len(text)

    def flush(self) -> None:
        """Flush the stream."""
        self._output.flush()


@contextmanager
def safe_streams() -> Iterator[Output]:
    """Put `Output` in the place of standard output and standard error; yield the first."""
    before = sys.stdout, sys.stderr
    out = Output(sys.stdout)
    sys.stdout, sys.stderr = out, Output(sys.stderr)
    try:
        yield out
        sys.stdout.flush()
        sys.stderr.flush()
    finally:
        sys.stdout, sys.stderr = before


def fill_standard_files() -> None:
    """Open what is closed of the files 0, 1 and 2, so that no file of a run becomes one."""
    with suppress(OSError):
        while (handle := os.open(os.devnull, os.O_RDWR)) <= 2:
            pass
        os.close(handle)


def all_shown(value: Any) -> Any:
    """Return a nest of tables and lists with all its texts as `shown`."""
    if isinstance(value, str):
        return shown(value)
    if isinstance(value, Mapping):
        return {shown(key): all_shown(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [all_shown(each) for each in value]
    return value
