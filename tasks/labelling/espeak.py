"""Speech synthesis by espeak-ng: texts to waves, in a process of its own.

espeak-ng goes on with what it did before (phases, random breath), whatever it is set to. So
each set of texts is spoken by a new process, in order: the same texts give the same bits.
This file is what that process runs; it reads utterances as JSON and writes the waves.

Needs the package espeakng-loader, which has the library and its voices.
"""

from __future__ import annotations

import ctypes
import json
import subprocess
import sys
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

RATE = 22_050  # samples a second, of espeak-ng
INSTALL = "pip install 'evolino[speech]'"
# Of espeak-ng's speak_lib.h.
SYNCHRONOUS, UTF8, BY_CHARACTER = 2, 1, 1
SPEED, PITCH, RANGE = 1, 3, 4
SEED = 1


class Utterance(NamedTuple):
    """text: what is said. voice: as espeak-ng names it, such as "en-us+f1". speed: words a
    minute. pitch, spread: 0 .. 100, of the voice's own."""

    text: str
    voice: str
    speed: int
    pitch: int
    spread: int


def spoken(utterances: Sequence[Utterance]) -> list[Any]:
    """Return the wave (n,) of each utterance, 16 bits at RATE, by a new process.

    Raises ValueError without espeakng-loader, and where espeak-ng fails.
    """
    try:
        import espeakng_loader  # noqa: F401
    except ImportError:
        raise ValueError(
            "speech is made by espeakng-loader, which is not installed: " + INSTALL
        ) from None
    return list(_spoken(json.dumps(utterances)))


@lru_cache(maxsize=2)
def _spoken(utterances: str) -> tuple[Any, ...]:
    command = [sys.executable, "-P", str(Path(__file__))]
    done = subprocess.run(
        command, input=utterances.encode(), capture_output=True, check=False
    )
    if done.returncode:
        last = done.stderr.decode(errors="replace").strip().splitlines()[-1:]
        raise ValueError(f"espeak-ng failed ({done.returncode}): {''.join(last)}")
    count = len(json.loads(utterances))
    lengths = np.frombuffer(done.stdout, np.int64, count)
    samples = np.frombuffer(done.stdout, np.int16, offset=lengths.nbytes)
    return tuple(np.split(samples, np.cumsum(lengths)[:-1]))


class _Speaker:
    """The library, begun once in a process."""

    def __init__(self) -> None:
        import espeakng_loader

        self.library = ctypes.CDLL(espeakng_loader.get_library_path())
        self.waves: list[Any] = []
        data = espeakng_loader.get_data_path().encode()
        if self.library.espeak_Initialize(SYNCHRONOUS, 0, data, 0) != RATE:
            raise SystemExit("the library does not begin")
        kind = ctypes.CFUNCTYPE(
            ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.c_void_p
        )
        self.callback = kind(self._receive)  # kept: the library calls it
        self.library.espeak_SetSynthCallback(self.callback)
        self.library.espeak_ng_SetRandSeed(ctypes.c_long(SEED))

    def say(self, own: Utterance) -> Any:
        """Return the wave of an utterance."""
        self.waves.clear()
        if self.library.espeak_SetVoiceByName(own.voice.encode()):
            raise SystemExit(f"there is no voice {own.voice}")
        for number, value in ((SPEED, own.speed), (PITCH, own.pitch), (RANGE, own.spread)):
            self.library.espeak_SetParameter(number, value, 0)
        text = own.text.encode()
        failed = self.library.espeak_Synth(
            text, ctypes.c_size_t(len(text) + 1), 0, BY_CHARACTER, 0, UTF8, None, None
        )
        if failed or self.library.espeak_Synchronize():
            raise SystemExit(f"{own.text!r} is not spoken")
        return np.concatenate(self.waves)

    def _receive(self, wave: Any, count: int, events: Any) -> int:
        if wave and count > 0:
            self.waves.append(np.ctypeslib.as_array(wave, (count,)).copy())
        return 0


def main() -> None:
    """Speak the utterances of the standard input; write lengths and samples."""
    speaker = _Speaker()
    waves = [speaker.say(Utterance(*each)) for each in json.load(sys.stdin)]
    out = sys.stdout.buffer
    out.write(np.array([len(wave) for wave in waves], dtype=np.int64).tobytes())
    out.write(np.concatenate(waves).astype(np.int16).tobytes())


if __name__ == "__main__":
    main()
