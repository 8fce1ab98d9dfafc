"""An architecture of a user's own: a plain recurrent network in NumPy (Elman 1990)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

from evolino.network.kernel_expansion import KernelExpansion
from evolino.vocabulary import check_count


@dataclass(frozen=True)
class Elman:
    """h(t) = tanh(b + W u(t) + R h(t-1)); the readout has h(t), u(t) and a constant."""

    name: ClassVar[str] = "elman"
    feedback_scale: ClassVar[float] = 1.0
    output: ClassVar[str] = "identity"

    units: int
    inputs: int = 0
    outputs: int = 1
    feedback: bool = True

    def __post_init__(self):
        check_count("units", self.units)

    @property
    def input_width(self):
        return self.inputs + self.feedback * self.outputs

    @property
    def genome_shape(self):
        return self.units, 1 + self.input_width + self.units

    @property
    def state_shape(self):
        return (self.units,)

    @property
    def readout_width(self):
        return self.units + self.input_width + 1

    def gene_groups(self):
        sources = ["bias"] + ["input"] * self.inputs
        sources += ["feedback"] * (self.input_width - self.inputs)
        return [(source, "unit") for source in sources + ["recurrent"] * self.units]

    def genes_of(self, source, gate=None):
        wanted = [(source, gate or "unit") == each for each in self.gene_groups()]
        return np.flatnonzero(wanted)

    def for_task(self, inputs, outputs):
        return replace(self, inputs=inputs, outputs=outputs)

    def outputs_of(self, sums):
        return sums

    def fed_back(self, outputs):
        return outputs

    def check_free_run(self):
        if not self.feedback:
            raise ValueError("without feedback nothing runs freely")

    def driver(self):
        return Driver(self)


class Driver:
    """Runs one network after another, so that they cannot depend on each other."""

    block_size, one_by_one = 5, True

    def __init__(self, architecture):
        self.architecture = architecture

    def pack(self, genomes, workspace=None):
        if genomes.shape[1:] != self.architecture.genome_shape:
            raise ValueError(f"genomes have shape {genomes.shape}")
        return genomes

    def teacher_forcing(self, runs):
        def drive(genomes, workspace):
            features, kept = [], np.zeros((len(genomes), len(runs.kept), *self._states))
            for genome, own in zip(genomes, kept, strict=True):
                features.append(self._drive(genome, runs, own))
            return np.array(features), (kept,)

        return drive

    def free_running(self, runs):
        self.architecture.check_free_run()

        def run(genomes, readouts, states, workspace):
            return np.array(
                [
                    [self._run(genome, readout, h, runs, n) for n, h in enumerate(own)]
                    for genome, readout, own in zip(
                        genomes, readouts, states[0], strict=True
                    )
                ]
            )

        return run

    def stepper(self, genome):
        return Stepper(genome)

    def masked(self, genes):
        return genes

    def readout_parts(self):
        return ()

    @property
    def _states(self):
        return self.architecture.state_shape

    def _drive(self, genome, runs, kept):
        """Return the features (R, S) of one network; fill in the states that are kept."""
        rows = []
        for n, (vectors, first) in enumerate(zip(runs.vectors, runs.firsts, strict=True)):
            unit = Stepper(genome)
            for t in range(len(vectors) + 1):
                for k, point in enumerate(runs.kept):
                    if point == (n, t):
                        kept[k] = unit.h
                if t < len(vectors):
                    unit.step(vectors[t])
                    if t >= first:
                        rows.append(unit.features())
        return np.reshape(rows, (-1, self.architecture.readout_width))

    def _run(self, genome, readout, h, runs, n):
        """Return the outputs (L, K) of one free run."""
        unit, y = Stepper(genome, h), runs.previous[n]
        outputs = np.full((runs.inputs.shape[1], self.architecture.outputs), np.inf)
        for t, external in enumerate(runs.inputs[n]):
            unit.step(np.concatenate([external, y]))
            y = sums(unit.features(), readout)
            lost = not (np.abs(y) < 1e12).all()
            if runs.targets is not None:
                lost |= bool((np.abs(y - runs.targets[n, t]) > runs.tolerance).any())
            if lost:
                break
            outputs[t] = y
            if runs.noise is not None:
                unit.h = unit.h + runs.noise[t % len(runs.noise)]
        return outputs


class Stepper:
    """A network a step at a time, from rest or from a state."""

    def __init__(self, genome, h=None):
        self._genome = genome
        self.h = np.zeros(len(genome)) if h is None else h

    def step(self, u):
        self._u = u
        self.h = np.tanh(self._genome @ np.concatenate([[1.0], u, self.h]))

    def features(self):
        return np.concatenate([self.h, self._u, [1.0]])


def sums(features, readout):
    if isinstance(readout, KernelExpansion):
        return readout.outputs(features[None])[0]
    return features @ readout
