"""Formal languages task: predict at every symbol all symbols that may come next.

Only strings of the language are shown. A string is accepted if every output is on the right
side of 0 at every step. Inputs are the start symbol S and the symbols, +1 for the one that
came and -1 for the others; targets the symbols and the end symbol T, +1 for each that may
come next. Source: Gers & Schmidhuber 2001, IEEE TNN 12(6); Schmidhuber, Wierstra & Gomez
2005, IJCAI, section 3.1 (both recalled).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal

import numpy as np
from numpy.random import Generator

from evolino.task.capabilities import Reader
from evolino.task.counted import Phase
from evolino.task.protocol import Predictor, Published
from evolino.task.series import Segment, Series, Split
from evolino.tasks.error_measures import accepted_share
from evolino.tasks.languages import patterns, training_strings
from evolino.tasks.languages.addition import Addition, pairs_of
from evolino.tasks.languages.brackets import Brackets, random_walk
from evolino.tasks.languages.counted_blocks import CountedLanguage
from evolino.tasks.languages.fitness import FITNESS, Fitness, losses_of
from evolino.tasks.languages.ngrams import Ngram
from evolino.tasks.languages.published import published
from evolino.tasks.languages.training_strings import Selection
from evolino.vocabulary import Array, check_count, unknown_name

PATTERNS = {
    "anbn": "a^n b^n",
    "anb2n": "a^n b^2n",
    "anbncn": "a^n b^n c^n",
    "anbncndn": "a^n b^n c^n d^n",
    "anbmcn+m": "a^n b^m c^(n+m)",
    "anbmBmAn": "a^n b^m B^m A^n",
}
OTHERS = ("dyck1", "addition")
Encoding = Literal["signed", "one-hot"]
OFF: dict[Encoding, float] = {"signed": -1.0, "one-hot": 0.0}
SHOWN = 5  # strings of the test, to draw pictures of
LIMIT, LIMIT_SQUARE = 10_000, 1_000
FARTHEST = 10**9
MOST_ROWS = 3_000_000  # of all strings that are written out


@dataclass(frozen=True, slots=True)
class Languages:
    """Next-symbol prediction on the strings of a formal language.

    language: a name. pattern: counted blocks instead of it. train: the strings that fit the
    readout, and select networks unless there are others. validate: strings that select
    networks, those of train left out; a result that used some was not trained on train
    alone. encoding: of inputs, "signed" or "one-hot". fitness: what evolution minimises:
    "squared" error, squared "margin" violation, or the share of rows "wrong" with a tenth
    of the margin violation. limit: every n up to it is tested; 0 is 10,000, and 1,000 with
    two parameters. far: single n beyond. first: test on the first 15,000 strings too.

    Raises ValueError, naming the field, for one out of its range.

    >>> import evolino
    >>> evolino.Languages(train="1:10").outputs
    4
    """

    name: ClassVar[str] = "languages"
    generates: ClassVar[bool] = False

    language: str = field(
        default="anbncn", metadata={"help": ", ".join((*PATTERNS, *OTHERS))}
    )
    pattern: str = field(
        default="", metadata={"help": "own counted blocks: 'a^n b^3n c^(n+m)'"}
    )
    train: str = field(
        default="1:10",
        metadata={"help": f"strings to learn from: {training_strings.FORMS}"},
    )
    validate: str = field(
        default="", metadata={"help": "more strings, to select networks on: 11:20"}
    )
    encoding: Encoding = field(
        default="signed", metadata={"help": "inputs of -1 and 1, or one-hot"}
    )
    fitness: Fitness = field(default="squared", metadata={"help": ", ".join(FITNESS)})
    limit: int = field(default=0, metadata={"help": "test every n up to this"})
    far: tuple[int, ...] = field(
        default=(100_000, 1_000_000, 10_000_000),
        metadata={"help": "single n to test beyond"},
    )
    first: bool = field(
        default=False, metadata={"help": "test on the first 15,000 strings too"}
    )

    def __post_init__(self) -> None:
        """Check every field; read pattern and selections."""
        if self.language not in (*PATTERNS, *OTHERS):
            raise unknown_name("language", self.language, (*PATTERNS, *OTHERS))
        if self.encoding not in OFF:
            raise unknown_name("encoding", self.encoding, OFF)
        if self.fitness not in FITNESS:
            raise unknown_name("fitness", self.fitness, FITNESS)
        check_count("limit", self.limit, least=0)
        for n in self.far:
            check_count("far", n, least=(self.limit or LIMIT) + 1, most=FARTHEST)
        if list(self.far) != sorted(set(self.far)):
            raise ValueError(f"far must ascend, got {self.far}")
        if self.counts:
            patterns.parse(self._pattern)
        self._selected("train")
        self._check_rows("train")
        if self.validate:
            self._selected("validate")
            self._check_rows("validate")

    def _check_rows(self, argument: str) -> None:
        """Raise ValueError for counted strings that are too many to be written out."""
        numbers, parameters = self._selected(argument).numbers, self.parameters
        phases = self.phases() if self.counts else ()
        each = len(numbers) ** max(parameters - 1, 0)
        rows = sum(
            phase.constant * each * len(numbers) + sum(phase.factors) * each * sum(numbers)
            for phase in phases
        )
        if rows > MOST_ROWS:
            raise ValueError(
                f"{argument} has {rows:,} rows, more than {MOST_ROWS:,}: "
                f"{getattr(self, argument)!r}"
            )

    @staticmethod
    def preset_for(options: Mapping[str, Any]) -> str:
        """Return the preset of these fields, where none is asked for."""
        return "patterns" if options.get("pattern") else "best"

    @property
    def counts(self) -> bool:
        """Whether the strings are counted, so that they have phases."""
        return bool(self.pattern) or self.language in PATTERNS

    @property
    def inputs(self) -> int:
        """I."""
        return self._grammar.inputs

    @property
    def outputs(self) -> int:
        """K."""
        return self._grammar.outputs

    @property
    def parameters(self) -> int:
        """How many numbers choose a string; 0 if the strings are not counted."""
        return len(patterns.parse(self._pattern).names) if self.counts else 0

    @property
    def symbols(self) -> tuple[str, ...]:
        """The names of the outputs."""
        if self.counts:
            return (*patterns.parse(self._pattern).symbols, "T")
        return ("(", ")", "T") if self.language == "dyck1" else ("sum",)

    def phases(self) -> tuple[Phase, ...]:
        """Return the phases of a string. Raises ValueError if they are not counted."""
        if not self.counts:
            raise ValueError(f"the strings of {self.language} are not counted")
        return patterns.phases(patterns.parse(self._pattern), OFF[self.encoding])

    def sequences(self, rng: Generator) -> Split:
        """Return the strings; those of the test are only shown, since `measure` tests on
        many more than could be written out."""
        trained = self._series("train", rng)
        chosen = self._series("validate", rng) if self.validate else []
        known = {series.input_rows().tobytes() for series in trained}
        chosen = [each for each in chosen if each.input_rows().tobytes() not in known]
        if self.validate and not chosen:
            raise ValueError(
                f"validate={self.validate!r} has no string that train={self.train!r} "
                "does not have"
            )
        known |= {series.input_rows().tobytes() for series in chosen}
        shown = [each for each in self._shown() if each.input_rows().tobytes() not in known]
        return Split(whole(trained), whole(chosen), whole(shown[:SHOWN]))

    def loss(self, outputs: Array, targets: Array) -> Array:
        """Return (P,): the fitness, over all rows that have a target."""
        return self.loss_against(targets)(outputs)

    def loss_against(self, targets: Array) -> Callable[[Array], Array]:
        """Return the loss against targets (N, L, K), a function of outputs (P, N, L, K)."""
        scored = np.isfinite(targets).all(axis=2)
        expected = targets[scored]

        def losses(outputs: Array) -> Array:
            rows = (len(outputs), *expected.shape)
            found = outputs.reshape(rows) if scored.all() else outputs[:, scored]
            return losses_of(self.fitness, np.ascontiguousarray(found), expected)

        return losses

    def measure(self, model: Predictor, split: Split) -> dict[str, float]:
        """Return how far the network goes beyond what it was trained on.

        Counted: accepted_to, the largest N such that every string up to N is accepted, by
        testing all to `limit` and then `far`; accepted_from and accepted_through, the range
        of n around the largest trained one; accepted_all_checked, 1 if none failed;
        deterministic_accuracy of the next strings; training_accepted. Others: see
        `Brackets.measure` and `Addition.measure`.
        """
        if not isinstance(model, Reader):
            raise TypeError(f"languages need a model that reads strings, got {model!r}")
        grammar = self._grammar
        figures = {"training_accepted": accepted_share(model, split.train)}
        if isinstance(grammar, Brackets):
            return {**grammar.measure(model), **figures}
        if isinstance(grammar, Addition):
            largest = max(self._selected("train").numbers)
            return {**grammar.measure(model, largest), **figures}
        reached, everything = grammar.accepted_to(model)
        largest = max(max(grammar.string_of(each.series)) for each in split.train)
        around = (1, reached)
        if reached < largest or self.parameters > 1:
            around = grammar.accepted_around(model, largest)
        figures = {
            "accepted_to": float(reached),
            "accepted_from": float(around[0]),
            "accepted_through": float(around[1]),
            "accepted_all_checked": float(everything),
            "deterministic_accuracy": grammar.deterministic_accuracy(model, largest),
            **figures,
        }
        if self.first:
            figures["accepted_of_first"] = grammar.accepted_of_first(model)
        return figures

    def baselines(self, split: Split) -> dict[str, dict[str, float]]:
        """Return the figures of the most frequent answer, and of that after a trigram."""
        always, after_three = Ngram.of(split.train, 0), Ngram.of(split.train, 3)
        return {
            "most frequent answer": self.measure(always, split),
            "most frequent answer after 3 symbols": self.measure(after_three, split),
        }

    def published(self) -> tuple[Published, ...]:
        """Return what is published for this language and these training strings."""
        if self.pattern or self.validate:
            return ()
        return published(self.language, self.train)

    @property
    def _pattern(self) -> str:
        return self.pattern or PATTERNS[self.language]

    @property
    def _grammar(self) -> CountedLanguage | Brackets | Addition:
        off = OFF[self.encoding]
        limit = self.limit or (LIMIT if self.parameters < 2 else LIMIT_SQUARE)
        if self.counts:
            return CountedLanguage(self.phases(), self.parameters, limit, self.far)
        return Brackets(off, limit) if self.language == "dyck1" else Addition(off)

    def _selected(self, argument: str) -> Selection:
        text = getattr(self, argument)
        least = 0 if self.language == "addition" and not self.pattern else 1
        return training_strings.parse(argument, text, least=least)

    def _series(self, argument: str, rng: Generator) -> list[Series]:
        """Return the strings of a selection, written out."""
        grammar, selection = self._grammar, self._selected(argument)
        if isinstance(grammar, CountedLanguage):
            strings = selection.strings(grammar.parameters, rng)
            return [grammar.series(string) for string in strings.tolist()]
        if isinstance(grammar, Brackets):
            return [grammar.series(each) for each in grammar.strings(selection, rng)]
        return [grammar.series(each) for each in grammar.strings(selection)]

    def _shown(self) -> list[Series]:
        """Return strings that come after all that were selected, a few at least."""
        grammar = self._grammar
        if isinstance(grammar, Brackets):
            rng = np.random.default_rng(0)
            return [grammar.series(random_walk(rng, 60)) for _ in range(2 * SHOWN)]
        largest = max(
            max(self._selected(each).numbers, default=50)
            for each in (("train", "validate") if self.validate else ("train",))
        )
        following = range(largest + 1, largest + 1 + SHOWN)
        if isinstance(grammar, Addition):
            return [grammar.series(each) for each in pairs_of(following)]
        return [grammar.series([n] * grammar.parameters) for n in following]


def whole(strings: Sequence[Series]) -> tuple[Segment, ...]:
    """Return every string as a segment of all its rows."""
    return tuple(Segment(series, 0, series.steps) for series in strings)
