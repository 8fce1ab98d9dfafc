"""Strict JSON text, with inf and nan as words.

JSON has no inf and nan; here they are the text "inf", "-inf" or "nan", and become numbers
again when the text is read. Control characters are escaped, also those that JSON allows.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from typing import Any

BEYOND = re.compile("[^\x00-\x7e]+")  # what json.dumps leaves as it is
WORDS = {"inf": math.inf, "-inf": -math.inf, "nan": math.nan}


def write_json(value: Any, *, indent: int | None = None, sort_keys: bool = False) -> bytes:
    """Return a line, or a page if indented, of JSON in UTF-8."""
    text = json.dumps(
        _words(value),
        indent=indent,
        sort_keys=sort_keys,
        ensure_ascii=False,
        allow_nan=False,
        separators=(",", ":") if indent is None else None,
    )
    return BEYOND.sub(_escaped, text).encode() + b"\n"


def read_json(text: bytes | str) -> Any:
    """Return the value of `write_json`. Raises ValueError for what is not JSON."""
    try:
        return _numbers(json.loads(text))
    except RecursionError:
        raise ValueError("its tables are nested too deeply") from None


def _escaped(found: re.Match[str]) -> str:
    """Return characters of JSON, escaped unless all are printable."""
    text = found.group()
    if text.isprintable():
        return text
    return json.dumps(text)[1:-1].replace("\x7f", "\\u007f")


def _words(value: Any) -> Any:
    """Return value with numbers that are not finite as text."""
    if isinstance(value, Mapping):
        return {str(key): _words(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_words(each) for each in value]
    if hasattr(value, "item") and getattr(value, "ndim", None) == 0:
        value = value.item()
    if isinstance(value, float) and not math.isfinite(value):
        return repr(value)
    return value


def _numbers(value: Any) -> Any:
    """Undo `_words`."""
    if isinstance(value, dict):
        return {key: _numbers(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_numbers(each) for each in value]
    return WORDS.get(value, value) if isinstance(value, str) else value
