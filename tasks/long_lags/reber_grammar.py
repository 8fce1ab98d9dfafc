"""The embedded Reber grammar: strings whose last but one symbol is their second.

A string is B, then T or P, then a string of Reber's grammar, then the same T or P, then E.
After most symbols two can follow.

Source: Cleeremans, Servan-Schreiber & McClelland 1989 (recalled); Hochreiter & Schmidhuber
1997, Neural Computation 9(8), section 5.1, figures 3 and 4.
"""

from __future__ import annotations

import numpy as np
from numpy.random import Generator

from evolino.vocabulary import Array, IntArray

SYMBOLS = "BTPSXVE"
# Of each state of Reber's grammar the symbols that can come, and the states after them.
REBER = (
    (("B", 1),),
    (("T", 2), ("P", 3)),
    (("S", 2), ("X", 4)),
    (("T", 3), ("V", 5)),
    (("X", 3), ("S", 6)),
    (("P", 4), ("V", 6)),
    (("E", 7),),
)
END = len(REBER)


def embedded_string(rng: Generator) -> tuple[IntArray, Array]:
    """Return a string as indices (T,), and what can come at each of its steps (T, 7): 1 for
    a possible symbol, else 0. Of two possible symbols each has a chance of a half."""
    outer = "TP"[int(rng.integers(2))]
    text, possible, state = ["B", outer], ["B", "TP"], 0
    while state != END:
        choices = REBER[state]
        symbol, state = choices[int(rng.integers(len(choices)))]
        possible.append("".join(each for each, _ in choices))
        text.append(symbol)
    text += [outer, "E"]
    possible += [outer, "E"]
    rows = [[float(symbol in those) for symbol in SYMBOLS] for those in possible]
    return np.array([SYMBOLS.index(symbol) for symbol in text]), np.array(rows)
