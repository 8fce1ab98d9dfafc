"""Word lists that strings are decoded to: a user's file, or the words of the pen traces."""

from __future__ import annotations

from collections.abc import Sequence

from evolino.solvers.ctc_decoding import Prefix, WordList
from evolino.storage.files import user_path
from evolino.tasks.labelling import pen_traces

OF_PEN = "pen"


def read_word_list(given: str, symbols: Sequence[str], *, words: bool = False) -> WordList:
    """Return the strings that can be found: "pen", the words of the pen traces, or those of
    a text file, one a line; with `words` each line is symbols between spaces.

    Raises ValueError, naming file and line, for a symbol that is none of `symbols`, for a
    file that cannot be read, and for one without a word.
    """
    number = {symbol: k + 1 for k, symbol in enumerate(symbols)}
    if given == OF_PEN:
        lines = list(pen_traces.words())
    else:
        try:
            text = user_path(given, "word_list").read_text(encoding="utf-8-sig")
        except (OSError, UnicodeDecodeError) as error:
            raise ValueError(f"word_list: {given} cannot be read: {error}") from None
        lines = text.splitlines()
    found: list[Prefix] = []
    for line, string in enumerate(lines, 1):
        own = string.split() if words else list(string.strip())
        unknown = [symbol for symbol in own if symbol not in number]
        if unknown:
            raise ValueError(f"word_list: {given}, line {line}: {unknown[0]!r} is no label")
        if own:
            found.append(tuple(number[symbol] for symbol in own))
    if not found:
        raise ValueError(f"word_list: {given} has no word")
    return WordList(words=tuple(dict.fromkeys(found)))
