"""Networks made by hand that count exactly, or nearly so."""

import numpy as np

from evolino.models.model import Model
from evolino.network.lstm import LSTM
from evolino.tasks.languages.languages import Languages

OPEN = 800.0  # far beyond where gates are cut off: in real numbers too it loses nothing
HALF = np.tanh(1.0) / 2  # outputs of counters are 0, or tanh(1) and more
# What each cell adds at a symbol; at which symbols it shows what it counted; and for each
# symbol what may come next: "x" it may, "+k" while cell k counts, "-k" once it is at 0.
LANGUAGES = {
    "anbn": (["a+ b-"], ["ab"], {"S": "a", "a": "ab", "b": "b+0 T-0"}),
    "anbncn": (
        ["a+ b-", "b+ c-"],
        ["ab", "c"],
        {"S": "a", "a": "ab", "b": "b+0 c-0", "c": "c+1 T-1"},
    ),
    "anbmcn+m": (["a+ b+ c-"], ["c"], {"S": "a", "a": "ab", "b": "bc", "c": "c+0 T-0"}),
    "anbmBmAn": (
        ["a+ A-", "b+ B-"],
        ["A", "B"],
        {"S": "a", "a": "ab", "b": "bB", "B": "B+1 A-1", "A": "A+0 T-0"},
    ),
}


def phases_of(language):
    return Languages(language=language, encoding="one-hot").phases()


def make(
    language, *, forget=OPEN, peepholes=False, cell_output="o*tanh(s)", creeping=False
):
    """A network for a language. forget: net input of all forget gates. creeping: whether
    one cell more does nothing but grow, the more slowly the larger it is."""
    counters, shown, grammar = LANGUAGES[language]
    symbols = list(grammar)
    architecture = LSTM(
        len(counters) + creeping, inputs=len(symbols), outputs=len(symbols), feedback=False,
        peepholes=peepholes, cell_output=cell_output,
    )  # fmt: skip
    genome = np.zeros(architecture.genome_shape)
    for k, (adds, seen) in enumerate(zip(counters, shown, strict=True)):
        genome[k, architecture.genes_of("bias", "input")] = OPEN
        genome[k, architecture.genes_of("bias", "forget")] = forget
        into_cell = architecture.genes_of("input", "cell")
        into_output = architecture.genes_of("input", "output")
        for added in adds.split():
            sign = 1 if added[1] == "+" else -1
            genome[k, into_cell[symbols.index(added[0])]] = OPEN * sign
        for j, symbol in enumerate(symbols):
            genome[k, into_output[j]] = OPEN if symbol in seen else -OPEN
    if creeping:
        genome[-1, architecture.genes_of("bias", "input")] = 3.0
        genome[-1, architecture.genes_of("peephole", "input")] = -5.0
        genome[-1, architecture.genes_of("bias", "forget")] = OPEN
        genome[-1, architecture.genes_of("bias", "cell")] = OPEN
    return Model(architecture, genome, _readout(architecture, grammar))


def make_pairs(*, forget=OPEN, cell_output="o*tanh(s)"):
    """A network for a^2n b^n: one cell adds 1 at every second a and takes 1 off at every b;
    the other one is 1 after an odd number of a, else -1."""
    architecture = LSTM(2, inputs=3, outputs=3, feedback=False, cell_output=cell_output)
    genome = np.zeros(architecture.genome_shape)
    genes = architecture.genes_of
    s, _, b = genes("input", "input")
    genome[0, [s, b]] = -4 * OPEN, 4 * OPEN
    genome[0, genes("recurrent", "input")[1]] = -2 * OPEN
    genome[0, genes("bias", "forget")] = forget
    genome[0, genes("input", "cell")[1:]] = OPEN, -OPEN
    genome[0, genes("input", "output")] = -OPEN, -OPEN, OPEN
    genome[1, genes("bias", "input")] = genome[1, genes("bias", "output")] = OPEN
    genome[1, genes("bias", "forget")] = -OPEN
    genome[1, genes("input", "cell")] = -4 * OPEN, 0.0, -4 * OPEN
    genome[1, genes("recurrent", "cell")[1]] = -2 * OPEN
    weights = np.zeros((architecture.readout_width, 3))
    odd = 8 * HALF  # what the other cell adds where it is 1
    weights[0] = 0.0, 2.0, -2.0
    weights[1] = 0.0, -4.0, 0.0
    weights[2:5] = (1, -1 - odd, -1), (1, 0, -1), (-1, -2 * HALF - odd, 2 * HALF)
    return Model(architecture, genome, weights)


def _readout(architecture, grammar):
    """Output weights: rows are cells, inputs, constant; columns the symbols after S, T."""
    symbols, cells = list(grammar), architecture.cells
    outputs = [*symbols[1:], "T"]
    weights = np.zeros((architecture.readout_width, len(outputs)))
    for j, symbol in enumerate(symbols):
        weights[cells + j] = -1.0
        for rule in grammar[symbol].split():
            if rule[1:2] in ("+", "-"):
                sign, cell, k = (
                    1 if rule[1] == "+" else -1,
                    int(rule[2]),
                    outputs.index(rule[0]),
                )
                weights[cell, k] = 2.0 * sign
                weights[cells + j, k] = -2.0 * sign * HALF
            else:
                weights[cells + j, [outputs.index(each) for each in rule]] = 1.0
    return weights
