"""The names that law tests go through, by what is solved and what is evolved."""

from evolino.registry import find, names

# Tasks whose networks act; all others have targets that a readout is solved for.
CONTROL = [name for name in names("task") if hasattr(find("task", name), "outcome_loss")]
WITH_TARGETS = [name for name in names("task") if name not in CONTROL]
# Readouts that are solved on the same targets as others: strings of labels are not theirs.
SOLVED = [name for name in names("readout") if name not in ("evolved", "ctc")]
