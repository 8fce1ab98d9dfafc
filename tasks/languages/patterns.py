"""Parser of counted-block patterns such as a^n b^3n c^n: from text to phases.

A pattern is blocks between spaces, each a symbol and how often it comes: a, a^3, a^n,
b^2n, c^(n+m), c^(n+m+1). A parameter stands for every number from 1 on. Where a block
brings in a new parameter the string leaves open when it ends: after every symbol, in a^2n
after every second one; everywhere else it is known.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np

from evolino.task.counted import Phase
from evolino.vocabulary import Array

BLOCK = re.compile(r"(?P<symbol>[^\W\d_])(?:\^(?P<count>\([^()]*\)|[^()\s]+))?")
TERM = re.compile(r"(?P<factor>\d*)\*?(?P<name>[a-z])|(?P<constant>\d+)")
RESERVED = ("S", "T")  # the symbols before and after every string
EXAMPLE = "'a^n b^3n c^(n+m)'"
MOST = 1_000_000  # that a constant or a factor may be
MOST_NEW = 100  # that the factor of a parameter may be where it comes first


@dataclass(frozen=True, slots=True)
class Block:
    """constant + sum_j factors[j] n_j symbols; opens: the parameter that it brings in, if
    any."""

    symbol: str
    constant: int
    factors: tuple[int, ...]
    opens: int | None


@dataclass(frozen=True, slots=True)
class Pattern:
    """blocks, in order. names: of the parameters, in the order in which they come in."""

    blocks: tuple[Block, ...]
    names: tuple[str, ...]

    @property
    def symbols(self) -> tuple[str, ...]:
        """The symbols in order; every one has one block."""
        return tuple(block.symbol for block in self.blocks)


def parse(text: str) -> Pattern:
    """Return the pattern of a text.

    Raises ValueError for one that cannot be read, has a symbol twice, or a block that may
    be empty, counts a new parameter more than MOST_NEW times or brings in two.
    """
    raw: list[tuple[str, int, dict[str, int]]] = []
    for part in _parts(text):
        found = BLOCK.fullmatch(part)
        if found is None:
            raise ValueError(
                f"pattern must be blocks such as {EXAMPLE}, got {part!r} in {text!r}"
            )
        symbol = found["symbol"]
        if symbol in RESERVED:
            raise ValueError(f"pattern may not use {symbol}, which marks start or end")
        if symbol in (each[0] for each in raw):
            raise ValueError(
                f"pattern has the symbol {symbol} twice; give every block a symbol of its "
                f"own: {text!r}"
            )
        raw.append((symbol, *_count(found["count"] or "1", text)))
    if len(raw) < 2:
        raise ValueError(f"pattern must have two blocks or more, got {text!r}")
    return _pattern(raw, text)


def phases(pattern: Pattern, off: float) -> tuple[Phase, ...]:
    """Return the phases of the pattern's strings.

    Inputs are S and the symbols, 1 for the one that came and `off` for the others; targets
    the symbols and T, 1 for each that may come next and -1 for the others.
    """
    width, parameters = len(pattern.blocks) + 1, len(pattern.names)
    made = [Phase(coded(0, width, off), coded(0, width), 1, (0,) * parameters)]
    for k, block in enumerate(pattern.blocks):
        here = coded(k + 1, width, off)
        stay, leave = coded(k, width), coded(k + 1, width)
        factors = np.array(block.factors)
        if block.opens is None:
            made.append(Phase(here, stay, block.constant - 1, tuple(factors.tolist())))
            made.append(Phase(here, leave, 1, (0,) * parameters))
        else:
            opened = np.eye(parameters, dtype=int)[block.opens] * factors
            known = tuple((factors - opened).tolist())
            made.append(Phase(here, stay, block.constant, known))
            either = np.maximum(stay, leave)
            times = int(factors[block.opens])
            cycle = either if times == 1 else np.stack([stay] * (times - 1) + [either])
            made.append(Phase(here, cycle, 0, tuple(opened.tolist())))
    return tuple(each for each in made if each.constant or any(each.factors))


def coded(symbol: int, width: int, off: float = -1.0) -> Array:
    """Return (width,): 1 at a symbol, `off` elsewhere."""
    code = np.full(width, off)
    code[symbol] = 1.0
    return code


def _parts(text: str) -> list[str]:
    """Split at spaces that are neither within brackets nor around ^."""
    joined = re.sub(r"\([^()]*\)", lambda found: "".join(found[0].split()), str(text))
    return re.sub(r"\s*\^\s*", "^", joined).split()


def _count(text: str, pattern: str) -> tuple[int, dict[str, int]]:
    """Return the constant and the factors by name of n, 3n, (n+m+1).."""
    constant, factors = 0, dict[str, int]()
    for part in text.strip("()").split("+"):
        term = TERM.fullmatch(part)
        if term is None:
            raise ValueError(
                f"pattern must count as in {EXAMPLE}, got {text!r} in {pattern!r}"
            )
        if term["constant"] is not None:
            constant += _number(term["constant"], pattern)
        else:
            name = term["name"]
            factors[name] = factors.get(name, 0) + _number(term["factor"] or "1", pattern)
    return constant, factors


def _number(digits: str, pattern: str) -> int:
    """Return a number of a pattern. Raises ValueError for one that is too large."""
    if len(digits) > 9 or int(digits) > MOST:
        raise ValueError(f"pattern may count to {MOST:,}, got {digits:.20} in {pattern!r}")
    return int(digits)


def _pattern(raw: list[tuple[str, int, dict[str, int]]], text: str) -> Pattern:
    names: list[str] = []
    blocks, opened = [], []
    for symbol, constant, factors in raw:
        new = [name for name in factors if name not in names]
        if len(new) > 1:
            raise ValueError(
                f"pattern: {symbol} brings in {' and '.join(new)} at once; a block may "
                f"bring in one parameter, so let an earlier block count {new[0]}: {text!r}"
            )
        if new and not 1 <= factors[new[0]] <= MOST_NEW:
            raise ValueError(
                f"pattern: {symbol} counts {new[0]} {factors[new[0]]:,} times where it "
                f"comes first, which may be 1 to {MOST_NEW}; let an earlier block count "
                f"{new[0]}: {text!r}"
            )
        if constant + sum(factors.values()) < 1:
            raise ValueError(f"pattern: {symbol} would come 0 times: {text!r}")
        names += new
        opened.append(names.index(new[0]) if new else None)
        blocks.append((symbol, constant, factors))
    if not names:
        raise ValueError(f"pattern must count something, as {EXAMPLE} does, got {text!r}")
    return Pattern(
        tuple(
            Block(symbol, constant, tuple(factors.get(n, 0) for n in names), opens)
            for (symbol, constant, factors), opens in zip(blocks, opened, strict=True)
        ),
        tuple(names),
    )
