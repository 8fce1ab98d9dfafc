"""Text of others, printed safely: control characters escaped."""

from __future__ import annotations


def shown(value: object) -> str:
    """Return a value's text with control characters escaped, in one line."""
    return "".join(
        each if each.isprintable() else each.encode("unicode_escape").decode()
        for each in str(value)
    )
