"""Gradients through the solved readout: descent on the loss that evolution selects on.

REFINEMENTS maps a refinement's name to "module:Class"; the module is imported when it is
used.
"""

REFINEMENTS = {
    "lbfgs": "evolino.gradient.lbfgs:LBFGS",
    "adam": "evolino.gradient.adam:Adam",
}
