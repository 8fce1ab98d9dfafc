"""A certificate: up to which n a network accepts every string of a counted language.

Short strings are run, all of them. Longer ones are proven, together: `prove` for the
largest range for which it succeeds. Where that ends before float64 does, longer strings are
run in search of one that fails. See docs/certificate.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from evolino.certificates.dense import lstm_of
from evolino.certificates.proof import Margin
from evolino.certificates.proof_search import LARGEST, Search
from evolino.certificates.squashing import FLOAT64
from evolino.models.model import Model
from evolino.task.counted import Phase

LEAST_TARGET = 1e-100
EXPLAINED = 10  # in real numbers so many times further: rounding ends the proof


@dataclass(frozen=True, slots=True)
class Certificate:
    """What is proven of a network.

    parameters: how many numbers choose a string.
    accepts_to: the largest N for which every string with parameters of 1 .. N is proven to
        be accepted, by the float64 kernels; 0 if there is none.
    accepts_to_real: the same in exact arithmetic, short strings included; 0 if nothing was
        proven of it.
    rejects: the parameters of a string that was run and is not accepted, None if none was
        found. first: whether every smaller one is accepted.
    rounding_ends_it: whether rounding alone keeps accepts_to from being larger.
    margins: how far the outputs of each part of each phase are at least from a wrong
        decision, in strings from the base up to accepts_to.
    base, period: of the proof, 0 if there is none. reason: what the proof of longer strings
        fails on.

    >>> import evolino
    >>> task = evolino.Languages(train="1:10")
    >>> result = evolino.train(task, budget=evolino.Budget(evaluations=200))
    >>> evolino.certify(result.model, task.phases()).parameters
    1
    """

    parameters: int
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
    def verdict(self) -> Literal["proved", "fails", "cannot tell"]:
        """ "proved", "fails" or "cannot tell"."""
        if self.rejects is not None:
            return "fails"
        return "proved" if self.margins else "cannot tell"


def certify(model: Model, phases: Sequence[Phase]) -> Certificate:
    """Return the certificate of a network for all strings of a counted language.

    model: of one network, in float64. phases: of the language's strings, `task.phases()`.

    Raises ValueError for a network that is not reasoned about: in float32, with output
    feedback, of another width than the phases, with a weight that is not finite, or for
    more than two parameters.

    >>> import evolino
    >>> task = evolino.Languages(train="1:10")
    >>> result = evolino.train(task, budget=evolino.Budget(evaluations=200))
    >>> certificate = evolino.certify(result.model, task.phases())
    >>> certificate.verdict in ("proved", "fails", "cannot tell")
    True
    """
    check(model, phases)
    search = Search(model, phases)
    plan = search.plan()
    real, proven = 0, 0
    margins: tuple[Margin, ...] = ()
    if plan is not None:
        steepest = max(sum(phase.factors) for phase in phases)  # rows stay below 2^53
        most = LARGEST // (plan.period * steepest)
        real = search.proven_in_exact_arithmetic(plan, most)
        periods = search.largest(plan, FLOAT64, most)
        proven, margins = plan.reaches(periods), search.margins(plan, periods)
    rounding_ends_it = proven > 0 and real >= min(EXPLAINED * proven, LARGEST)
    if not rounding_ends_it:
        search.run_on(proven)
    accepts_to = max(proven, search.run_to)
    if proven < search.run_to:  # more was run than could be proven
        plan, margins = None, ()
    rejected = search.rejected
    return Certificate(
        parameters=search.parameters,
        accepts_to=accepts_to,
        accepts_to_real=real,
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
    architecture = lstm_of(model)
    if architecture.precision != "float64":
        raise ValueError(
            "certificates are for networks in float64, this one is "
            f"{architecture.precision}"
        )
    if architecture.feedback or architecture.output != "identity":
        raise ValueError(
            "certificates are for networks with feedback=False and output='identity'"
        )
    if architecture.cell_output == "o*s":
        raise ValueError("certificates are for networks whose cell outputs pass tanh")
    if not isinstance(model.output, np.ndarray):
        raise ValueError("certificates are for linear readouts, this one has kernels")
    if not (np.isfinite(model.genome).all() and np.isfinite(model.output_weights).all()):
        raise ValueError("certificates are for networks whose weights are all finite")
    if not phases:
        raise ValueError("the language has no phases")
    widths = (len(phases[0].inputs), phases[0].cycle.shape[1])
    if (architecture.inputs, architecture.outputs) != widths:
        raise ValueError(
            f"the network has {architecture.inputs} inputs and {architecture.outputs} "
            f"outputs, the language {widths[0]} and {widths[1]}"
        )
    sizes = np.abs(np.concatenate([phase.cycle for phase in phases]))
    if not ((sizes >= LEAST_TARGET) & (sizes <= 1 / LEAST_TARGET)).all():
        raise ValueError("certificates are for targets above and below 0, not of 0 itself")
    if not np.isfinite([phase.inputs for phase in phases]).all():
        raise ValueError("certificates are for inputs that are all finite")
    if any(factor < 0 for phase in phases for factor in phase.factors):
        raise ValueError("certificates are for phases that grow with every number")
    if not 1 <= len(phases[0].factors) <= 2:
        raise ValueError(
            "certificates are for languages of one or two numbers, this one has "
            f"{len(phases[0].factors)}"
        )
