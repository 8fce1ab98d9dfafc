"""Mutated files: bytes flipped and cut, values of another type, huge, deeply nested."""

import io
import json
import re
import tomllib
import zipfile

import numpy as np
import tomli_w

from evolino.storage import archive

STRANGE = [
    None, True, False, 0, -1, 1, 2, 3.5, -0.5, 1e308, -1e308, float("inf"), float("nan"),
    2**31, 2**63, -(2**63), 10**30, 10**9, "", "a", "1", "none", "esp", "../../etc",
    "a" * 5000,
    [], [0], [1, 2, 3], [[]], ["a", None], {}, {"name": "esp"}, {"": 0},
    {"$": ["array", 7]},
    "\ud800", "\x1b[2J", {"name": "mso"}, [float("inf")],
]  # fmt: skip


def of_bytes(content, rng):
    """Bytes flipped, cut off, doubled, put in, or digits made many."""
    data = bytearray(content)
    for _ in range(int(rng.integers(1, 4))):
        if not data:
            return bytes(data)
        at = int(rng.integers(len(data)))
        match int(rng.integers(7)):
            case 0:
                data[at] ^= 1 << int(rng.integers(8))
            case 1:
                del data[at:]
            case 2:
                del data[at : at + int(rng.integers(1, 20))]
            case 3:
                data[at:at] = rng.bytes(int(rng.integers(1, 12)))
            case 4:
                end = at + int(rng.integers(1, 60))
                data[at:at] = data[at:end] * int(rng.integers(1, 4))
            case 5:
                digits = list(re.finditer(rb"\d+", bytes(data)))
                if digits:
                    found = digits[int(rng.integers(len(digits)))]
                    new = [b"0", b"-1", b"99999999999", b"1e999", b"1" * 400, b"0.5"]
                    data[found.start() : found.end()] = new[int(rng.integers(len(new)))]
            case _:
                data[at : at + 4] = b"\xff\xff\xff\x7f"
    return bytes(data)


def strange(rng):
    """A value of any type."""
    value = STRANGE[int(rng.integers(len(STRANGE)))]
    if rng.random() < 0.04:  # deep
        for _ in range(int(rng.choice([50, 3000]))):
            value = [value] if rng.random() < 0.5 else {"a": value}
    return value


def _places(value, path=()):
    yield path
    if isinstance(value, dict):
        for key in value:
            yield from _places(value[key], (*path, key))
    elif isinstance(value, list | tuple):
        for k in range(min(len(value), 40)):
            yield from _places(value[k], (*path, k))


def _changed(value, path, change):
    if not path:
        return change(value)
    head, rest = path[0], path[1:]
    if isinstance(value, dict):
        new = dict(value)
        if not rest and change is None:
            del new[head]
            return new
        new[head] = _changed(value[head], rest, change)
        return new
    new = list(value)
    new[head] = _changed(value[head], rest, change)
    return tuple(new) if isinstance(value, tuple) else new


def of_tree(tree, rng):
    """A value somewhere in a nest of tables and lists changed, removed, or added."""
    for _ in range(int(rng.integers(1, 3))):
        places = list(_places(tree))
        path = places[int(rng.integers(1, len(places)))] if len(places) > 1 else ()
        kind = rng.random()

        def change(value, kind=kind):
            if isinstance(value, np.ndarray):
                return of_array(value, rng)
            if (
                isinstance(value, int | float)
                and kind < 0.3
                and not isinstance(value, bool)
            ):
                return rng.choice([0, -value, value + 1, value * 1000])
            if isinstance(value, dict) and kind < 0.3:
                return {**value, "more": strange(rng)}
            if isinstance(value, list) and kind < 0.3:
                return [*value, strange(rng)] if rng.random() < 0.5 else value[:-1]
            return strange(rng)

        if path and kind > 0.85:
            parent = tree
            for each in path[:-1]:
                parent = parent[each]
            if isinstance(parent, dict):
                tree = _changed(
                    tree,
                    path[:-1],
                    lambda d, k=path[-1]: {a: b for a, b in d.items() if a != k},
                )
                continue
        tree = _changed(tree, path, change)
    return tree


def of_array(array, rng):
    """An array of another shape, type, or with other values."""
    match int(rng.integers(8)):
        case 0:
            return array[..., None]
        case 1:
            return array[:-1] if array.ndim and len(array) else np.zeros(3)
        case 2:
            return array.astype(
                rng.choice(["float32", "int64", "complex128", "U8", "bool"])
            )
        case 3:
            return np.zeros((0, *array.shape[1:]))
        case 4:
            new = np.array(array, dtype=float)
            if new.size:
                new.flat[int(rng.integers(new.size))] = rng.choice(
                    [np.nan, np.inf, -np.inf, 1e308]
                )
            return new
        case 5:
            return array.T
        case 6:
            return strange(rng)
        case _:
            return array.reshape(-1)


def plain(value):
    """Return a value as JSON can hold it, for an archive: arrays stay."""
    if isinstance(value, dict):
        return {str(k): plain(v) for k, v in value.items()}
    if isinstance(value, list):
        return [plain(v) for v in value]
    if isinstance(value, tuple):
        return tuple(plain(v) for v in value)
    if isinstance(value, np.generic):
        return value.item()
    return value


def of_archive(path, kind, rng):
    """An archive of ours with something in it changed, its checksum made right again."""
    content = path.read_bytes()
    way = rng.random()
    if way < 0.25:
        return of_bytes(content, rng)
    if way < 0.8:
        tree = archive.load_state(path, kind=kind)
        try:
            archive.save_state(path, plain(of_tree(tree, rng)), kind=kind)
        except (TypeError, RecursionError, ValueError, UnicodeError):
            return content
        return path.read_bytes()
    return _rewritten(content, rng)


def _rewritten(content, rng):
    """The entries changed one by one: the header's tree, or an array's own bytes."""
    with zipfile.ZipFile(io.BytesIO(content)) as file:
        entries = {name: file.read(name) for name in file.namelist()}
    header = json.loads(entries.pop(archive.HEADER))
    arrays = list(entries.values())
    if arrays and rng.random() < 0.6:
        k = int(rng.integers(len(arrays)))
        if rng.random() < 0.5:
            arrays[k] = re.sub(
                rb"\(\d+,", b"(%d," % rng.choice([10**9, 10**15, 7]), arrays[k]
            )
        else:
            head = bytearray(of_bytes(arrays[k][:128], rng))
            arrays[k] = bytes(head) + arrays[k][128:]
    else:
        header["tree"] = of_tree(header["tree"], rng)
    body = {key: header[key] for key in ("format", "version", "kind", "tree")}
    try:
        header = {**body, "sha256": archive._checksum(body, arrays)}
        text = archive._json(header)
    except (TypeError, ValueError, RecursionError, UnicodeError):
        return content
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as file:
        file.writestr(archive._entry(archive.HEADER), text)
        for name, each in zip(entries, arrays, strict=True):
            file.writestr(archive._entry(name), each)
    return buffer.getvalue()


def of_json(content, rng):
    """JSON with a value changed, or its bytes."""
    if rng.random() < 0.3:
        return of_bytes(content, rng)
    try:
        return json.dumps(plain(of_tree(json.loads(content), rng))).encode()
    except (ValueError, TypeError, RecursionError, UnicodeError):
        return b"[" * 100_000


def of_lines(content, rng):
    """A .jsonl file with a line changed."""
    lines = content.splitlines(keepends=True)
    if rng.random() < 0.3 or not lines:
        return of_bytes(content, rng)
    k = int(rng.integers(len(lines)))
    lines[k] = of_json(lines[k], rng) + b"\n"
    return b"".join(lines)


def of_toml(content, rng):
    """TOML with a value changed, or its bytes."""
    if rng.random() < 0.3:
        return of_bytes(content, rng)
    try:
        return tomli_w.dumps(plain(of_tree(tomllib.loads(content.decode()), rng))).encode()
    except (ValueError, TypeError, RecursionError, UnicodeError, AttributeError):
        return b"a = " + b"[" * 50_000


def of_npy(content, rng):
    """A .npy file, mostly with a changed header."""
    head = of_bytes(content[:128], rng) if rng.random() < 0.7 else content[:128]
    return bytes(head) + content[128:] if rng.random() < 0.7 else of_bytes(content, rng)


WORDS = ["a", "b", "^", "n", "m", "(", ")", "+", " ", "2", "0", "99999999999999999999", ":",
         ",", "geometric", "-1", "1", "10", "c^n", "\x00", "é", "*", "٣",
         "1" * 5000]  # fmt: skip


def of_text(text, rng):
    """A short text with words put in, removed or changed."""
    parts = list(text)
    for _ in range(int(rng.integers(1, 4))):
        at = int(rng.integers(len(parts) + 1))
        word = WORDS[int(rng.integers(len(WORDS)))]
        if rng.random() < 0.5:
            parts.insert(at, word)
        elif at < len(parts):
            parts[at] = word
    return "".join(parts)
