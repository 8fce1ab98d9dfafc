"""Run convolutional networks: convolutions by matrix products, cells in lanes over pixels.

A network is driven over all series at once, its channels and the pixels of all pictures
side by side: each step gathers the patches around every pixel and multiplies them by all
filters, then the compiled step of `evolino.network.kernels.cell_gradient` goes over the
pixels of all channels. Loaded by `ConvLSTM.driver`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from evolino.network import base
from evolino.network.convolutional import ConvLSTM
from evolino.network.convolutional_step import Filters, Pictures, filters_of
from evolino.network.convolutional_stepper import ConvStepper
from evolino.network.kernel_expansion import KernelExpansion, Outputs
from evolino.simd.workspace import Workspace
from evolino.vocabulary import Array

Packed = tuple[Filters, ...]


def driver_of(architecture: ConvLSTM) -> base.Driver:
    """Return what runs networks of an architecture."""
    return ConvDriver(architecture)


@dataclass(frozen=True, eq=False)
class ConvDriver:
    """Runs convolutional networks: `evolino.network.base.Driver`."""

    architecture: ConvLSTM
    looks_up_symbols: ClassVar[bool] = False
    block_size: ClassVar[int] = 1
    one_by_one: ClassVar[bool] = True

    def pack(self, genomes: Array, workspace: Workspace | None = None) -> Packed:
        """Return genomes (P, C, G), their filters taken apart."""
        if genomes.ndim != 3 or genomes.shape[1:] != self.architecture.genome_shape:
            rows, genes = self.architecture.genome_shape
            raise ValueError(
                f"genomes must have shape (P, {rows}, {genes}), got {genomes.shape}"
            )
        return tuple(filters_of(self.architecture, genome) for genome in genomes)

    def teacher_forcing(self, runs: base.ForcedRuns) -> base.TeacherForcing:
        """Return what drives networks over these series. States: outputs and states of all
        channels (P, N, C H W), and the last frame (P, N, K H W).

        Raises ValueError for series that are no whole frames, and for states in the middle
        of a frame.
        """
        own, pixels = self.architecture, self.architecture.pixels
        for vectors in runs.vectors:
            _check_frames(len(vectors), pixels, "a sequence")
        for _, row in runs.kept:
            _check_frames(row, pixels, "what is before a free run")
        given = [_frames_of(own, np.asarray(each)) for each in runs.vectors]
        longest = max((len(each) for each in given), default=0)
        frames = np.zeros((longest, own.input_width, len(given), pixels))
        for n, each in enumerate(given):
            frames[: len(each), :, n] = each

        def drive(
            networks: Packed, workspace: Workspace | None
        ) -> tuple[Array, base.States]:
            driven = [self._drive(network, frames, runs) for network in networks]
            features, kept = zip(*driven, strict=True)
            states = tuple(np.stack(each) for each in zip(*kept, strict=True))
            return np.stack(features), states

        return drive

    def _drive(
        self, network: Filters, frames: Array, runs: base.ForcedRuns
    ) -> tuple[Array, base.States]:
        own, pixels = self.architecture, self.architecture.pixels
        count = len(runs.vectors)
        lengths = [len(each) // pixels for each in runs.vectors]
        width = own.readout_width
        features = [
            np.empty((length - first // pixels, pixels, width))
            for length, first in zip(lengths, runs.firsts, strict=True)
        ]
        kept_h, kept_s = np.zeros(
            (2, len(runs.kept), own.genome_shape[0], pixels)
        )  # fmt: skip
        fed = own.outputs * own.feedback
        kept_frame = np.zeros((len(runs.kept), fed, pixels))
        held = Pictures(own, count)
        for t in range(len(frames) + 1):
            for k, (n, row) in enumerate(runs.kept):
                if row == t * pixels:
                    kept_h[k], kept_s[k] = held.outputs[:, n], held.states[:, n]
                    kept_frame[k] = _last_frame(own, np.asarray(runs.vectors[n]), row)
                    kept_frame[k, :, -1] = 0.0  # `FreeRuns.previous` has it
            if t == len(frames):
                break
            held.step(network, frames[t])
            rows = held.features(frames[t])
            for n, own_features in enumerate(features):
                at = t - runs.firsts[n] // pixels
                if t < lengths[n] and at >= 0:
                    own_features[at] = rows[n]
        recorded = [
            each.reshape(-1, width)[first % pixels :]
            for each, first in zip(features, runs.firsts, strict=True)
        ]
        kept = (
            each.reshape(len(runs.kept), each[0].size if len(each) else 0)
            for each in (kept_h, kept_s, kept_frame)
        )
        return np.concatenate(recorded), tuple(kept)

    def free_running(self, runs: base.FreeRuns) -> base.FreeRunning:
        """Return what lets networks run freely, a frame at a time."""
        self.architecture.check_free_run()

        def run(
            networks: Packed, readout: Outputs, states: base.States,
            workspace: Workspace | None,
        ) -> Array:  # fmt: skip
            each = zip(networks, readout, *states, strict=True)
            return np.stack([self._run(runs, *one) for one in each])

        return run

    def _run(
        self, runs: base.FreeRuns, network: Filters, readout: Array | KernelExpansion,
        h: Array, s: Array, frame: Array,
    ) -> Array:  # fmt: skip
        """Return the outputs (N, L, K) of one network; a run that is lost is inf from the
        frame on."""
        own, pixels = self.architecture, self.architecture.pixels
        (number, rows, _), outputs = runs.inputs.shape, own.outputs
        held = Pictures(own, number)
        shape = number, own.genome_shape[0], pixels
        held.outputs[...] = h.reshape(shape).swapaxes(0, 1)
        held.states[...] = s.reshape(shape).swapaxes(0, 1)
        fed = frame.reshape(number, outputs, pixels).copy()
        fed[:, :, -1] = runs.previous
        fed = own.fed_back(fed)
        external = _by_frame(runs.inputs, pixels)
        bounded = runs.targets is not None and np.isfinite(runs.tolerance)
        targets = _by_frame(runs.targets, pixels) if bounded else None
        result = np.full((number, external.shape[1], pixels, outputs), np.inf)
        alive = np.ones(number, dtype=bool)
        for t in range(external.shape[1]):
            u = np.concatenate([external[:, t].swapaxes(1, 2), fed], axis=1).swapaxes(0, 1)
            held.step(network, np.ascontiguousarray(u))
            if runs.noise is not None:
                held.disturb(runs.noise[t % len(runs.noise)])
            y = _read_out(held.features(u), readout)
            y = own.outputs_of(y).reshape(number, pixels, outputs)
            with np.errstate(invalid="ignore"):
                lost = ~(np.abs(y) < base.EXPLODED).all(axis=(1, 2))
                if targets is not None:
                    lost |= (np.abs(y - targets[:, t]) > runs.tolerance).any(axis=(1, 2))
            alive &= ~lost
            result[alive, t] = y[alive]
            fed = own.fed_back(np.where(alive[:, None, None], y, 0.0)).swapaxes(1, 2)
        return result.reshape(number, -1, outputs)[:, :rows]

    def stepper(self, genome: Array) -> ConvStepper:
        """Return a network (C, G) at rest, to be driven a row at a time."""
        return ConvStepper(self.architecture, genome)

    def masked(self, genes: Array) -> Array:
        """Return genomes or scales (.., C, G) with 0 for genes that a layer lacks."""
        return np.where(self.architecture.free_genes(), genes, 0.0)

    def readout_parts(self) -> tuple[base.ReadoutPart, ...]:
        """Return none: the readout is solved as a whole."""
        return ()


def _check_frames(rows: int, pixels: int, what: str) -> None:
    if rows % pixels:
        raise ValueError(
            f"{what} must be whole frames of {pixels} rows, a row for every pixel, got "
            f"{rows} rows"
        )


def _by_frame(rows: Array | None, pixels: int) -> Array:
    """Return (N, frames, H W, ..) of rows (N, L, ..); 0 where a frame has no rows."""
    assert rows is not None
    number, count, width = rows.shape
    frames = -(-count // pixels)
    whole = np.zeros((number, frames * pixels, width))
    whole[:, :count] = rows
    return whole.reshape(number, frames, pixels, width)


def _frames_of(own: ConvLSTM, vectors: Array) -> Array:
    """Return (T, U, H W): what enters at each frame, of input vectors (T H W, U).

    A row has the target of the row before; a frame is fed the frame before.
    """
    pixels = own.pixels
    frames = np.zeros((len(vectors) // pixels, own.input_width, pixels))
    by_frame = vectors.reshape(len(frames), pixels, -1)
    frames[:, : own.inputs] = by_frame[..., : own.inputs].swapaxes(1, 2)
    if own.feedback:
        for t in range(len(frames)):
            frames[t, own.inputs :] = _last_frame(own, vectors, t * pixels)
    return frames


def _last_frame(own: ConvLSTM, vectors: Array, row: int) -> Array:
    """Return (K, H W): the frame that is fed back at a row of input vectors, scaled; 0
    where there are no rows."""
    frame = np.zeros((own.outputs * own.feedback, own.pixels))
    first = row - own.pixels + 1
    begin, end = max(first, 0), min(row + 1, len(vectors))
    if own.feedback:
        frame[:, begin - first : end - first] = vectors[begin:end, own.inputs :].T
    return frame


def _read_out(features: Array, readout: Array | KernelExpansion) -> Array:
    """Return (N, H W, K) of features (N, H W, S)."""
    if isinstance(readout, KernelExpansion):
        return readout.outputs(features.reshape(-1, features.shape[2]))
    return features @ readout
