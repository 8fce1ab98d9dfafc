"""Sequence labelling without alignment (CTC): which labels does a sequence have, in order?

Strings of labels are known for whole sequences; which frames show which label is not. The
network gives probabilities of labels and the blank at each frame (`ctc` readout), and the
label error rate counts insertions, deletions and substitutions of decoded test strings.

Source: Graves, Fernandez, Gomez & Schmidhuber 2006, ICML (connectionist temporal
classification), recalled; data and protocol are our own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np
from numpy.random import Generator

from evolino.solvers.ctc import forward_backward, labelled
from evolino.solvers.ctc_decoding import WordList, collapsed, decoded
from evolino.solvers.ctc_solver import Alternation, solve_ctc
from evolino.solvers.ctc_targets import sequences_in
from evolino.task.protocol import Predictor, Published
from evolino.task.scaling import Scaling
from evolino.task.series import Segment, Split
from evolino.tasks.labelling.label_errors import error_rates
from evolino.tasks.labelling.label_folder import LabelledFolder, read_labelled
from evolino.tasks.labelling.sources import SOURCES, SourceName
from evolino.tasks.labelling.word_list import read_word_list
from evolino.tasks.unused_fields import Replaced, refuse_unused
from evolino.vocabulary import (
    Array,
    IntArray,
    check_count,
    check_flag,
    check_number,
    unknown_name,
)

LONGEST_STRING = 100
CONTEXTS = (0, 3)  # frames on each side that the baselines see
BASELINE_ROUNDS, BASELINE_PENALTY = 12, 1e-3


@dataclass(frozen=True, slots=True)
class Labelling:
    """Find the labels of sequences that nobody cut.

    source: "digits", strings of scikit-learn's digits, read column by column; "pen", words
    as traces of a pen; "speech", spoken strings of digits. training: strings that fit the
    readout, a fifth of which selects networks. tested: strings of images, of words or by
    voices that no training string has. shortest, longest: labels of a string. noise:
    standard deviation of what is added to every frame. width: prefixes that the prefix
    search of the test keeps; 0 takes the best path.
    word_list: what strings of the test are decoded to, a text file of a word a line, or
    "pen", all words of the pen traces.
    series, labels: a user's own folder and file (`evolino.tasks.labelling.label_folder`)
    in the place of a source; words: its labels are words between spaces, not characters.

    Output 0 is the blank, output k the symbol `symbols[k - 1]`. Raises TypeError or
    ValueError, naming the argument, for what is out of its range or cannot be read.

    >>> import evolino
    >>> import numpy as np
    >>> split = evolino.Labelling(training=20, tested=5).sequences(np.random.default_rng(0))
    >>> split.train[0].series.inputs.shape[1]  # pixels of a column
    8
    """

    name: ClassVar[str] = "labelling"
    generates: ClassVar[bool] = False
    belongs_to: ClassVar[tuple[str, ...]] = ("series",)
    replaced: ClassVar[Replaced] = {
        "series": ("source", "training", "tested", "shortest", "longest", "noise")
    }

    source: SourceName = field(
        default="digits", metadata={"help": "of the strings: digits, pen, speech"}
    )
    training: int = field(default=600, metadata={"help": "training strings"})
    tested: int = field(default=300, metadata={"help": "unseen test strings"})
    shortest: int = field(default=3, metadata={"help": "labels of a string, at least"})
    longest: int = field(default=6, metadata={"help": "labels of a string, at most"})
    noise: float = field(default=0.05, metadata={"help": "deviation, on every frame"})
    width: int = field(
        default=0, metadata={"help": "of the prefix search; 0 takes the best path"}
    )
    word_list: str | None = field(
        default=None, metadata={"help": "decode to words of a file, or to those of pen"}
    )
    series: str | None = field(
        default=None, metadata={"help": "your own: folder of tables, a frame a row"}
    )
    labels: str | None = field(
        default=None, metadata={"help": "your own: CSV of file,labels[,part]"}
    )
    words: bool = field(
        default=False, metadata={"help": "labels are words, not characters"}
    )
    _own: LabelledFolder | None = field(init=False, repr=False, compare=False, default=None)
    _words: WordList | None = field(init=False, repr=False, compare=False, default=None)

    def __post_init__(self) -> None:
        """Check the parameters; read a user's own."""
        if self.source not in SOURCES:
            raise unknown_name("source", self.source, tuple(SOURCES))
        check_count("training", self.training, least=2)
        check_count("tested", self.tested)
        check_count("shortest", self.shortest)
        check_count("longest", self.longest, least=self.shortest, most=LONGEST_STRING)
        check_number("noise", self.noise, least=0)
        check_count("width", self.width, least=0)
        check_flag("words", self.words)
        if (self.series is None) != (self.labels is None):
            raise ValueError(
                "series, a folder, and labels, a file, are given together; got only "
                + ("labels" if self.series is None else "series")
            )
        if self.series is not None and self.labels is not None:
            refuse_unused(self, "series")
            own = read_labelled(self.series, self.labels, words=self.words)
            object.__setattr__(self, "_own", own)
        elif self.words:
            raise ValueError("words is of your own labels: give series and labels")
        if self.word_list is not None:
            known = read_word_list(self.word_list, self.symbols, words=self.words)
            object.__setattr__(self, "_words", known)

    @property
    def symbols(self) -> tuple[str, ...]:
        """What output k + 1 stands for."""
        return SOURCES[self.source].symbols if self._own is None else self._own.symbols

    @property
    def inputs(self) -> int:
        """I: numbers in a frame."""
        return SOURCES[self.source].width if self._own is None else self._own.width

    @property
    def outputs(self) -> int:
        """K: the blank and the symbols."""
        return 1 + len(self.symbols)

    def sequences(self, rng: Generator) -> Split:
        """Return the split: fitted strings, those that select networks, and the test; a
        user's own is the same for every rng."""
        if self._own is not None:
            return self._own.divided().split(self.outputs)
        parts = SOURCES[self.source].parts(
            rng, (self.training, self.tested), (self.shortest, self.longest), self.noise
        )
        return parts.split(self.outputs)

    def scaling(self) -> Scaling | None:
        """Return mean and deviation of each column of a user's own frames."""
        return None if self._own is None else self._own.scaling(self.outputs)

    def text(self, labels: IntArray) -> str:
        """Return labels (L,) as a string of their symbols."""
        between = " " if self.words else ""
        return between.join(self.symbols[label - 1] for label in labels)

    def decoded(self, outputs: Sequence[Array]) -> list[IntArray]:
        """Return the labels of outputs (T_n, K), as the test decodes them."""
        return decoded(outputs, self.width, self._words)

    def loss(self, outputs: Array, targets: Array) -> Array:
        """Return (P,): the nats of a string's likelihood, per label of all strings."""
        known = np.isfinite(targets).all(axis=2)
        sequences = sequences_in(targets[known])
        labels = max(len(sequences.labels), 1)
        losses = []
        for own in outputs:
            with np.errstate(divide="ignore", invalid="ignore"):
                rows = own[known]
                chances = np.log(rows / rows.sum(axis=1, keepdims=True))
            if np.isnan(chances).any():
                losses.append(np.inf)
                continue
            _, likelihoods = forward_backward(chances, sequences)
            losses.append(max(-likelihoods.sum(), 0.0) / labels)
        return np.array(losses)

    def measure(self, model: Predictor, split: Split) -> dict[str, float]:
        """Return `label_errors` of the test strings, as a share of their labels; of these
        `insertions`, `deletions` and `substitutions`; `strings_wrong`, a share; `nats`,
        the loss on the test. Of pen traces also `unseen_fonts`, the label errors of as many
        strings in fonts that no training string has, which are in no other figure."""
        return self._figures(model.respond(split.test, free_running=False), split.test)

    def baselines(self, split: Split) -> dict[str, dict[str, float]]:
        """Return the figures of the same readout on the frames themselves, without a
        network: each alone, and with some on each side."""
        found = {}
        for context in CONTEXTS:
            seen = [_in_context(each, context) for each in (split.refit or split.train)]
            strings = [strings_of(each) for each in (split.refit or split.train)]
            weights = solve_ctc(
                np.concatenate(seen),
                labelled(list(map(len, seen)), strings),
                self.outputs,
                BASELINE_PENALTY,
                Alternation(rounds=BASELINE_ROUNDS),
            ).weights
            sums = [_in_context(each, context) @ weights for each in split.test]
            name = f"ctc on {2 * context + 1} frame" + "s" * (context > 0)
            chances = [np.exp(own - own.max(axis=1, keepdims=True)) for own in sums]
            found[name] = self._figures(chances, split.test)
        return found

    def published(self) -> tuple[Published, ...]:
        """Return none: the data are our own."""
        return ()

    def _figures(
        self, outputs: Sequence[Array], segments: Sequence[Segment]
    ) -> dict[str, float]:
        strings = [strings_of(each) for each in segments]
        count = self.tested if self._own is None else len(strings)
        labels = max(sum(map(len, strings[:count])), 1)
        nats = sum(
            self.loss(own[None, None], each.targets[None])[0] * max(len(string), 1)
            for own, each, string in zip(
                outputs[:count], segments[:count], strings[:count], strict=True
            )
        )
        found = self.decoded(outputs)
        figures = {**error_rates(found[:count], strings[:count])}
        figures["nats"] = float(nats) / labels
        if count < len(strings):
            apart = error_rates(found[count:], strings[count:])
            figures["unseen_fonts"] = apart["label_errors"]
        return figures


def strings_of(segment: Segment) -> IntArray:
    """Return the labels (L,) of a segment."""
    return collapsed(segment.targets.argmax(axis=1))


def _in_context(segment: Segment, context: int) -> Array:
    """Return frames with those on each side, 0 beyond the ends, and a constant."""
    frames = segment.series.input_rows(segment.start, segment.stop)
    wide = np.pad(frames, ((context, context), (0, 0)))
    beside = [wide[k : k + len(frames)] for k in range(2 * context + 1)]
    return np.concatenate([*beside, np.ones((len(frames), 1))], axis=1)
