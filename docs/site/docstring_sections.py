"""Docstrings of evolino as sections: arguments, returns, errors, examples.

The format: paragraphs of plain text; `name: meaning.` for each argument or field, at the
beginning of a sentence, several that share a meaning as `name, name: meaning.`; sentences
that begin with `Returns` or `Raises`; an example as lines that begin with `>>>`, last.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from inspect import cleandoc

NAME = r"[a-z_]\w*"
# A list of names and a colon, where a line or a sentence begins.
ITEM = re.compile(rf"(?:(?<=[.;)?] )|(?<=\n)|\A)\s*((?:{NAME})(?:,\s?{NAME})*):(?=\s)")
RAISED = re.compile(r"\b([A-Z]\w*(?:Error|Interrupt|Warning))\b")
SENTENCE = re.compile(r"(?<=[.;:]) (?=Returns |Raises )|(?<=\n)(?=Returns |Raises )")


@dataclass
class Sections:
    """What a docstring says. arguments: by name, in the order in which they stand."""

    text: list[str] = field(default_factory=list)
    arguments: dict[str, str] = field(default_factory=dict)
    returns: list[str] = field(default_factory=list)
    raises: list[str] = field(default_factory=list)
    example: str = ""

    def google(self) -> str:
        """Return the docstring in Google's format, which tools read."""
        parts = list(self.text)
        if self.arguments:
            lines = [f"    {name}: {_one(text)}" for name, text in self.arguments.items()]
            parts.append("\n".join(["Args:", *lines]))
        if self.returns:
            said = _one(" ".join(self.returns)).removeprefix("Returns ")
            parts.append(f"Returns:\n    {said}")
        if self.raises:
            parts.append("\n".join(["Raises:", *_errors(" ".join(self.raises))]))
        if self.example:
            indented = "\n".join(f"    {line}" for line in self.example.splitlines())
            parts.append(f"Examples:\n{indented}")
        return "\n\n".join(parts)


def sections(docstring: str, names: Iterable[str]) -> Sections:
    """Take a docstring apart. names: of the arguments or fields that it may describe."""
    known = set(names)
    found = Sections()
    text, _, example = cleandoc(docstring).partition("\n>>> ")
    if example:
        found.example = f">>> {example}"
    for paragraph in re.split(r"\n\s*\n", text):
        for sentence in SENTENCE.split(paragraph):
            _sort(sentence, known, found)
    return found


def _sort(sentence: str, known: set[str], found: Sections) -> None:
    """Put sentences where they belong."""
    if sentence.startswith("Returns "):
        found.returns.append(sentence)
        return
    if sentence.startswith("Raises "):
        found.raises.append(sentence)
        return
    items = [each for each in ITEM.finditer(sentence) if _names(each) <= known]
    before = sentence[: items[0].start()] if items else sentence
    if before.strip():
        found.text.append(before.strip())
    ends = [each.start() for each in items[1:]] + [len(sentence)]
    for item, end in zip(items, ends[: len(items)], strict=True):
        meaning = sentence[item.end() : end].strip()
        for name in re.findall(NAME, item.group(1)):
            found.arguments[name] = meaning


def _errors(said: str) -> list[str]:
    """Return a line for each error that sentences beginning with `Raises` name."""
    lines = []
    for sentence in re.split(r"(?<=\.) (?=Raises )", _one(said)):
        kinds = RAISED.findall(sentence)
        when = re.sub(
            rf"^Raises (?:{RAISED.pattern}(?:, | or |,? and )?)+,? ?", "", sentence
        )
        lines += [f"    {kind}: {when}" for kind in dict.fromkeys(kinds)]
    return lines


def _names(item: re.Match[str]) -> set[str]:
    return set(re.findall(NAME, item.group(1)))


def _one(text: str) -> str:
    """Return a text on one line."""
    return " ".join(text.split())
