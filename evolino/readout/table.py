"""READOUTS maps a readout's name to "module:Class", imported when it is used."""

READOUTS = {
    "pseudo-inverse": "evolino.readout.linear:PseudoInverse",
    "ridge": "evolino.readout.linear:Ridge",
    "svm": "evolino.readout.svm:SVM",
    "svr": "evolino.readout.svm:SVR",
}
