"""A certificate: up to which n a network accepts every string of a counted language.

Short strings are run, all of them. Longer ones are proven, together: `prove` for the
largest range for which it succeeds. Where that ends before float64 does, longer strings are
run in search of one that fails. See docs/certificate.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from evolino.certify.proof import Margin
from evolino.certify.search import LARGEST, Search
from evolino.certify.squashing import FLOAT64, REAL
from evolino.model import Model
from evolino.phases import Phase

EXPLAINED = 10  # in real numbers so many times further: rounding ends the proof


@dataclass(frozen=True, slots=True)
class Certificate:
    """What is proven of a network.

    accepts_to: the largest N for which every string with parameters of 1 .. N is proven to
        be accepted, by the float64 kernels; 0 if there is none. accepts_to_real: the same in
        exact arithmetic.
    rejects: the parameters of a string that was run and is not accepted, None if none was
        found. first: whether every smaller one is accepted.
    rounding_ends_it: whether rounding alone keeps accepts_to from being larger.
    margins: how far the outputs of each part of each phase are at least from a wrong
        decision, in strings up to accepts_to that are longer than the base.
    base, period: of the proof. reason: what the proof of longer strings fails on.
    """

    accepts_to: int
    accepts_to_real: int
    rejects: tuple[int, ...] | None
    first: bool
    rounding_ends_it: bool
    margins: tuple[Margin, ...]
    base: int
    period: int
    reason: str

    @property
    def proved(self) -> bool:
        """Whether every string is accepted as long as float64 counts."""
        return self.rejects is None and self.rounding_ends_it


def certify(model: Model, phases: Sequence[Phase]) -> Certificate:
    """Return the certificate of a network for the strings of these phases.

    Raises ValueError for a network that is not reasoned about: in float32, with output
    feedback, of another width than the phases, or for more than two parameters.
    """
    check(model, phases)
    search = Search(model, phases)
    plan = search.plan()
    real, proven = 0, 0
    margins: tuple[Margin, ...] = ()
    if plan is not None:
        periods = search.largest(plan, REAL, LARGEST // plan.period)
        real = plan.reaches(periods)
        periods = search.largest(plan, FLOAT64, periods)
        proven, margins = plan.reaches(periods), search.margins(plan, periods)
    rounding_ends_it = proven > 0 and real >= min(EXPLAINED * proven, LARGEST)
    if not rounding_ends_it:
        search.run_on(proven)
    accepts_to = max(proven, search.run_to)
    rejected = search.rejected
    return Certificate(
        accepts_to=accepts_to,
        accepts_to_real=max(real, accepts_to),
        rejects=rejected,
        first=rejected is not None and accepts_to >= max(rejected) - 1,
        rounding_ends_it=rounding_ends_it,
        margins=margins,
        base=0 if plan is None else plan.base,
        period=0 if plan is None else plan.period,
        reason=search.reason,
    )


def check(model: Model, phases: Sequence[Phase]) -> None:
    """Raise ValueError for what `certify` cannot reason about."""
    architecture = model.architecture
    if architecture.precision != "float64":
        raise ValueError(
            f"certificates are for networks in float64, this one is {architecture.precision}"
        )
    if architecture.feedback:
        raise ValueError("certificates are for networks that do not hear their outputs")
    if not phases:
        raise ValueError("the language has no phases")
    widths = (len(phases[0].inputs), len(phases[0].targets))
    if (architecture.inputs, architecture.outputs) != widths:
        raise ValueError(
            f"the network has {architecture.inputs} inputs and {architecture.outputs} "
            f"outputs, the language {widths[0]} and {widths[1]}"
        )
    if not 1 <= len(phases[0].factors) <= 2:
        raise ValueError(
            "certificates are for languages of one or two numbers, this one has "
            f"{len(phases[0].factors)}"
        )


