"""What the command line promises: targets, exit codes, where words go, what is left alone."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from offprint import paper
from offprint.problems import ToolError

from .conftest import BASE, Publication, run


def test_no_target_builds_all_editions(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Without a target all editions are built, and their paths go to standard output."""
    assert run("--project", BASE, "--output", tmp_path) == 0

    said = capsys.readouterr()
    assert said.out.splitlines() == [str(tmp_path / name) for name in (
        "essay.pdf", "essay.epub", "essay.html", "essay.bib", "essay.ris", "essay.csl.json",
        "CITATION.cff", "build.json")]
    assert said.err == ""


def test_targets_build_only_these(tmp_path: Path) -> None:
    """Named editions are built, and no other."""
    assert run("html", "epub", "--project", BASE, "--output", tmp_path, "--quiet") == 0

    assert {"essay.html", "essay.epub", "SHA256SUMS"} == {
        path.name for path in tmp_path.iterdir()}


def test_checksums_hold_for_all_files(tmp_path: Path) -> None:
    """SHA256SUMS has the checksum of every file that builds have left in the folder."""
    assert run("html", "--project", BASE, "--output", tmp_path, "--quiet") == 0
    assert run("epub", "--draft", "--project", BASE, "--output", tmp_path, "--quiet") == 0

    sums = (tmp_path / "SHA256SUMS").read_text(encoding="utf-8").splitlines()
    assert sums == [f"{hashlib.sha256((tmp_path / name).read_bytes()).hexdigest()}  {name}"
                    for name in ("essay.epub", "essay.html")]


def test_check_builds_nothing(tmp_path: Path) -> None:
    """`check` reports and writes nothing."""
    assert run("check", "--project", BASE, "--output", tmp_path / "output") == 0

    assert not (tmp_path / "output").exists()


def test_problems_leave_the_last_output_alone(
    publication: Publication, capsys: pytest.CaptureFixture[str]
) -> None:
    """With problems the exit code is 1, they go to standard error, and no file changes."""
    assert run("html", "--project", publication.root, "--quiet") == 0
    before = (publication.root / "output/essay.html").read_bytes()
    publication.change("manuscript/essay.md", "One paragraph", "One [gone](#gone) paragraph")

    assert run("html", "--project", publication.root) == 1

    said = capsys.readouterr()
    assert said.err.startswith('manuscript/essay.md:9: the link to "#gone" leads nowhere')
    assert said.out == ""
    assert before == (publication.root / "output/essay.html").read_bytes()


def test_a_note_does_not_stop_the_build(
    publication: Publication, capsys: pytest.CaptureFixture[str]
) -> None:
    """What is only worth knowing is shown, and the editions are built."""
    publication.change("manuscript/essay.md", "lang: en", "lang: eo")

    assert run("html", "--project", publication.root) == 0

    assert ": note: " in capsys.readouterr().err


def test_unknown_words_are_exit_code_2(capsys: pytest.CaptureFixture[str]) -> None:
    """A wrong command line is exit code 2, with what may be written instead."""
    with pytest.raises(SystemExit) as stopped:
        run("docx")

    assert stopped.value.code == 2
    assert "known are pdf, epub, html" in capsys.readouterr().err


def test_without_pango_the_other_editions_are_built(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Without Pango, EPUB and HTML are built; one line tells how to install it; exit code 3."""
    def missing() -> None:
        raise ToolError("Pango, which sets the pages, is missing")

    monkeypatch.setattr(paper, "load_weasyprint", missing)
    monkeypatch.setattr(paper, "install_pango", lambda: False)

    assert run("html", "epub", "pdf", "--project", BASE, "--output", tmp_path, "--quiet") == 3

    assert {"essay.html", "essay.epub", "SHA256SUMS"} == {
        path.name for path in tmp_path.iterdir()}
    line, = capsys.readouterr().err.splitlines()
    assert "Pango, which sets the pages, is missing: there is no PDF" in line
    assert "install" in line


def test_a_draft_says_so(tmp_path: Path) -> None:
    """With --draft, every edition says that it is a draft."""
    assert run("html", "--draft", "--project", BASE, "--output", tmp_path, "--quiet") == 0

    assert "It is a draft" in (tmp_path / "essay.html").read_text(encoding="utf-8")


def test_no_message_is_a_traceback(
    publication: Publication, capsys: pytest.CaptureFixture[str]
) -> None:
    """A folder without an essay, and a file that is no text, are problems with a remedy."""
    (publication.root / "manuscript/essay.md").write_bytes(b"---\ntitle: \xff\n---\n")
    assert run("--project", publication.root) == 1
    assert "manuscript/essay.md:2: this is not UTF-8 text" in capsys.readouterr().err
    (publication.root / "manuscript/essay.md").unlink()

    assert run("--project", publication.root) == 1
    assert "manuscript/essay.md: there is no essay" in capsys.readouterr().err


def test_info_names_every_tool(capsys: pytest.CaptureFixture[str]) -> None:
    """`info` prints the versions of all that shapes an edition."""
    assert run("info") == 0

    said = capsys.readouterr().out
    for name in ("Offprint", "Python", "Pandoc", "weasyprint", "Pango", "fontpkg-eb-garamond"):
        assert name in said
