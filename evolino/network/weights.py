"""Take genomes apart into weights; the genes that count where cells are in groups."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from evolino.network.features import laid_out
from evolino.network.groups import owners, sees
from evolino.network.lstm import GATES, LSTM, PEEPHOLE_GATES
from evolino.vocabulary import Array, BoolArray, IntArray


@dataclass(frozen=True, slots=True)
class Weights:
    """A genome, taken apart. Axis 4 runs over GATES, axis 3 over PEEPHOLE_GATES.

    bias: (P, C, 4). inputs: (P, C, U, 4), U = external inputs + fed-back outputs.
    recurrent: (P, C, R, 4), from the cells that `LSTM.recurrent_sources` names.
    peepholes: (P, C, 3). What the architecture lacks is zero.
    """

    bias: Array
    inputs: Array
    recurrent: Array
    peepholes: Array


def unpack(architecture: LSTM, genomes: Array) -> Weights:
    """Take genomes (P, C, G) apart. Raises ValueError for another shape."""
    if genomes.ndim != 3 or genomes.shape[1:] != architecture.genome_shape:
        raise ValueError(
            f"genomes must have shape (P, {architecture.cells}, {architecture.genes}), "
            f"got {genomes.shape}"
        )
    if architecture.groups:
        genomes = masked(architecture, genomes)
    count, cells, _ = genomes.shape
    last_gene = architecture.genes - architecture.output_count
    end = last_gene - architecture.peephole_count
    begin = end - architecture.recurrent_width * len(architecture.recurrent_gates)
    plain = _by_gate(genomes[:, :, :begin], architecture.gates)
    recurrent = _by_gate(genomes[:, :, begin:end], architecture.recurrent_gates)
    peepholes = np.zeros((count, cells, 3))
    columns = [PEEPHOLE_GATES.index(gate) for gate in architecture.peephole_gates()]
    peepholes[..., columns] = genomes[:, :, end:last_gene]
    first = int(architecture.bias)
    bias = plain[:, :, 0] if architecture.bias else np.zeros((count, cells, 4))
    return Weights(bias, plain[:, :, first:], recurrent, peepholes)


def _by_gate(genes: Array, gates: tuple[str, ...]) -> Array:
    """Return (P, C, sources, 4) of genes (P, C, ..) into some gates; 0 for the others."""
    by_source = genes.reshape(*genes.shape[:2], -1, len(gates))
    if gates == GATES:
        return by_source.copy()
    full = np.zeros((*by_source.shape[:3], 4))
    full[..., [GATES.index(gate) for gate in gates]] = by_source
    return full


def repack(architecture: LSTM, weights: Weights) -> Array:
    """Return genomes (P, C, G) of weights, as `unpack` takes them apart.

    What the architecture lacks is dropped, and 0 stands where a cell does not see, and for
    output weights: so the gradient with respect to weights becomes that with respect to
    genomes.
    """
    present = [weights.bias[:, :, None]] if architecture.bias else []
    plain = np.concatenate([*present, weights.inputs], axis=2)
    peepholes = [PEEPHOLE_GATES.index(gate) for gate in architecture.peephole_gates()]
    count, cells = plain.shape[:2]
    genomes = np.concatenate(
        [
            _into(plain, architecture.gates).reshape(count, cells, -1),
            _into(weights.recurrent, architecture.recurrent_gates).reshape(
                count, cells, -1
            ),
            weights.peepholes[..., peepholes],
            np.zeros((count, cells, architecture.output_count)),
        ],
        axis=2,
    )
    return masked(architecture, genomes) if architecture.groups else genomes


def _into(weights: Array, gates: tuple[str, ...]) -> Array:
    """Return the weights (.., 4) into some gates (.., gates)."""
    return weights if gates == GATES else weights[..., [GATES.index(g) for g in gates]]


def output_weights(architecture: LSTM, genomes: Array) -> Array:
    """Return (P, C, K): the output weights among genomes (P, C, G) that are evolved.

    Raises ValueError for an architecture whose output weights are solved.
    """
    if not architecture.evolved_outputs:
        raise ValueError("evolved_outputs must be True: these output weights are solved")
    return np.ascontiguousarray(genomes[:, :, -architecture.outputs :])


def free_genes(architecture: LSTM) -> BoolArray:
    """Return (C, G): whether a gene is the weight from something that its cell sees."""
    of_cell, of_output = owners(architecture.groups)
    seen_by = sees(architecture.groups)
    fed_back = of_output if architecture.feedback else of_output[:0]
    everyone = np.ones(
        (architecture.cells, int(architecture.bias) + architecture.inputs), dtype=bool
    )
    plain = np.concatenate([everyone, seen_by[np.ix_(of_cell, fed_back)]], axis=1)
    recurrent = seen_by[of_cell[:, None], of_cell[architecture.recurrent_sources()]]
    by_gate = np.concatenate(
        [
            np.repeat(plain, len(architecture.gates), axis=1),
            np.repeat(recurrent, len(architecture.recurrent_gates), axis=1),
        ],
        axis=1,
    )
    own = np.ones((architecture.cells, architecture.genes - by_gate.shape[1]), dtype=bool)
    return np.concatenate([by_gate, own], axis=1)


def readout_parts(architecture: LSTM) -> list[tuple[IntArray, IntArray]]:
    """Return, for each group, the columns that its readout sees and its outputs."""
    of_cell, of_output = owners(architecture.groups)
    seen_by = sees(architecture.groups)
    fed_back = of_output if architecture.feedback else of_output[:0]
    always = np.ones(architecture.inputs, dtype=bool)
    parts = []
    for number in range(len(architecture.groups)):
        cells = seen_by[number][of_cell]
        sources = {
            "outputs": cells,
            "states": cells,
            "inputs": np.concatenate([always, seen_by[number][fed_back]]),
            "constant": np.ones(1, dtype=bool),
        }
        seen = np.concatenate(laid_out(architecture, sources, lambda mask: mask))
        parts.append((np.flatnonzero(seen), np.flatnonzero(of_output == number)))
    return parts


def masked(architecture: LSTM, genomes: Array) -> Array:
    """Return genomes (.., C, G) with 0 where a cell does not see."""
    return np.where(free_genes(architecture), genomes, 0.0)
