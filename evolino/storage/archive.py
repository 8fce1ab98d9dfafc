"""Archive of arrays and plain values in one .npz: deterministic, checksummed, no pickle.

The file is an .npz: a header in JSON, then one .npy entry an array, uncompressed. The same
content gives the same bytes. It is written beside its place and then moved there, so that
a full disk or a killed process leaves the file before it untouched.
"""

from __future__ import annotations

import hashlib
import io
import json
import math
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.lib import format as npy

from evolino.storage.files import replace_file

FORMAT = "evolino"
VERSION = 1
HEADER = "header.json"
MARK = "$"  # {"$": [tag, content]} stands for what JSON cannot say
LARGE = 2**63  # integers from here on are written in base 16


def save_state(path: str | Path, mapping: Mapping[str, Any], *, kind: str) -> None:
    """Write a nest of dicts, lists and tuples of arrays, numbers, text, bools and None.

    kind: what the file is, such as "checkpoint"; `load_state` checks it. Raises
    TypeError for other values and OSError if it cannot be written; the file that was
    there before then stays.
    """
    arrays: list[bytes] = []
    tree = _encode(dict(mapping), arrays)
    body = {"format": FORMAT, "version": VERSION, "kind": kind, "tree": tree}
    header = {**body, "sha256": _checksum(body, arrays)}
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr(_entry(HEADER), _json(header))
        for k, content in enumerate(arrays):
            archive.writestr(_entry(_array_name(k)), content)
    replace_file(path, buffer.getvalue())


def load_state(path: str | Path, *, kind: str) -> dict[str, Any]:
    """Read what `save_state` wrote.

    Raises FileNotFoundError if there is none, and ValueError, in one line, for a file that
    is truncated, edited, of another kind, from a newer version, or no such file at all.
    """
    content = Path(path).read_bytes()
    try:
        header, arrays = _read(content)
    except _Foreign as error:
        raise ValueError(f"{path} is not a {kind} of evolino: {error}") from None
    except Exception as error:  # a damaged file can break the parsers in any way
        raise ValueError(f"{path} is damaged: {_one_line(error)}") from None
    if header["version"] != VERSION:
        raise ValueError(
            f"{path} has format version {header['version']!r:.40}, this evolino reads "
            f"{VERSION}: it may come from a newer one"
        )
    if header["kind"] != kind:
        raise ValueError(f"{path} is a {header['kind']!s:.40}, not a {kind}")
    body = {key: header[key] for key in ("format", "version", "kind", "tree")}
    try:
        whole = header.get("sha256") == _checksum(body, arrays)
    except Exception as error:
        raise ValueError(f"{path} is damaged: {_one_line(error)}") from None
    if not whole:
        raise ValueError(f"{path} is damaged or was edited: its checksum is wrong")
    try:
        tree = _decode(header["tree"], [_array(each) for each in arrays])
        if not isinstance(tree, dict):
            raise TypeError("no table at the top")
    except Exception as error:
        raise ValueError(f"{path} is damaged: {_one_line(error)}") from None
    return tree


class _Foreign(Exception):
    """The file was never one of ours."""


def _read(content: bytes) -> tuple[dict[str, Any], list[bytes]]:
    """Return the header and the bytes of each array, nothing checked but their names."""
    if not content.startswith(b"PK"):
        raise _Foreign("it is no .npz file")
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        entries = archive.infolist()
        found = [entry.filename for entry in entries]
        if HEADER not in found:
            raise _Foreign("it has no header of evolino")
        if any(entry.compress_type != zipfile.ZIP_STORED for entry in entries):
            raise ValueError("an entry is compressed")
        if found != [HEADER, *(_array_name(k) for k in range(len(found) - 1))]:
            raise ValueError("its entries are not those that were written")
        header = json.loads(archive.read(HEADER))
        arrays = [archive.read(name) for name in found[1:]]
    if not isinstance(header, dict) or header.get("format") != FORMAT:
        raise _Foreign("it has no header of evolino")
    for key in ("version", "kind", "tree"):
        if key not in header:
            raise ValueError(f"its header has no {key}")
    return header, arrays


def _encode(value: Any, arrays: list[bytes]) -> Any:
    """Return value as JSON; its arrays are appended to arrays."""
    if value is None or isinstance(value, bool | str):
        return value
    if isinstance(value, np.ndarray):
        arrays.append(_array_bytes(value))
        return {MARK: ["array", len(arrays) - 1]}
    if isinstance(value, np.generic):
        return _encode(value.item(), arrays)
    if isinstance(value, int):
        return value if abs(value) < LARGE else {MARK: ["int", hex(value)]}
    if isinstance(value, float):
        return value if math.isfinite(value) else {MARK: ["float", repr(value)]}
    if isinstance(value, list):
        return [_encode(each, arrays) for each in value]
    if isinstance(value, tuple):
        return {MARK: ["tuple", [_encode(each, arrays) for each in value]]}
    if isinstance(value, Mapping):
        if not all(isinstance(key, str) for key in value):
            raise TypeError("keys of a state must be text")
        table = {key: _encode(each, arrays) for key, each in value.items()}
        return {MARK: ["dict", list(table.items())]} if MARK in table else table
    raise TypeError(f"a state cannot hold a {type(value).__name__}")


def _decode(value: Any, arrays: list[np.ndarray[Any, Any]]) -> Any:
    if isinstance(value, list):
        return [_decode(each, arrays) for each in value]
    if not isinstance(value, dict):
        return value
    if MARK not in value:
        return {key: _decode(each, arrays) for key, each in value.items()}
    tag, content = value[MARK]
    if tag == "array":
        return arrays[content]
    if tag == "int":
        return int(content, 16)
    if tag == "float":
        return float(content)
    if tag == "tuple":
        return tuple(_decode(each, arrays) for each in content)
    return {key: _decode(each, arrays) for key, each in content}


def _array_bytes(array: np.ndarray[Any, Any]) -> bytes:
    if array.dtype.hasobject:
        raise TypeError("a state cannot hold an array of objects")
    buffer = io.BytesIO()
    npy.write_array(buffer, array, allow_pickle=False)
    return buffer.getvalue()


def _array(content: bytes) -> np.ndarray[Any, Any]:
    """Return the array of an entry. Raises ValueError, before anything is allocated, if
    it is not as large as its header says."""
    check_npy(content)
    array: np.ndarray[Any, Any] = npy.read_array(io.BytesIO(content), allow_pickle=False)
    return array


def check_npy(content: bytes) -> None:
    """Raise ValueError, before anything is allocated, for a .npy file that is not one, that
    holds objects, or that is not as large as its header says."""
    file = io.BytesIO(content)
    version = npy.read_magic(file)
    if version not in ((1, 0), (2, 0)):
        raise ValueError(f"it has version {version} of the .npy format")
    read = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
    try:
        shape, _, dtype = read(file)
    except Exception as error:  # the header is parsed as Python literals
        raise ValueError(f"its header cannot be read: {_one_line(error)}") from None
    size, left = math.prod(shape) * dtype.itemsize, len(content) - file.tell()
    if dtype.hasobject or not dtype.itemsize or min(shape, default=0) < 0 or size != left:
        raise ValueError(f"its header says {shape} of {dtype}, {left:,} bytes follow")


def _checksum(body: Mapping[str, Any], arrays: list[bytes]) -> str:
    digest = hashlib.sha256(_json(body))
    for content in arrays:
        digest.update(len(content).to_bytes(8, "little"))
        digest.update(content)
    return digest.hexdigest()


def _json(value: Any) -> bytes:
    return json.dumps(value, allow_nan=False, separators=(",", ":")).encode("ascii")


def _entry(name: str) -> zipfile.ZipInfo:
    """Return an entry without the time, the user and the system that wrote it."""
    entry = zipfile.ZipInfo(name, date_time=(1980, 1, 1, 0, 0, 0))
    entry.external_attr = 0o644 << 16
    entry.create_system = 3
    return entry


def _array_name(k: int) -> str:
    return f"array{k}.npy"


def _one_line(error: BaseException) -> str:
    return " ".join(str(error).split()) or type(error).__name__
