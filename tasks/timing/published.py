"""Published figures of Gers, Schraudolph & Schmidhuber 2002, tables 2 to 5, as recalled.

Those that are remembered with little confidence are left out. Ten runs each.
"""

from __future__ import annotations

from evolino.task.protocol import Published

SOURCE = "Gers, Schraudolph & Schmidhuber 2002, JMLR 3"
PLAIN, PEEPHOLES = "LSTM", "LSTM with peepholes"

Rows = dict[int, tuple[tuple[str, float, int], ...]]

# Method, share of runs that solved it, thousands of training streams.
NMSD: Rows = {
    10: ((PLAIN, 1.0, 160), (PEEPHOLES, 1.0, 125)),
    20: ((PLAIN, 1.0, 732), (PEEPHOLES, 1.0, 763)),
    30: ((PLAIN, 1.0, 17521), (PEEPHOLES, 0.8, 12885)),
    40: ((PLAIN, 0.7, 37533), (PEEPHOLES, 0.7, 25686)),
}
MSD: Rows = {10: ((PLAIN, 0.1, 8850), (PEEPHOLES, 0.2, 27453))}
GTS: Rows = {
    10: ((PEEPHOLES, 1.0, 41),),
    20: ((PEEPHOLES, 1.0, 67),),
    30: ((PEEPHOLES, 0.8, 845),),
    40: ((PEEPHOLES, 1.0, 1152),),
    50: ((PEEPHOLES, 1.0, 2538),),
}
# Share of runs, thousands of streams, root mean squared error.
PFG = {
    ("cos", 10): (1.0, 145, 0.18),
    ("cos", 25): (1.0, 149, 0.17),
    ("tri", 10): (1.0, 869, 0.13),
    ("tri", 25): (0.5, 4063, 0.13),
    ("rect", 10): (0.8, 1107, 0.12),
    ("rect", 25): (0.2, 748, 0.12),
}


def published(
    kind: str, period: int, delays: tuple[int, ...], waveform: str
) -> tuple[Published, ...]:
    """Return the figures for a kind of task, none for what is not published."""
    if kind == "pfg":
        return _function(waveform, period)
    tables = {
        ("nmsd", (0, 1)): NMSD,
        ("msd", tuple(range(11))): MSD,
        ("gts", (0,)): GTS,
    }
    rows = tables.get((kind, delays), {}).get(period, ())
    return tuple(
        Published("solved", share, f"{method}, {streams:,} thousand streams", SOURCE)
        for method, share, streams in rows
    )


def _function(waveform: str, period: int) -> tuple[Published, ...]:
    if (waveform, period) not in PFG:
        return ()
    share, streams, error = PFG[waveform, period]
    method = f"{PEEPHOLES}, {streams:,} thousand streams"
    return (
        Published("solved", share, method, SOURCE),
        Published("rmse", error, method, SOURCE),
    )
