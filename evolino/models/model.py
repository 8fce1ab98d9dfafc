"""A trained network with its readout."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.random import Generator
from numpy.typing import ArrayLike

from evolino.environments.base import Episodes, Outcomes
from evolino.environments.stepped import AnyEnvironment
from evolino.models.acting import Policy, play
from evolino.models.arguments import Inputs, ahead_of, all_of, without_padding
from evolino.models.driving import Forced, drive, free_running, in_chunks, one_step_ahead
from evolino.models.lockstep import ImprovisedWith, Lockstep
from evolino.models.saved_architecture import architecture_from_state, architecture_to_state
from evolino.models.units import (
    check_scaling,
    generated,
    improvise_in_units,
    in_units,
    standardised,
)
from evolino.network.base import Architecture, CountsStrings, Trace, Traces, input_vectors
from evolino.network.kernel_expansion import KernelExpansion, Output, Outputs
from evolino.network.relative_weights import RelativeWeights
from evolino.readout.relative_parts import check_weights
from evolino.storage.archive import save_state
from evolino.storage.files import user_path
from evolino.task.counted import Checked, Phase
from evolino.task.scaling import Scaling
from evolino.task.series import Segment
from evolino.vocabulary import Array, IntArray, check_number, contiguous


@dataclass(frozen=True, slots=True, eq=False)
class Model:
    """A network that can be used.

    architecture: such as `LSTM`. genome: (C, G), the weights into the cells. output:
    weights (S, K), or an expansion in kernels of the features. scaling: of the task's
    columns, where it is standardised; inputs, targets and outputs of all methods are in the
    user's units. Raises TypeError or ValueError, naming the field, for one that does not
    fit.

    >>> import evolino
    >>> import numpy as np
    >>> series = np.sin(0.2 * np.arange(600))
    >>> task = evolino.SeriesTask(series)
    >>> model = evolino.train(task, budget=evolino.Budget(evaluations=20)).model
    >>> model.generate(5, prime=series).shape
    (5, 1)
    """

    architecture: Architecture
    genome: Array
    output: Output
    scaling: Scaling | None = None

    def __post_init__(self) -> None:
        """Check that genome and output fit the architecture."""
        expected = (self.architecture.readout_width, self.architecture.outputs)
        if self.genome.shape != self.architecture.genome_shape:
            raise ValueError(
                f"genome must have shape {self.architecture.genome_shape}, "
                f"got {self.genome.shape}"
            )
        shape, weighs = self.output.shape, not isinstance(self.output, KernelExpansion)
        if shape != expected:
            name = "output_weights" if weighs else "supports and coefficients"
            raise ValueError(f"{name} must have shape {expected}, got {shape}")
        check_scaling(self.architecture, self.scaling)
        object.__setattr__(self, "genome", contiguous(self.genome))
        if isinstance(self.output, np.ndarray):
            object.__setattr__(self, "output", contiguous(self.output))
        elif isinstance(self.output, RelativeWeights):
            check_weights(self.output, self.architecture.driver().readout_parts())

    @property
    def output_weights(self) -> Array:
        """(S, K). Raises ValueError for a model whose outputs are no weighted sums."""
        if not isinstance(self.output, np.ndarray):
            expands = isinstance(self.output, KernelExpansion)
            kind = "an expansion in kernels" if expands else "relative to what is fed back"
            raise ValueError(f"this model has no output weights: its readout is {kind}")
        return self.output

    def predict(self, inputs: Inputs = None, targets: ArrayLike | None = None) -> Array:
        """Return (T, K): the output at each step, one step ahead.

        inputs: (T, I) or `Symbols`, needed if the network has external inputs. targets:
        (T, K), the true series, needed if it has output feedback: row t is given
        targets[t-1].
        """
        whole = all_of(self.architecture, inputs, targets)
        return self.respond([whole], free_running=False)[0]

    def generate(
        self, steps: int, prime: ArrayLike | None = None, inputs: Inputs = None
    ) -> Array:
        """Return (steps, K): a free run, the network fed its own outputs.

        prime: (T, K), the series that it is driven with before, by teacher forcing; None is
        no series. inputs: (T + steps, I) or `Symbols` if the network has external inputs.
        Outputs are cut to the bounds of a task that has them; the network is fed them
        uncut. Without bounds a run that is lost gives inf from that step on, and a
        RuntimeWarning.
        """
        segment = ahead_of(self.architecture, steps, prime, inputs)
        return generated(self.respond([segment], free_running=True)[0])

    def states(self, inputs: Inputs = None, targets: ArrayLike | None = None) -> Trace:
        """Return what every cell and gate did: outputs, states (T, C), gates (T, C, 4).

        Arguments as for `predict`. Raises ValueError for an architecture that has no such
        record.
        """
        driver = self.architecture.driver()
        if not isinstance(driver, Traces):
            raise ValueError(
                f"a network of kind {self.architecture.name} records no cells and gates"
            )
        whole = all_of(self.architecture, inputs, targets)
        series = standardised(self.scaling, [whole])[0].series
        vectors = input_vectors(self.architecture, series.inputs, series.targets)
        return driver.trace(self.genome, vectors)

    def respond(self, segments: Sequence[Segment], *, free_running: bool) -> list[Array]:
        """Return the outputs (stop - start, K) on each segment."""
        if free_running:
            return self._run_freely(segments)
        found = []
        for chunk in in_chunks(self.architecture, segments):
            outputs = self._one_step_ahead(chunk).outputs(self._outputs())[0]
            found += without_padding(outputs, chunk)
        return in_units(self.scaling, found, free_running=False)

    def sums(self, segments: Sequence[Segment]) -> list[Array]:
        """Return what the readout sums up (stop - start, K) on each segment, one step
        ahead: the outputs, before they are made probabilities, cut, or given back in the
        user's units."""
        sums = self._one_step_ahead(segments).sums(self._outputs())[0]
        return without_padding(sums, segments)

    def improvise(
        self,
        steps: int,
        prime: ArrayLike,
        choose: Callable[[Array], Array],
        *,
        inputs: ImprovisedWith = None,
    ) -> tuple[Array, Array]:
        """Go on from a prime, fed back what `choose` makes of each output.

        prime: (T, K), fed back first. choose: outputs (K,) -> what is fed back next (K,),
        such as a note drawn by chance, or where an arm that was to move is measured.
        inputs: (T + steps, I), or a function from all rows before a step (t, K) to its
        (I,); None for a network without. Returns what was chosen, and the outputs that it
        was chosen from: (steps, K) each. Raises ValueError for inputs that do not fit, and
        for a network without feedback.
        """
        alone = Lockstep(self.architecture, [(self.genome, self.output)])
        return improvise_in_units(self.scaling, alone, steps, prime, choose, inputs)

    def check(self, phases: Sequence[Phase], strings: IntArray) -> Checked:
        """Return how the network does on counted strings (N, parameters).

        Raises ValueError for an architecture that cannot be checked so.
        """
        driver = self.architecture.driver()
        if not isinstance(driver, CountsStrings):
            raise ValueError(
                f"a network of kind {self.architecture.name} cannot be checked on counted "
                "strings"
            )
        return driver.check_strings(self.genome, self.output, phases, strings)

    def play(self, environment: AnyEnvironment, episodes: Episodes) -> Outcomes:
        """Return what the network comes to as it acts in N episodes, each (1, N).

        Raises ValueError for an architecture that cannot act, and for an environment with
        other numbers of observations and actions.
        """
        return play(self.architecture, self.genome, self.output, environment, episodes)

    def policy(self) -> Policy:
        """Return the network as a policy: `act(observation)` at each step, `reset()`."""
        return Policy(self.architecture, self.genome, self.output)

    def disturbed(
        self,
        segments: Sequence[Segment],
        *,
        noise: float = 0.0,
        kick: float = 0.0,
        seed: int = 0,
    ) -> list[Array]:
        """Return the outputs (stop - start, K) of free runs whose states are disturbed.

        noise: standard deviation of what is added to all cell outputs and states after
        every step, the same in every run. kick: the same, once, before the first step.
        seed: of both.
        """
        check_number("noise", noise, least=0)
        check_number("kick", kick, least=0)
        rng = np.random.default_rng(seed)
        return self._run_freely(segments, rng, noise, kick)

    def _run_freely(
        self,
        segments: Sequence[Segment],
        rng: Generator | None = None,
        noise: float = 0.0,
        kick: float = 0.0,
    ) -> list[Array]:
        """Return the outputs of free runs; rng: of the noise and the kick."""
        driver = self.architecture.driver()
        networks = driver.pack(self.genome[None])
        segments = standardised(self.scaling, segments)
        _, _, states = drive(driver, networks, (), segments)
        added = None
        if rng is not None and kick:
            states = tuple(each + rng.normal(0.0, kick, each.shape) for each in states)
        if rng is not None and noise:
            longest = max(segment.stop - segment.start for segment in segments)
            added = rng.normal(0.0, noise, (longest, *self.architecture.state_shape))
        run = free_running(driver, segments, noise=added)
        outputs = run(networks, self._outputs(), states, None)[0]
        each = without_padding(outputs, segments)
        return in_units(self.scaling, each, free_running=True)

    def _one_step_ahead(self, segments: Sequence[Segment]) -> Forced:
        driver = self.architecture.driver()
        networks = driver.pack(self.genome[None])
        return one_step_ahead(driver, networks, standardised(self.scaling, segments))

    @classmethod
    def from_state(cls, state: Mapping[str, Any], *, trust: bool = False) -> Model:
        """Return the model of `as_state`. Raises KeyError, TypeError or ValueError
        for another; nothing is made of numbers that the arrays do not bear out.

        trust: run a Python file that it names as its architecture.
        """
        _check_state(state)
        if "expansion" in state:
            output: Output = KernelExpansion.from_state(state["expansion"])
        elif "relative_weights" in state:
            output = RelativeWeights.from_state(state["relative_weights"])
        else:
            output = state["output_weights"]
        architecture = architecture_from_state(state["architecture"], trust=trust)
        given = state.get("scaling")
        scaling = None if given is None else Scaling.from_state(given)
        return cls(architecture, state["genome"], output, scaling)

    def as_state(self) -> dict[str, Any]:
        """Return all of the model as arrays, numbers and text."""
        architecture = architecture_to_state(self.architecture)
        state = {"architecture": architecture, "genome": self.genome}
        if self.scaling is not None:
            state["scaling"] = self.scaling.as_state()
        if isinstance(self.output, KernelExpansion):
            return {**state, "expansion": self.output.as_state()}
        if isinstance(self.output, RelativeWeights):
            return {**state, "relative_weights": self.output.as_state()}
        return {**state, "output_weights": self.output}

    def save(self, path: str | Path) -> None:
        """Write the model to an .npz file that `load` reads."""
        save_state(user_path(path), self.as_state(), kind="model")

    def _outputs(self) -> Outputs:
        output = self.output
        return output[None] if isinstance(output, np.ndarray) else [output]


def _check_state(state: Mapping[str, Any]) -> None:
    """Raise TypeError or ValueError for a model's state of other types or sizes."""
    table, genome = state["architecture"], state["genome"]
    arrays = {"genome": genome}
    if not {"expansion", "relative_weights"} & state.keys():
        arrays["output_weights"] = state["output_weights"]
    for name, array in arrays.items():
        if not isinstance(array, np.ndarray) or array.dtype != np.float64:
            raise TypeError(f"{name} must be an array of float64")
        if array.ndim != 2:
            raise ValueError(f"{name} must have two axes, got {array.shape}")
    if not isinstance(table, Mapping):
        raise TypeError(f"architecture must be a table, got {table!r:.60}")
    most = 1_000_000 + genome.size
    # Before an architecture gives its sources and groups, which are that large.
    for name, value in table.items():
        if isinstance(value, int) and value > most and not name.endswith("seed"):
            raise ValueError(f"{name} is {value}, but there are {genome.size} genes")
