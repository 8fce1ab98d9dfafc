"""Say the suit of a card that was shown some steps ago, in every lane of a vector.

POPGym's RepeatPrevious (Morad et al. 2023). A state is the place in the deck, which is the
same in all lanes, then the suits of all cards, 0 to 3.
"""

from __future__ import annotations

from typing import Any

import numba

from evolino.simd.memory import load, number, store
from evolino.simd.vectors import beyond, largest_lane, like, within

njit: Any = numba.njit

CARDS, BACK = range(2)  # the places of the constants


@njit(error_model="numpy")
def observe(world: Any, state: Any, u: Any) -> None:
    """Write the suit of the card at the place, one of four."""
    last = number(world.constants, CARDS) - 1.0
    at = int(min(largest_lane(load(state, 0)), last))
    suit = load(state, 1 + at)
    for k in range(4):
        store(u, k, within(suit - float(k), 0.5, like(suit, 1.0), 0.0))


@njit(error_model="numpy")
def advance(world: Any, state: Any, y: Any) -> Any:
    """Answer by the largest of four outputs; a right answer is rewarded, a wrong one costs
    as much, none is asked for until there is a card so far back."""
    cards, back = number(world.constants, CARDS), number(world.constants, BACK)
    place = load(state, 0)
    at = largest_lane(place)
    asked = at + 1.0 - back
    reward = like(place, 0.0)
    if asked >= 0.0:
        suit = load(state, 1 + int(asked))
        best, answer = load(y, 0), like(place, 0.0)
        for k in range(1, 4):
            output = load(y, k)
            answer = beyond(output - best, 0.0, like(place, float(k)), answer)
            best = beyond(output - best, 0.0, output, best)
        share = 1.0 / (cards - back)
        reward = within(answer - suit, 0.5, like(place, share), -share)
    store(state, 0, place + 1.0)
    return beyond(cards - 2.5 - place, 0.0, like(place, 1.0), 0.0), reward, 0.0 - reward
