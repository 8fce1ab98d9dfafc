"""Laws of `evolino report`: where the page lies, and what is refused."""


def test_the_page_of_a_run_lies_in_its_folder(evolino, trainer, tmp_path):
    out = tmp_path / "run"
    assert evolino("run", "mso", "--out", out)[0] == 0
    status, said, _ = evolino("report", out)
    assert status == 0 and str(out / "report.html") in said
    assert "<h1>mso: run</h1>" in (out / "report.html").read_text()


def test_another_ending_and_no_run_are_one_line_and_status_2(evolino, trainer, tmp_path):
    out = tmp_path / "run"
    assert evolino("run", "mso", "--out", out)[0] == 0
    for arguments in ((out, "--out", "page.pdf"), (tmp_path / "none",)):
        status, _, err = evolino("report", *arguments)
        assert status == 2 and err.count("\n") == 1
