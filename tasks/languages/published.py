"""Published figures on formal languages, all recalled but for MDLRNN's figures."""

from __future__ import annotations

from evolino.task.protocol import Published

EVOLINO = "Schmidhuber, Wierstra & Gomez 2005, IJCAI, table 1"
EVOKE = "Schmidhuber, Gagliolo, Wierstra & Gomez 2005, IDSIA-19-05"
GERS = "Gers & Schmidhuber 2001, IEEE TNN 12(6)"
MDLRNN = "Lan, Geyer, Chemla & Katzir 2022, TACL 10, from the authors' repository"

# Training strings of a^n b^n c^n: gradient LSTM, Evolino, Evoke; the largest N accepted.
ANBNCN: dict[str, tuple[int, int, int | None]] = {
    "1:10": (29, 53, 257),
    "1:20": (67, 95, 374),
    "1:30": (93, 355, None),
    "1:40": (101, 804, None),
    "10,11": (14, 35, None),
    "20,21": (36, 39, None),
    "30,31": (39, 305, None),
    "40,41": (53, 726, None),
}
# Draws: deterministic accuracy of MDL networks, chosen on training data.
DRAWN = {
    ("anbn", "geometric:100"): 1.0,
    ("anbn", "geometric:500"): 1.0,
    ("anb2n", "geometric:100"): 1.0,
    ("anb2n", "geometric:500"): 1.0,
    ("anbncn", "geometric:100"): 0.965,
    ("anbncn", "geometric:500"): 0.976,
    ("anbncndn", "geometric:100"): 0.9994,
    ("anbncndn", "geometric:500"): 0.984,
    ("anbmcn+m", "geometric:100"): 0.989,
    ("anbmcn+m", "geometric:500"): 1.0,
}
OTHERS = {
    ("dyck1", "geometric:100"): 0.313,
    ("dyck1", "geometric:500"): 0.525,
    ("addition", "0:9"): 1.0,
    ("addition", "0:19"): 1.0,
}


def published(language: str, train: str) -> tuple[Published, ...]:
    """Return what is published for a language and a set of training strings."""
    if language == "anbncn" and train in ANBNCN:
        gradient, evolino, evoke = ANBNCN[train]
        figures = [
            Published("accepted_to", gradient, "gradient LSTM", GERS),
            Published("accepted_to", evolino, "Evolino, pseudo-inverse", EVOLINO),
        ]
        if evoke is not None:
            figures.append(Published("accepted_to", evoke, "Evoke", EVOKE))
        return tuple(figures)
    if language == "anbmBmAn":
        return (Published("accepted_to", 22, "gradient LSTM", GERS),)
    found = (language, train)
    if found in DRAWN:
        return (Published("deterministic_accuracy", DRAWN[found], "MDLRNN", MDLRNN, True),)
    if found in OTHERS:
        return (Published("accuracy", OTHERS[found], "MDLRNN", MDLRNN, True),)
    return ()
