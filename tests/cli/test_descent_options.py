"""Laws of the options of descent: what is given reaches the run, or is one line."""

import pytest

import evolino as package
from evolino.training.run_folder import RunFolder

QUICK = (
    "run", "mackey-glass", "--preset", "paper", "--steps", 300, "--washout", 150,
    "--settling", 50, "--horizon", 7, "--validation-starts", 6, "--test-starts", 50,
    "--cells", 4, "--initialiser", "uniform", "--no-baselines", "--quiet", "--out", "run",
)  # fmt: skip


def test_train_bptt_runs_with_the_fields_that_are_set(evolino, tmp_path):
    code, _, err = evolino(
        *QUICK, "--trainer", "bptt", "--evaluations", 30, "--set", "bptt.every=5",
        "--set", "bptt.optimiser=descent", "--set", "bptt.rates=[0.1, 0.2]",
    )  # fmt: skip
    assert (code, err) == (0, "")
    folder = RunFolder.open(tmp_path / "run")
    expected = package.BPTT(every=5, optimiser="descent", rates=(0.1, 0.2))
    assert folder.experiment().bptt == expected
    assert folder.result()["evaluations"] == 30
    assert folder.history()[0].evaluations == 10


def test_the_kalman_filter_runs_with_the_fields_that_are_set(evolino, tmp_path):
    code, _, err = evolino(
        "run", "languages", "--train", "1:4", "--limit", 50, "--trainer", "kalman",
        "--evaluations", 30, "--set", "kalman.strings=5", "--set", "kalman.networks=2",
        "--no-baselines", "--quiet", "--out", "run",
    )  # fmt: skip
    assert (code, err) == (0, "")
    folder = RunFolder.open(tmp_path / "run")
    assert folder.experiment().kalman == package.Kalman(strings=5, networks=2)
    assert folder.result()["evaluations"] == 30
    assert folder.history()[0].evaluations == 10


def test_refinement_by_adam_has_the_options_that_are_given(evolino, tmp_path):
    code, _, err = evolino(
        *QUICK, "--search", "random", "--evaluations", 8, "--refine", "adam",
        "--refine-steps", 20, "--refine-best", 4, "--refine-halve-after", 5,
        "--refine-rate", 0.01, "--refine-every", 2, "--set", "refine.batch=3",
    )  # fmt: skip
    assert (code, err) == (0, "")
    refine = RunFolder.open(tmp_path / "run").experiment().refine
    assert refine == package.Adam(
        steps=20, best=4, halve_after=5, rate=0.01, every=2, batch=3
    )
    assert len(RunFolder.open(tmp_path / "run").refinement.rounds()) > 1


def test_chosen_genes_and_scales_reach_the_refinement(evolino, tmp_path):
    code, _, err = evolino(
        *QUICK, "--search", "random", "--evaluations", 8, "--refine", "lbfgs",
        "--refine-steps", 3, "--refine-genes", "bias, recurrent.forget",
        "--refine-scales", "cell", "--refine-cpu-seconds", 100,
    )  # fmt: skip
    assert (code, err) == (0, "")
    assert RunFolder.open(tmp_path / "run").experiment().refine == package.LBFGS(
        steps=3, genes=("bias", "recurrent.forget"), scales="cell", cpu_seconds=100
    )


def test_bptt_on_a_task_whose_loss_has_no_gradient_speaks_of_training(evolino):
    code, _, err = evolino(
        "run", "timing", "--trainer", "bptt", "--set", "bptt.loss=free-run",
        "--evaluations", 10, "--no-baselines", "--quiet", "--out", "run",
    )  # fmt: skip
    assert code == 2
    assert "training by bptt" in err
    assert "refinement" not in err


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--trainer", "bppt"), "unknown way to train 'bppt'; nearest: bptt"),
        (("--set", "bptt.every=5"), "need --trainer bptt"),
        (("--set", "kalman.strings=5"), "fields of kalman need --trainer kalman"),
        (("--trainer", "kalman", "--set", "kalman.width=0"), "width must be > 0, got 0"),
        (("--trainer", "kalman", "--set", "network.output=threshold"), "got 'threshold'"),
        (("--trainer", "bptt", "--refine", "adam"), "leave out refine"),
        (("--trainer", "bptt", "--islands", 2), "leave out islands"),
        (("--trainer", "bptt", "--set", "bptt.rate=1"), "no field 'rate'; nearest: rates"),
        (("--trainer", "bptt", "--set", "network.output=threshold"), "training by bptt"),
        (("--refine-halve-after", 5), "--refine-halve-after needs --refine"),
        (("--refine-cpu-seconds", 5), "--refine-cpu-seconds needs --refine"),
        (
            (
                "--refine",
                "lbfgs",
                "--refine-genes",
                "bias",
                "--set",
                'refine.genes=["input"]',
            ),
            "--refine-genes and --set refine.genes are one",
        ),
        (("--refine", "lbfgs", "--refine-genes", "biases"), "got 'biases'"),
        (
            ("--refine", "lbfgs", "--refine-genes", "input"),
            "no genes 'input'; it has bias.",
        ),
        (("--refine", "lbfgs", "--refine-scales", "on"), "none, group, cell, got 'on'"),
        (("--refine", "lbfgs", "--refine-rate", 0.1), "the refinement is lbfgs"),
        (("--refine", "adams"), "nearest: adam"),
        (("--refine", "adam", "--refine-rate", 0), "rate must be > 0, got 0"),
        (("--refine", "adam", "--refine-every", 2, "--islands", 2), "leave out islands"),
    ],
)
def test_what_cannot_be_is_one_line(evolino, options, message):
    code, out, err = evolino(*QUICK, *options)
    assert code == 2
    assert message in err
    assert len(err.strip().splitlines()) == 1
    assert not out
