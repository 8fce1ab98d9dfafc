"""Several trained networks as one: the mean of what their readouts sum up.

Outputs that are probabilities are those of the mean log-odds. What the members err in
apart from each other comes out smaller; networks drawn and solved independently err
differently. Source: Hansen & Salamon 1990, IEEE PAMI 12(10) (recalled); no Evolino paper
has it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from numpy.typing import ArrayLike

from evolino.models.arguments import Inputs, ahead_of, all_of
from evolino.models.driving import in_chunks
from evolino.models.lockstep import ImprovisedWith, Lockstep, free_run
from evolino.models.model import Model
from evolino.models.runs_together import StepsRuns, free_runs
from evolino.models.units import (
    generated,
    improvise_in_units,
    in_units,
    same_scaling,
    standardised,
)
from evolino.network.base import Architecture
from evolino.network.kernel_expansion import Output
from evolino.storage.archive import save_state
from evolino.storage.files import user_path
from evolino.task.scaling import Scaling
from evolino.task.series import Segment
from evolino.vocabulary import Array


@dataclass(frozen=True, slots=True, eq=False)
class Ensemble:
    """Models of one architecture; fed and read out as one network.

    members: the models, the best first.

    Raises ValueError for no members, or members of different architectures or scalings.

    >>> import evolino
    >>> result = evolino.train("mso", ensemble=2, budget=evolino.Budget(evaluations=20))
    >>> len(result.model.members)
    2
    """

    members: tuple[Model, ...]

    def __post_init__(self) -> None:
        """Check the members."""
        if not self.members:
            raise ValueError("members must be one or more models, got none")
        if any(each.architecture != self.architecture for each in self.members):
            raise ValueError("members must have the same architecture")
        if not all(same_scaling(each.scaling, self.scaling) for each in self.members):
            raise ValueError("members must have the same scaling of columns")

    @property
    def architecture(self) -> Architecture:
        """Of every member."""
        return self.members[0].architecture

    @property
    def scaling(self) -> Scaling | None:
        """Of every member."""
        return self.members[0].scaling

    def predict(self, inputs: Inputs = None, targets: ArrayLike | None = None) -> Array:
        """Return (T, K): the output at each step, one step ahead; as `Model.predict`."""
        whole = all_of(self.architecture, inputs, targets)
        return self.respond([whole], free_running=False)[0]

    def generate(
        self, steps: int, prime: ArrayLike | None = None, inputs: Inputs = None
    ) -> Array:
        """Return (steps, K): a free run, every member fed the outputs of all; as
        `Model.generate`."""
        segment = ahead_of(self.architecture, steps, prime, inputs)
        return generated(self.respond([segment], free_running=True)[0])

    def respond(self, segments: Sequence[Segment], *, free_running: bool) -> list[Array]:
        """Return the outputs (stop - start, K) on each segment.

        A free run goes a step at a time, so it is slower than that of one `Model`.
        """
        if free_running:
            given = standardised(self.scaling, segments)
            each = self._run_freely(given)
            return in_units(self.scaling, each, free_running=True)
        found = []
        for chunk in in_chunks(self.architecture, segments):
            totals = self.members[0].sums(chunk)
            for member in self.members[1:]:
                for total, own in zip(totals, member.sums(chunk), strict=True):
                    total += own
            count = len(self.members)
            found += [self.architecture.outputs_of(total / count) for total in totals]
        return in_units(self.scaling, found, free_running=False)

    def improvise(
        self,
        steps: int,
        prime: ArrayLike,
        choose: Callable[[Array], Array],
        *,
        inputs: ImprovisedWith = None,
    ) -> tuple[Array, Array]:
        """Go on from a prime, fed back what `choose` makes of each output; as
        `Model.improvise`."""
        together = self._in_lockstep()
        return improvise_in_units(self.scaling, together, steps, prime, choose, inputs)

    def as_state(self) -> dict[str, Any]:
        """Return all of it as arrays, numbers and text."""
        return {"members": [member.as_state() for member in self.members]}

    def save(self, path: str | Path) -> None:
        """Write it to an .npz file that `load` reads."""
        save_state(user_path(path), self.as_state(), kind="model")

    def _run_freely(self, segments: Sequence[Segment]) -> list[Array]:
        """Return free runs over segments, all at once where the driver can."""
        if isinstance(self.architecture.driver(), StepsRuns):
            return free_runs(self.architecture, self._networks(), segments)
        return [free_run(self._in_lockstep(), segment) for segment in segments]

    def _in_lockstep(self) -> Lockstep:
        return Lockstep(self.architecture, self._networks())

    def _networks(self) -> list[tuple[Array, Output]]:
        return [(member.genome, member.output) for member in self.members]


Trained = Model | Ensemble


def trained(members: Sequence[Model]) -> Trained:
    """Return one model as it is, several as an ensemble."""
    return members[0] if len(members) == 1 else Ensemble(tuple(members))


def best_network(model: Trained) -> Model:
    """Return a model itself, or the first member of an ensemble."""
    return model.members[0] if isinstance(model, Ensemble) else model
