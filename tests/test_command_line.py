"""What the command line promises: targets, exit codes, where words go, what is left alone."""

from __future__ import annotations

import hashlib
import os
import pty
import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from offprint import paper
from offprint.problems import ToolError
from offprint.project import PRESS

from .conftest import BASE, COMMANDS, Publication, run

BUILD = [sys.executable, PRESS / "build.py"]


def on_a_terminal(arguments: Sequence[str | Path]) -> str:
    """Run the command on a terminal of its own; return what a person sees there at the end."""
    ours, theirs = pty.openpty()
    environment = {**os.environ, "TERM": "xterm", "COLUMNS": "60"}
    with subprocess.Popen([*BUILD, *arguments], stdout=theirs, stderr=theirs, env=environment):
        os.close(theirs)
        said = b""
        while True:
            try:
                said += os.read(ours, 4096)
            except OSError:  # the other end is closed
                break
    os.close(ours)
    plain = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", said.decode())
    lines = (line.rstrip("\r").rpartition("\r")[2].rstrip() for line in plain.split("\n"))
    at_work = re.compile("[\u2800-\u28ff] ")  # the sign that turns while a step runs
    return "\n".join(line for line in lines if line and not at_work.match(line))


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
    """With --draft, the page says that it is a draft."""
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


def test_a_terminal_shows_steps_and_a_table(tmp_path: Path) -> None:
    """A terminal shows each step with its time, then a table of what was made and checked."""
    said = on_a_terminal(["--project", BASE, "--output", tmp_path])

    assert re.findall(r"^ +[\d.]+ s  (.+)", said, re.M) == [
        "Reading and checking", "Resolving citations", "Setting the pages", "Writing the PDF",
        "Making the EPUB", "Making the HTML page"]
    assert re.search(rf"^PDF +1 page, A5 +\d+ kB +{tmp_path}/essay.pdf$", said, re.M)
    assert re.search(rf"^EPUB +1 marked +\d+ kB +{tmp_path}/essay.epub$", said, re.M)
    assert "✓ Pages: 1 of 1 begin at the same word in every edition; each note is on" in said
    assert "✓ Readers: nothing found that keeps one out" in said


def test_a_terminal_shows_problems_and_no_table(publication: Publication) -> None:
    """With problems a terminal shows these, and nothing that looks like success."""
    publication.change("manuscript/essay.md", "One paragraph", "One [gone](#gone) paragraph")

    said = on_a_terminal(["--project", publication.root])

    assert said.startswith('manuscript/essay.md:9: the link to "#gone" leads nowhere')
    assert "✓" not in said


def test_verbose_shows_the_words_of_the_tools(
    tmp_path: Path,
) -> None:
    """--verbose shows how long each step took, how Pandoc was called, what WeasyPrint said."""
    done = subprocess.run([*BUILD, "--verbose", "--project", BASE, "--output", tmp_path],
                          capture_output=True, text=True, check=True)

    assert re.search(r"^ +[\d.]+ s  Setting the pages$", done.stderr, re.M)
    assert re.search(r"^ +pandoc -f markdown", done.stderr, re.M)
    assert re.search(r"^ +Step 6 - Creating PDF$", done.stderr, re.M)


@pytest.mark.parametrize("verbose", [False, True])
def test_a_mistake_of_the_press_says_so(
    verbose: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture,
) -> None:
    """When the press itself fails, that is one message and exit code 3; --verbose shows where."""
    def fail(*_: object) -> None:
        raise LookupError("no such box")

    monkeypatch.setattr(paper, "lay_out", fail)

    assert run("pdf", "--project", BASE, "--output", tmp_path / "output",
               *(["--verbose"] if verbose else [])) == 3

    said = capsys.readouterr().err
    assert "the press failed, and the last output is as it was: LookupError: no such box" in said
    assert ("Traceback" in said) is verbose
    assert not (tmp_path / "output").exists()


def test_a_reader_may_stop_reading(tmp_path: Path) -> None:
    """When the reader of the list goes, such as `head`, nothing is said of it."""
    reader, writer = os.pipe()
    os.close(reader)

    done = subprocess.run([*BUILD, "info"], stdout=writer, stderr=subprocess.PIPE, text=True,
                          check=False)

    os.close(writer)
    assert (done.returncode, done.stderr) == (141, "")


@pytest.mark.parametrize("name", [command.name for command in COMMANDS])
def test_help_of_every_command_has_an_example(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """The help of a command ends in a line that can be copied."""
    with pytest.raises(SystemExit) as stopped:
        run(name, "--help")

    assert stopped.value.code == 0
    assert f"example:\n  python3 build.py {name}" in capsys.readouterr().out
