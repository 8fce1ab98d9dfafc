"""Lines of a text file of numbers: encoding, separator, decimal comma, header."""

from __future__ import annotations

import bz2
import csv
import gzip
import lzma
import re
import zipfile
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import IO, cast

SEPARATORS = ("\t", ";", "|")
SPACES = " "  # any run of white space
POINT = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?")
COMMA = re.compile(r"[+-]?\d*,\d+(?:[eE][+-]?\d+)?")
WHOLE = re.compile(r"[+-]?\d+")
THOUSANDS = re.compile(r"[+-]?[1-9]\d{0,2}(?:,\d{3})+")
DATE = re.compile(
    r"\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}(?:[ T][\d:.+Z-]+)?|\d{1,2}:\d{2}[\d:.]*"
)
LARGEST = 200_000_000  # bytes of text
DAMAGED = (
    *(OSError, EOFError, RuntimeError, NotImplementedError),
    *(lzma.LZMAError, zipfile.BadZipFile, zlib.error),
)
LETTER = re.compile(r"[^\W\d_]")
WORDS = ("", "na", "n/a", "nan", "null", "none", "-", "?", "inf", "-inf")


@dataclass(frozen=True, slots=True)
class Layout:
    """separator: between fields, None for one column. decimal: point or comma.

    header: whether the first line has the names of the columns.
    """

    separator: str | None
    decimal: str
    header: bool


def lines_of(path: Path) -> list[tuple[int, str]]:
    """Return the lines of a file with their numbers, from 1; those after # are left out.

    Raises ValueError for a blank line that is not at the end, and for a file that is not
    text.
    """
    text = _decoded(path, _unpacked(path))
    numbered = [
        (number, line)
        for number, line in enumerate(re.split("\r\n|\n|\r", text), start=1)
        if not line.lstrip().startswith("#")
    ]
    while numbered and not numbered[-1][1].strip():
        numbered.pop()
    if not numbered:
        raise ValueError(f"{path} is not a file of numbers: it is empty")
    for number, line in numbered:
        if not line.strip():
            raise ValueError(f"{path}: line {number} is blank")
    return numbered


def layout_of(
    path: Path, lines: Sequence[str], separator: str | None, decimal: str | None
) -> Layout:
    """Return how lines are laid out; separator and decimal if they are not given.

    Raises ValueError for commas that could be either, and for a decimal that is none.
    """
    if decimal not in (None, ".", ","):
        raise ValueError(f"decimal must be '.' or ',', got {decimal!r}")
    if separator is not None:
        separator = {"tab": "\t", "space": SPACES}.get(separator, separator)
        if len(separator) != 1 or separator == (decimal or "."):
            raise ValueError(f"separator must be one character, got {separator!r}")
    else:
        separator = _separator(path, lines, decimal)
    try:
        first, *others = (split(line, separator) for line in lines)
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from None
    if decimal is None:
        fields = [field for row in others or [first] for field in row]
        with_comma = [field for field in fields if COMMA.fullmatch(field)]
        commas = separator != "," and bool(with_comma)
        points = any(POINT.fullmatch(each) and "." in each for each in fields)
        decimal = "," if commas and not points else "."
        if decimal == "," and all(map(THOUSANDS.fullmatch, with_comma)):
            raise ValueError(
                f"{path}: {with_comma[0]!r} has a decimal comma or a separator of "
                "thousands: say decimal=',' (--decimal ,) or take them out"
            )
    second = others[0] if others else None
    return Layout(separator, decimal, _is_header(first, second))


def split(line: str, separator: str | None) -> list[str]:
    """Return the fields of a line, quotes taken off."""
    if separator is None:
        if line.count('"') % 2:
            raise ValueError(f"{line[:40]!r} has a quote that does not end")
        return [line.strip().strip('"')]
    if separator == SPACES:
        return line.split()
    try:
        row = next(
            csv.reader([line], delimiter=separator, skipinitialspace=True, strict=True)
        )
    except csv.Error as error:
        raise ValueError(f"{line[:40]!r} is not a line of fields: {error}") from None
    return [field.strip() for field in row]


def _separator(path: Path, lines: Sequence[str], decimal: str | None) -> str | None:
    first, last = lines[0], lines[-1]
    for each in SEPARATORS:
        if each in first and each in last:
            return each
    rows = lines[1:] if _is_header(re.split(r"[,\s]+", first.strip())) else lines
    if not any("," in line for line in lines):
        return SPACES if any(len(line.split()) > 1 for line in rows) else None
    words = [line.split() for line in rows]
    several = len(words[-1]) > 1 if words else False
    numbers = all(
        COMMA.fullmatch(word) or WHOLE.fullmatch(word) for row in words for word in row
    )
    if decimal == ",":
        return SPACES if several else None
    if decimal == "." or not numbers:
        _refuse_thousands(path, first, rows)
        return ","
    if several:
        return SPACES
    return None if _is_decimal_comma(path, first, rows) else ","


def _refuse_thousands(path: Path, first: str, rows: Sequence[str]) -> None:
    """Raise ValueError where rows such as 5,100.0 may be a number each, not two columns."""
    if rows and first != rows[0] and "," in first:  # a header of several columns
        return
    words = [row.strip() for row in rows]
    grouped = [word for word in words if THOUSANDS.fullmatch(word.partition(".")[0])]
    others = [word for word in words if "," in word and word not in set(grouped)]
    if not grouped or others or not any("." in word for word in words):
        return
    lefts = [int(word.partition(",")[0]) for word in grouped]
    if len(lefts) > 2 and all(b - a == 1 for a, b in pairwise(lefts)):
        return
    raise ValueError(
        f"{path}: {grouped[0]!r} could be one number with a separator of thousands or two "
        "columns: take them out, or say separator=',' (--separator ,)"
    )


def _is_decimal_comma(path: Path, first: str, rows: Sequence[str]) -> bool:
    """Return whether rows such as 0,376 are one number each and not two columns.

    Raises ValueError where nothing tells.
    """
    if len(rows) == 0 or first != rows[0]:  # a header
        return "," not in first
    pairs = [row.strip().partition(",") for row in rows]
    if any(not comma for _, comma, _ in pairs):
        return True  # whole numbers between them: they have no second column
    lefts, rights = [left for left, _, _ in pairs], [right for _, _, right in pairs]
    if any(len(right) > 1 and right.startswith("0") for right in rights):
        return True
    if any(left in ("", "-", "+", "-0", "+0") for left in lefts):
        return True
    counts = [int(left) for left in lefts]
    if len(counts) > 2 and all(b - a == 1 for a, b in pairwise(counts)):
        return False
    raise ValueError(
        f"{path}: {rows[0].strip()!r} could be one number with a decimal comma or two "
        "columns: say decimal=',' (--decimal ,) or decimal='.' (--decimal .)"
    )


def _is_header(first: Sequence[str], second: Sequence[str] | None = None) -> bool:
    """Return whether a line has names of columns: one above a number, or names only."""
    names = [_is_name(each) for each in first]
    if second is None or all(names):
        return any(names)
    return any(a and not _is_name(b) for a, b in zip(names, second, strict=False))


def _is_name(field: str) -> bool:
    """Return whether a field has letters and is neither number, date nor missing."""
    text = field.strip().strip('"')
    known = POINT.fullmatch(text) or COMMA.fullmatch(text) or DATE.fullmatch(text)
    return not known and text.lower() not in WORDS and bool(LETTER.search(text))


def _unpacked(path: Path) -> bytes:
    """Return the bytes of a file, of a compressed one those that are in it."""
    ending = path.suffix.lower()
    path.open("rb").close()  # a file that cannot be opened says so itself
    try:
        with _opened(path, ending) as file:
            content = file.read(LARGEST + 1)
    except DAMAGED as error:
        raise ValueError(f"{path} is not a {ending} file: {error}") from None
    if len(content) > LARGEST:
        raise ValueError(f"{path} must hold at most {LARGEST:,} bytes of text")
    return content


def _opened(path: Path, ending: str) -> IO[bytes]:
    """Open a file, a compressed one for what is in it."""
    if ending == ".gz":
        return cast(IO[bytes], gzip.open(path))
    if ending == ".bz2":
        return bz2.open(path)
    if ending == ".xz":
        return lzma.open(path)
    if ending != ".zip":
        return path.open("rb")
    archive = zipfile.ZipFile(path)
    if len(archive.namelist()) != 1:
        raise zipfile.BadZipFile("it must hold one file")
    return archive.open(archive.namelist()[0])


def _decoded(path: Path, content: bytes) -> str:
    """Return text, its byte-order mark taken off."""
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        encodings: tuple[str, ...] = ("utf-16",)
    else:
        encodings = ("utf-8-sig", "cp1252")
    for encoding in encodings:
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            return text
    raise ValueError(f"{path} is not a file of numbers: it is not text")
