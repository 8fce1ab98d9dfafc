"""Run LSTM networks by the compiled kernels; loaded by `LSTM.driver`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

from evolino.environments.base import Environment, Episodes, Outcomes
from evolino.environments.stepped import SteppedEnvironment
from evolino.network import base, reference
from evolino.network.acting_together import play_stepped
from evolino.network.features import fed_back_columns
from evolino.network.kernel_expansion import Output, Outputs
from evolino.network.kernels import acting, dispatch
from evolino.network.lstm import LSTM
from evolino.network.runs_stepper import RunsStepper
from evolino.network.stepper import Stepper
from evolino.network.string_checks import check_strings
from evolino.network.weights import masked, output_weights, readout_parts
from evolino.simd.workspace import Workspace
from evolino.task.counted import Checked, Phase
from evolino.vocabulary import Array, IntArray


def driver_of(architecture: LSTM) -> base.Driver:
    """Return what runs networks of an architecture."""
    return LSTMDriver(architecture)


@dataclass(frozen=True, eq=False)
class LSTMDriver:
    """Runs LSTM networks: `evolino.network.base.Driver`, and more of what it
    names: `Traces`, `CountsStrings`, `Acts`."""

    architecture: LSTM
    looks_up_symbols: ClassVar[bool] = True

    @cached_property
    def layout(self) -> dispatch.Layout:
        """What the kernels need to know of the architecture."""
        return dispatch.layout_of(self.architecture)

    @property
    def block_size(self) -> int:
        """8 networks in float64, 16 in float32: the lanes of a vector."""
        return dispatch.block_size(self.architecture)

    @property
    def one_by_one(self) -> bool:
        """Whether networks are driven one by one: large ones."""
        return dispatch.cells_in_lanes(self.architecture)

    def pack(self, genomes: Array, workspace: Workspace | None = None) -> dispatch.Networks:
        """Return genomes (P, C, G), laid out for the kernels."""
        return dispatch.pack(self.layout, genomes, workspace)

    def teacher_forcing(self, runs: base.ForcedRuns) -> base.TeacherForcing:
        """Return what drives networks over these series. States: outputs of the cells,
        then their states, (P, N, C) each."""
        course = dispatch.course_over(
            self.architecture, runs.vectors, firsts=runs.firsts, starts=runs.kept
        )

        def drive(
            networks: dispatch.Networks, workspace: Workspace | None
        ) -> tuple[Array, base.States]:
            features, cells = dispatch.drive_over(networks, course, workspace)
            return features, (cells.outputs, cells.states)

        return drive

    def free_running(self, runs: base.FreeRuns) -> base.FreeRunning:
        """Return what lets networks run freely."""
        self.architecture.check_free_run()
        laid_out = dispatch.free_runs_from(
            self.architecture,
            runs.previous,
            runs.inputs,
            targets=runs.targets,
            tolerance=runs.tolerance,
            noise=runs.noise,
        )

        def run(
            networks: dispatch.Networks,
            readout: Outputs,
            states: base.States,
            workspace: Workspace | None,
        ) -> Array:
            cells = dispatch.CellStates(*states)
            return dispatch.free_runs_of(networks, readout, cells, laid_out, workspace)

        return run

    def stepper(self, genome: Array) -> Stepper:
        """Return a network (C, G) at rest, to be driven a step at a time."""
        return Stepper(self.architecture, genome)

    def runs_stepper(self, genome: Array, states: base.States) -> RunsStepper:
        """Return N runs of a network (C, G), to be driven a step at a time, from outputs
        and states of its cells (N, C)."""
        return RunsStepper(self.architecture, genome, *states)

    def masked(self, genes: Array) -> Array:
        """Return genomes or scales (.., C, G) with 0 where a cell does not see."""
        return masked(self.architecture, genes) if self.architecture.groups else genes

    def readout_parts(self) -> tuple[base.ReadoutPart, ...]:
        """Return a part for each block of alternatives, or for each group of cells."""
        if self.architecture.alternatives:
            fed_back = fed_back_columns(self.architecture)
            return tuple(
                base.ReadoutPart("alternatives", block, where_set=True, fed_back=fed_back)
                for block in self.architecture.blocks()
            )
        if not self.architecture.groups:
            return ()
        return tuple(
            base.ReadoutPart("groups of cells", outputs, columns)
            for columns, outputs in readout_parts(self.architecture)
        )

    def trace(self, genome: Array, vectors: Array) -> base.Trace:
        """Return what a network (C, G) does; gates (T, C, 4) in the order of `GATES`."""
        return reference.run(self.architecture, genome, vectors)

    def output_weights(self, genomes: Array) -> Array:
        """Return (P, C, K): the output weights of genomes (P, C, G)."""
        return output_weights(self.architecture, genomes)

    def play(
        self,
        genomes: Array,
        output_weights: Array,
        environment: Environment | SteppedEnvironment,
        episodes: Episodes,
        workspace: Workspace | None = None,
    ) -> Outcomes:
        """Return what networks (P, C, G) with output weights (P, S, K) come to."""
        if isinstance(environment, Environment):
            networks = self.pack(genomes, workspace)
            return acting.play_episodes(
                networks, output_weights, environment, episodes, workspace
            )
        return play_stepped(
            self.architecture, genomes, output_weights, environment, episodes
        )

    def check_strings(
        self, genome: Array, output: Output, phases: Sequence[Phase], strings: IntArray
    ) -> Checked:
        """Return how a network (C, G) with a readout does on strings (N, parameters)."""
        return check_strings(self.architecture, genome, output, phases, strings)
