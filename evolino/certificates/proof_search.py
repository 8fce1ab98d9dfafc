"""Search for the longest strings that a proof covers."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from evolino.certificates.dense import Dense
from evolino.certificates.proof import Margin, Strings, prove
from evolino.certificates.running import first_rejected, period_of, strings_between
from evolino.certificates.short_strings import proven_to
from evolino.certificates.squashing import FLOAT64, REAL, Arithmetic
from evolino.certificates.stretch import Undecided
from evolino.models.model import Model
from evolino.task.counted import Phase

BASES = ((48, 192, 768), (24, 96))  # parameters of the base strings, by their number
FAR = 20_000  # periods: a base is good enough if the proof goes so far
LARGEST = 2**53  # the last integer that float64 counts to
PRECISION = 1000  # the longest strings are found to one part in so many
RUN_ALL, RUN_SOME = (4_000, 100), (2_000_000, 2_000)  # in search of a string that fails
RUN_ROWS = 10**8  # strings times their largest number, to find the first that fails


@dataclass(frozen=True, slots=True)
class Plan:
    """From which strings a proof reasons on to longer ones: base, and a period of n."""

    base: int
    period: int

    def reaches(self, found: int) -> int:
        """Return the largest n of strings with up to `found` periods beyond the base."""
        return self.base + self.period * (found + 1) - 1


@dataclass(frozen=True, slots=True)
class Group:
    """Strings of one proof: the base, and which of its numbers grow."""

    base: tuple[int, ...]
    grows: tuple[bool, ...]


class Search:
    """Strings of a network that are run, and groups of strings that are proven.

    run_to: every string of numbers up to it was run. rejected: the first of them, or later
    some longer string, that was not accepted. reason: what the proof of slightly longer
    strings than the longest ones fails on.
    """

    def __init__(self, model: Model, phases: Sequence[Phase]) -> None:
        self._model, self._phases = model, tuple(phases)
        self._network = Dense.of(model)
        self.parameters = len(phases[0].factors)
        self.run_to, self.reason = 0, ""
        self.rejected: tuple[int, ...] | None = None
        self._undecided_at = LARGEST

    def plan(self) -> Plan | None:
        """Return where the first proof that succeeds begins, None if none does.

        Every shorter string has then been run.
        """
        fallback = None
        for base in BASES[self.parameters - 1]:
            self.run_all(base)
            period = period_of(self._model, self._phases, (base,) * self.parameters)
            if self.rejected is not None:
                return None
            if period is None:
                self.reason = "the cells do not repeat what they do while a symbol repeats"
                continue
            plan = Plan(base, period)
            self.run_all(plan.reaches(0))
            self._undecided_at = LARGEST
            if self.rejected is None and self._all_hold(plan, FAR):
                return plan
            if fallback is None and self._all_hold(plan, 1):
                fallback = plan
        return fallback if self.rejected is None else None

    def largest(self, plan: Plan, arithmetic: Arithmetic, most: int) -> int:
        """Return how many periods beyond the base the proofs go, at most `most`."""
        before, self._undecided_at, self.reason = self.reason, LARGEST, ""
        found = self._largest_of_all(plan, arithmetic, most)
        self.reason = self.reason or before
        return found

    def proven_in_exact_arithmetic(self, plan: Plan, most: int) -> int:
        """Return the largest N such that every string of numbers up to N is proven to be
        accepted in exact arithmetic; most: periods beyond the base.

        Strings shorter than the base are followed one by one.
        """
        short = proven_to(self._network, self._phases, plan.base - 1)
        if short < plan.base - 1:
            return short
        periods = self.largest(plan, REAL, most)
        return min(plan.reaches(periods), LARGEST) if periods else short

    def margins(self, plan: Plan, found: int) -> tuple[Margin, ...]:
        """Return the smallest margin of each part of each phase, over all groups."""
        smallest: dict[tuple[int, str], Margin] = {}
        for group in self._groups(plan):
            for each in self._prove(plan, group, found, FLOAT64) or ():
                key = each.phase, each.part
                known = smallest.get(key, each)
                smallest[key] = min(each, known, key=lambda margin: margin.margin)
        return tuple(smallest.values())

    def run_all(self, last: int) -> None:
        """Run every string of numbers up to `last` that has not been run."""
        if self.rejected is None and last > self.run_to:
            strings = strings_between(self.run_to + 1, last, self.parameters)
            self.rejected = first_rejected(self._model, self._phases, strings)
            done = last if self.rejected is None else max(self.rejected) - 1
            self.run_to = max(self.run_to, done)

    def run_on(self, proven: int) -> None:
        """Run longer strings than those proven, in search of one that is not accepted.

        All of them for a while, then some; if one fails, all below it where that is cheap,
        else those between which acceptance ends.
        """
        every, some = RUN_ALL[self.parameters - 1], RUN_SOME[self.parameters - 1]
        self.run_to = max(self.run_to, proven)
        self.run_all(every)
        accepted = self.run_to
        while self.rejected is None and accepted < some:
            n = min(2 * accepted, some)
            if self._accepts(n):
                accepted = n
            else:
                self._narrow(accepted, n)

    def _narrow(self, accepted: int, rejected: int) -> None:
        """Find where between two numbers acceptance ends, the first such if it is cheap."""
        while rejected - accepted > 1:
            n = (accepted + rejected) // 2
            accepted, rejected = (n, rejected) if self._accepts(n) else (accepted, n)
        strings = (rejected - self.run_to) * rejected ** (2 * self.parameters - 1)
        if strings <= RUN_ROWS * self.parameters:
            self.run_all(rejected)
        else:
            self.rejected = (rejected,) * self.parameters

    def _accepts(self, n: int) -> bool:
        """Return whether the string of these equal numbers is accepted."""
        string = np.full((1, self.parameters), n)
        return first_rejected(self._model, self._phases, string) is None

    def _largest_of_all(self, plan: Plan, arithmetic: Arithmetic, most: int) -> int:
        found = most
        for group in self._groups(plan):
            found = largest(partial(self._holds, plan, group, arithmetic), found)
            if found == 0:
                break
        return found

    def _all_hold(self, plan: Plan, reach: int) -> bool:
        """Return whether every proof in float64 goes so many periods beyond the base."""
        groups = self._groups(plan)
        return all(self._holds(plan, group, FLOAT64, reach) for group in groups)

    def _groups(self, plan: Plan) -> Iterator[Group]:
        """Yield the groups that all strings fall into which are not run.

        Every residue of a number by the period has its own base. With two numbers one may
        be small while the other grows.
        """
        first = range(plan.base, plan.base + plan.period)
        for base in itertools.product(first, repeat=self.parameters):
            yield Group(base, (True,) * self.parameters)
        if self.parameters == 2:
            for small, large in itertools.product(range(1, plan.base), first):
                yield Group((small, large), (False, True))
                yield Group((large, small), (True, False))

    def _holds(self, plan: Plan, group: Group, arithmetic: Arithmetic, reach: int) -> bool:
        return self._prove(plan, group, reach, arithmetic) is not None

    def _prove(
        self, plan: Plan, group: Group, reach: int, arithmetic: Arithmetic
    ) -> list[Margin] | None:
        """Return the margins of one proof, None if it does not succeed."""
        reaches = tuple(reach * grows for grows in group.grows)
        strings = Strings(self._phases, group.base, reaches, plan.period)
        try:
            return prove(self._network, strings, arithmetic)
        except Undecided as undecided:
            if reach <= self._undecided_at:
                self._undecided_at = reach
                self.reason = f"phase {undecided.phase + 1}, {undecided.part}: {undecided}"
            return None


def largest(holds: Callable[[int], bool], most: int) -> int:
    """Return the largest number in 0 .. most that holds, to one part in PRECISION.

    0 need not be tried. What holds for a number is taken to hold for smaller ones, so that
    the number returned has been tried itself, unless it is 0.
    """
    if holds(most):
        return most
    low, high = 0, most
    while high - low > max(1, low // PRECISION):
        middle = math.isqrt(max(low, 1) * high) if high > 4 * low + 4 else (low + high) // 2
        low, high = (middle, high) if holds(middle) else (low, middle)
    return low
