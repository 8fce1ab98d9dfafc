"""INITIALISERS maps an initialiser's name to "module:Class", imported when it is used."""

INITIALISERS = {
    "uniform": "evolino.network.initialise:Uniform",
    "gaussian": "evolino.network.initialise:Gaussian",
    "linear-regime": "evolino.network.initialise:LinearRegime",
    "saturated": "evolino.network.saturated:Saturated",
    "ternary": "evolino.network.initialise:SaturatedTernary",
    "clock": "evolino.network.clock:Clock",
    "clocked": "evolino.network.clocked:Clocked",
    "delay-line": "evolino.network.delay_line:DelayLine",
    "by-group": "evolino.network.by_group:ByGroup",
    "spread": "evolino.network.spread:Spread",
}
