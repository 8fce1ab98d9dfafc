"""Text of others, printed safely: control characters escaped.

All that is printed goes through here: lines by `say`, tables and live lines by a `console`.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from typing import TYPE_CHECKING, Any, TextIO

if TYPE_CHECKING:
    from rich.console import Console

LAYOUT = "\n\t"


def shown(value: object) -> str:
    """Return a value's text with control characters escaped, in one line."""
    text = str(value)
    return text if text.isprintable() else "".join(map(_escaped, text))


def layout_shown(text: str) -> str:
    """Return text with control characters escaped, but for new lines and tabs."""
    if text.isprintable():
        return text
    return "".join(each if each in LAYOUT else _escaped(each) for each in text)


def say(line: object, stream: TextIO | None) -> None:
    """Print a line, control characters escaped; nothing ends because nobody reads it."""
    if stream is not None:
        with suppress(OSError, ValueError):
            print(shown(line), file=stream, flush=True)


def console(*, stderr: bool = False) -> Console:
    """Return a rich console that escapes control characters of what it shows.

    Its own, which move the cursor and set colours on a terminal, go out as they are.
    """
    import sys

    import rich.console
    from rich.segment import Segment

    class Escaping(rich.console.Console):
        def render(self, *arguments: Any, **options: Any) -> Iterable[Segment]:
            for text, style, control in super().render(*arguments, **options):
                yield Segment(text if control else layout_shown(text), style, control)

    stream = sys.stderr if stderr else sys.stdout
    # A stream of the command line escapes whatever is written to it, but here.
    return Escaping(
        file=getattr(stream, "as_it_is", None),
        stderr=stderr,
        highlight=False,
        markup=False,
        emoji=False,
    )


def _escaped(character: str) -> str:
    if character.isprintable():
        return character
    return character.encode("unicode_escape").decode()
