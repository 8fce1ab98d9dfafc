"""Explanations on docs/performance.md, beside its tables; nothing here is measured."""

from __future__ import annotations

HEAD = """
# Performance

This page says how fast evolino is, beside NumPy, JAX, PyTorch, LAPACK, scikit-learn and
PyBrain, and beside what the processor could do at most. It is for readers who want to
know what a run costs, or who work on the kernels. All figures come from one run of
`make bench` (`results/benchmarks.json`). Calls that are compared take turns, and a ratio is
taken in each round. Each figure is the median over the rounds, with the quartiles in
brackets. Unless said otherwise, figures are processor time of one core with one BLAS
thread, in float64. Ratios carry over to other machines better than times do.
"""

WHY = {
    "roofline": """
The roofline is a speed that no kernel can exceed on this machine; it is the lower of two
limits. The first is arithmetic. A step of a cell with I inputs, a bias and C recurrent
sources takes 4 (1 + I + C) multiply-adds, and 93 multiplications for its five
exponentials and what follows them. The limit is the measured best rate of multiply-adds,
divided by their sum. The second is memory. All 8 * 4 (1 + I + C) bytes of the cell's
weights are read at every step, from the cache that holds the weights of one network, at
its measured best rate. With eight sequences of one network in the lanes, a weight is read
once for eight sequences.
""",
    "forward": """
Below 20 cells arithmetic is the limit. The kernel stays below the roofline for two
reasons. The count excludes the two divisions of a cell-step, additions and comparisons.
And the processor waits: a step needs the outputs of the last one, and the polynomial of
each exponential is a chain of multiply-adds. From 20 cells on reading the weights is the
limit. The weights of eight networks are read once a step, from the second cache, and each
is used for one multiply-add; meanwhile the states and outputs of the cells before are
computed. From 64 cells on networks are driven one by one, with their cells in the lanes.
Only sequences that share weights are faster than that, so eight sequences go into the
lanes where there are eight. The compared outputs agree to 1e-9 on the same weights.
""",
    "large": """
The weights of a large network come from the second cache or from main memory. Four series
are driven at once, so a weight is read once for four series. The registers hold sixteen
sums, of four gates and four series. Both ways give the same bits.
""",
    "symbols": """
A column of the input weights is looked up instead of a multiplication by one-hot inputs,
to the same bits. The time still grows a little with the number of symbols, because the
columns of a thousand symbols do not fit the first cache and are laid out anew for every
block of networks.
""",
    "readout": """
The roofline counts only the T (S + 1)^2 multiply-adds of a Householder QR. Rows are
reduced eight at a time, directly from the array of states, with two reflections at a
time, so that a column is loaded and stored once for both. A column of eight rows takes 44
cycles, of which its multiply-adds take 39. Two reflections take 180 more, partly in
square roots and divisions, during which little is multiplied. The scales of the columns
are taken from R. A well-conditioned R is solved by substitution; singular values are
computed only if a pivot is near 0, at the cost of LAPACK's SVD. Normal equations
(scikit-learn) are cheaper from about 100 columns on, and lose half of the digits, as the
residuals show.
""",
    "evaluation": """
PyBrain needs Python 2.7 and cannot run beside the others. Its figures were measured once,
on a comparable machine, with numpy 1.11.3 and scipy 0.19.1 (individuals per processor
second at 400 points). "As PyBrain" is the same work as PyBrain's: a teacher-forced pass
over 400 points, a fit on the last 267, a free run over 267. PyBrain also repeats 133
points of washout; evolino keeps the states and need not. "As evolino" is the split of
evolino's own task: 100 points of washout, 200 fitted, 100 in free run. The roofline is
that of the forward pass and of the readout together. Small networks are furthest from it,
because the Python code around five calls of kernels takes about 70 microseconds for each
block of eight.
""",
    "gradient": """
Before anything is timed, losses and gradients are compared with JAX's, to 1e-6 of the
largest entry. Two groups of eight free runs at a time go through all their steps and back,
so that their data stay in the cache. Gates are kept from the forward pass, so the backward
pass computes no exponential. A sample is of so many calls one after another, as in a
descent, that it takes 0.05 s; after it, whosever it is, the process sleeps until helper
threads are done, which counts. With 100 cells nearly all of the time is multiply-adds: for
the free runs alone 84 * 200 * 400 * 102, three times.
""",
    "searches": """
The losses are made up, so this is the time of the search itself. CMA-ES and xNES multiply
matrices with a row and a column for each weight, and compute their eigenvectors: xNES in
every generation, CMA-ES at intervals, as its tutorial says. The `cmaes` library
multiplies them for every point that it draws; at 2,000 weights and P = 200 its CMA-ES
needs more memory than most machines have.
""",
    "generation": """
ESP mutates half of its chromosomes, 10 rows a cell, and costs next to nothing. Random
search draws 400,000 numbers. The genetic search uses DEAP's selection and crossover, on
arrays. DEAP's own mutation, a Python loop over every gene, took 100 ms a generation, more
than the evaluation, so NumPy's generator draws the noise instead. Diagonal CMA-ES draws
400,000 normal numbers; Numba draws them from NumPy's generator, with NumPy's bits, in a
third of its time. Its tell is a few products. These shares grow as the evaluation gets
faster.
""",
    "scaling": """
Blocks of eight networks go to the threads. Their kernels hold no interpreter lock, and
each thread uses its workspace again. The gain is below the number of cores for three
reasons. 25 blocks split 13 to 12, which leaves 1.92. One thread does ask, tell and
record, which leaves 1.87. And the Python code of the blocks, a twentieth of their time,
runs in one thread at a time. Two processes beside each other do not slow each other down.
""",
    "acting": """
The lanes of a vector hold eight networks, or eight episodes of one, each with its cart. A
lane whose episode has ended waits for the last of its eight. So a population of first
draws, whose episodes end at different times, is slower.
""",
    "step": """
From Python, most of the time of a step is the overhead of calling NumPy, ONNX Runtime or
PyTorch, once for every operation or once for all. In C it is the exponentials of the C
library. C is timed by the self-test of the exported source, compiled with -O2; code is
the bytes of its machine code without the self-test. All forms compute the same outputs
([export](export.md)).
""",
    "start": """
`evolino --help` imports typer and nothing numerical. Most of the time to the first
generation goes into importing NumPy, Numba and SciPy, and into loading compiled kernels
from disk. The evaluation is a small part.
""",
}

TRIED = {
    "forward": "Forward pass: without gain were tiles of five cells that share "
    "the loads of sources, fewer than 64 cells in the lanes, code for one variant of the "
    "cell only (4 % faster, for sixteen compilations), fetching the next cell's weights "
    "ahead (0.9 times from 40 cells on), and net inputs in thirds instead of halves; with"
    " gain, addresses instead of arrays, whose references Numba counts in every loop (up "
    "to 1.6 times), and states and outputs computed between the halves of the next cells'"
    " net inputs (1.0, 1.15, 1.2, 1.1 times at 5, 10, 20, 40 cells). With 5 cells, by an "
    "estimate, a fifth of the time goes into the end of each step, where the next one "
    "waits for its last output; two blocks of networks at once would use this time. All "
    "this was tried on processors with about half the multiply-adds a second of the one "
    "above: on such a one (29.5 thousand million) the kernels reached 54 to 78 % of the "
    "roofline, on this one 45 to 55 %; what they wait for here is not known yet.",
    "readout": "Readout: blocks of 16 rows with one reflection at a time were 1.4 times"
    " slower than two at a time over 8 rows. Making the next reflections before the last "
    "ones are through, at once or a step after each column, gained nothing or cost a "
    "tenth: instructions that wait fill the processor's queue. With gain: "
    "the first two reflections read the states where they lie (1.15 times at 10 cells, "
    "1.06 at 40), targets get no reflections of their own, and all is one compiled call.",
    "evaluation": "Whole evaluations: as for the forward pass and the readout; errors "
    "are scored without masks where every row has a target.",
    "generation": "A generation: genes are drawn and placed for whole populations at "
    "once; diagonal CMA-ES' noise is drawn by compiled code (3.3 to 1.1 ms), its tell is "
    "four products. The genetic search's noise, first DEAP's own, then compiled "
    "to its bits, is drawn by NumPy's generator instead of Python's, in half of the time.",
    "scaling": "Workers: the Python of a block of eight was cut from 0.65 to 0.07 ms: "
    "what depends on the task alone is worked out once, losses of a block are computed "
    "together, and nothing is allocated but results. Smaller blocks would not fill the "
    "lanes, larger ones would balance worse.",
    "start": "Start: nothing is imported that the first generation does not need.",
}
