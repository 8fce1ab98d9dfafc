"""What the page says beside its tables; nothing here is measured."""

from __future__ import annotations

HEAD = """
# Performance

All figures come from one run of `make bench` (`results/benchmarks.json`). Calls that are
compared take turns; a ratio is taken round by round. Each figure is the median of its
rounds, with the quartiles in brackets. One core and one BLAS thread, processor time, unless
said; float64. Ratios carry over to other machines better than times do.
"""

WHY = {
    "roofline": """
The roofline is what no kernel can exceed on this machine. A step of a cell with I inputs, a
bias and C recurrent sources takes 4 (1 + I + C) multiply-adds, and 93 multiplications for
its five exponentials and what follows them; the processor's best rate of multiply-adds,
measured, divided by their sum is one limit. The other: all 8 * 4 (1 + I + C) bytes of the
cell's weights pass by at every step, from the cache that holds one network's, at its best
rate, measured. With eight sequences of one network in the lanes a weight read once serves
eight times.
""",
    "forward": """
Below 20 cells arithmetic limits. What is missing to the roofline are the two divisions of a
cell-step, additions and comparisons, which the count leaves out, and waits: a step needs
the outputs of the last one, and the polynomial of each exponential is a chain of
multiply-adds. From 20 cells on reading the weights limits: eight networks' weights are read
once a step, from the second cache, and nothing is done with a weight but one multiply-add;
meanwhile the states and outputs of the cells before are computed.
From 64 cells on networks are driven one by one with their cells in the lanes. Only
sequences that share weights help more, which is why eight of them are given the lanes. The
compared outputs agree to 1e-9 on the same weights.
""",
    "large": """
A large network's weights come from the second cache, or from behind it. Four series are
driven at once, so that a weight that was read serves four times; sixteen sums, four gates
of four series, are what the registers hold. Both ways give the same bits.
""",
    "symbols": """
A column of the input weights is looked up where one-hot inputs would be multiplied, to the
same bits. The columns of a thousand symbols do not fit the first cache, and are laid out
anew for every block of networks: that is what is left of their number.
""",
    "readout": """
The roofline counts the T (S + 1)^2 multiply-adds of a Householder QR and nothing else. Rows
are folded eight at a time, from where the states lie, two reflections at a time, so that a
column is loaded and stored once for both. A column of eight rows takes 44 cycles where its
multiply-adds alone take 39; two reflections take 180 more, partly in square roots and
divisions, during which little is multiplied. Scales of columns are read off R. A
well-conditioned R is solved by substitution; singular values are taken only where a pivot
is near 0, at the cost of LAPACK's SVD. Normal equations (scikit-learn) are cheaper from
some 100 columns on, and lose half of the figures, as the residuals show.
""",
    "evaluation": """
PyBrain needs Python 2.7 and cannot run beside the rest: its figures were measured once, on
a comparable machine, with numpy 1.11.3 and scipy 0.19.1 (individuals per processor second
at 400 points). "As PyBrain" is its work: a teacher-forced pass over 400 points, a fit on
the last 267, a free run over 267; PyBrain also repeats 133 points of washout, which evolino
need not, because it keeps the cells. "As evolino" is the split of its own task: 100 points
of washout, 200 fitted, 100 free-running. The roofline is that of the forward pass and of
the readout together. Small networks are furthest from it, because each block of eight also
pays for the Python around five calls of kernels, some 70 microseconds.
""",
    "gradient": """
Losses and gradients are held to JAX's within 1e-6 of the largest entry before anything is
timed. Free runs go in groups of eight through all their steps and back, near the processor;
gates are kept from the way there, so that no exponential is taken on the way back. With 100
cells nearly all of the time are multiply-adds: of the free runs alone 84 * 200 * 400 * 102,
three times.
""",
    "searches": """
Losses are made up, so this is what a search itself takes. CMA-ES and xNES multiply matrices
of the square of the weights, and find their eigenvectors: xNES in every generation, CMA-ES
in every so many, as its tutorial has it. The `cmaes` library multiplies them for every
point that it draws; at 2,000 weights and P = 200 its CMA-ES needs more memory than most
machines have.
""",
    "generation": """
ESP mutates half of its chromosomes, 10 rows a cell, and costs next to nothing. Random
search draws 400,000 numbers. The genetic search keeps DEAP's selection and crossover, on
arrays; DEAP's own mutation, a Python loop over every gene, took 100 ms a generation, more
than the evaluation: here NumPy's generator makes the noise. Diagonal CMA-ES makes 400,000
normal numbers, which Numba draws from NumPy's generator with NumPy's bits in a third of its
time; its tell is a few products. The faster evaluation becomes, the larger these shares.
""",
    "scaling": """
Blocks of eight networks go to the threads, whose kernels hold no interpreter lock; each
thread has a workspace that it writes to again and again. What is missing to the number of
cores: 25 blocks split 13 to 12, which leaves 1.92; ask, tell and record are done by one
thread, which leaves 1.87; and the Python of the blocks, a twentieth of their time, takes
turns. Two processes side by side do not slow each other down.
""",
    "acting": """
Eight networks, or eight episodes of one, lie in the lanes of a vector, each with its cart.
Where networks fall at different times, a lane that has fallen waits for the last of its
eight: that is what a population as it is drawn loses.
""",
    "step": """
From Python most of a step is the way into NumPy, ONNX Runtime or PyTorch, once for every
operation or once for all. In C it is the exponentials of the C library. C is timed by the
self-test of the exported source, compiled with -O2; code is the bytes of its machine code
without the self-test. The forms compute the same outputs ([export](export.md)).
""",
    "start": """
`evolino --help` imports typer and nothing numerical. Up to the first generation most of the
time goes into importing NumPy, Numba and SciPy, and into loading compiled kernels from
disk; evaluating takes a small part.
""",
}

TRIED = {
    "forward": "Forward pass: tried without gain were tiles of five cells that share "
    "the loads of sources, fewer than 64 cells in the lanes, code for one variant of the "
    "cell only (4 % faster, for sixteen compilations), fetching the next cell's weights "
    "ahead (0.9 times from 40 cells on), and net inputs in thirds instead of halves; with"
    " gain, addresses instead of arrays, whose references Numba counts in every loop (up "
    "to 1.6 times), and states and outputs computed between the halves of the next cells'"
    " net inputs (1.0, 1.15, 1.2, 1.1 times at 5, 10, 20, 40 cells). With 5 cells, by an "
    "estimate, a fifth of the time goes into the end of each step, where the next one "
    "waits for its last output; two blocks of networks at once would fill it. Up to 40 "
    "cells NumPy and JAX are 1.2 to 2.2 times as fast on this processor as on the one "
    "that the targets were set on.",
    "readout": "Readout: blocks of 16 rows with one reflection at a time were 1.4 times"
    " slower than two at a time over 8 rows. Making the next reflections before the last "
    "ones are through, at once or a step after each column, gained nothing or cost a "
    "tenth: what waits keeps what could go on out of the processor's queue. With gain: "
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
