"""Tasks, one folder per family of the papers.

TASKS maps a task's name to "module:Class"; the module is imported when the task is used.
"""

TASKS = {
    "mso": "evolino.tasks.signals.oscillators:Oscillators",
    "mackey-glass": "evolino.tasks.signals.mackey_glass:MackeyGlass",
    "blues": "evolino.tasks.music.blues:Blues",
    "chorales": "evolino.tasks.music.chorales:Chorales",
    "control": "evolino.tasks.control.gym:Gymnasium",
    "frames": "evolino.tasks.pictures.frames:Frames",
    "languages": "evolino.tasks.languages.languages:Languages",
    "adding": "evolino.tasks.long_lags.arithmetic:Adding",
    "continual-reber": "evolino.tasks.long_lags.continual_reber:ContinualReber",
    "labelling": "evolino.tasks.labelling.labelling:Labelling",
    "imitate": "evolino.tasks.control.imitate:Imitate",
    "lag": "evolino.tasks.long_lags.lag:Lag",
    "multiplication": "evolino.tasks.long_lags.arithmetic:Multiplication",
    "memory": "evolino.tasks.control.cues:Memory",
    "music": "evolino.tasks.music.music:Music",
    "noise-free": "evolino.tasks.long_lags.noise_free:NoiseFree",
    "order": "evolino.tasks.long_lags.temporal_order:TemporalOrder",
    "parity": "evolino.tasks.classic.parity:Parity",
    "pole": "evolino.tasks.control.pole:Pole",
    "reber": "evolino.tasks.long_lags.reber:Reber",
    "rhythm": "evolino.tasks.timing.rhythm:Rhythm",
    "series": "evolino.tasks.signals.series:SeriesTask",
    "t-maze": "evolino.tasks.control.cues:TMaze",
    "timing": "evolino.tasks.timing.timing:Timing",
    "two-sequence": "evolino.tasks.long_lags.two_sequence:TwoSequence",
}
