"""Readouts: output layers that are solved, not evolved.

READOUTS maps a readout's name to "module:Class"; the module is imported when it is used.
"""

READOUTS = {
    "best-only": "evolino.readout.best_only:BestOnly",
    "ctc": "evolino.readout.ctc:CTC",
    "evolved": "evolino.readout.evolved:Evolved",
    "kernel-svm": "evolino.readout.kernel:KernelSVM",
    "kernel-svr": "evolino.readout.kernel:KernelSVR",
    "logistic": "evolino.readout.logistic:Logistic",
    "pseudo-inverse": "evolino.readout.linear:PseudoInverse",
    "ridge": "evolino.readout.linear:Ridge",
    "svm": "evolino.readout.svm:SVM",
    "svr": "evolino.readout.svm:SVR",
}
