"""Initialisers: how first genomes are drawn, one distribution a file.

INITIALISERS maps an initialiser's name to "module:Class"; the module is imported when it
is used.
"""

INITIALISERS = {
    "uniform": "evolino.network.initialisers.uniform:Uniform",
    "gaussian": "evolino.network.initialisers.gaussian:Gaussian",
    "linear-regime": "evolino.network.initialisers.linear_regime:LinearRegime",
    "saturated": "evolino.network.initialisers.saturated:Saturated",
    "ternary": "evolino.network.initialisers.saturated_ternary:SaturatedTernary",
    "clock": "evolino.network.initialisers.clock:Clock",
    "clocked": "evolino.network.initialisers.clocked:Clocked",
    "delay-line": "evolino.network.initialisers.delay_line:DelayLine",
    "by-group": "evolino.network.initialisers.by_group:ByGroup",
    "separate-inputs": "evolino.network.initialisers.separate_inputs:SeparateInputs",
    "policy": "evolino.network.initialisers.policy:Policy",
    "around": "evolino.network.initialisers.around:Around",
    "spread": "evolino.network.initialisers.spread:Spread",
}
