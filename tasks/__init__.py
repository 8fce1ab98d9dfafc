"""Tasks, one folder per family of the papers.

TASKS maps a task's name to "module:Class"; the module is imported when the task is used.
"""

TASKS = {
    "mso": "evolino.tasks.signals.oscillators:Oscillators",
    "mackey-glass": "evolino.tasks.signals.mackey_glass:MackeyGlass",
    "blues": "evolino.tasks.music.blues:Blues",
    "chorales": "evolino.tasks.music.chorales:Chorales",
    "languages": "evolino.tasks.languages.languages:Languages",
    "music": "evolino.tasks.music.music:Music",
    "parity": "evolino.tasks.classic.parity:Parity",
    "rhythm": "evolino.tasks.timing.rhythm:Rhythm",
    "series": "evolino.tasks.signals.series:SeriesTask",
    "timing": "evolino.tasks.timing.timing:Timing",
}
