"""`check --editions`: what outside judges say of what was built, in one table."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from offprint import validators

from .conftest import Built, run


def test_every_standard_is_in_the_table(
    sample: Built, capsys: pytest.CaptureFixture[str]
) -> None:
    """The table has a line for each standard and file, with tool, version and verdict."""
    assert run("check", "--editions", "--output", sample.output) == 0

    head, *rows = capsys.readouterr().out.splitlines()
    assert head.split() == ["standard", "file", "tool", "version", "result"]
    assert len(rows) == 7
    assert all(row.endswith("  pass") for row in rows)
    assert [row.split("essay.")[0].strip() for row in rows] == [
        "PDF/A-3a", "PDF/UA-1", "PDF syntax", "EPUB 3.3", "EPUB Accessibility 1.1", "HTML",
        "WCAG 2.2 AA"]


def test_an_edition_that_falls_short_is_exit_code_1(
    sample: Built, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What a validator finds is a problem of the file, and nothing passes over it."""
    page = sample.html.read_text(encoding="utf-8").replace("</main>", "<img src=x></main>")
    (tmp_path / "essay.html").write_text(page, encoding="utf-8")

    assert run("check", "--editions", "--output", tmp_path) == 1

    said = capsys.readouterr()
    assert "essay.html: HTML: " in said.err
    assert "essay.html: WCAG 2.2 AA: 320 px, light: image-alt" in said.err
    assert "found" in said.out


def test_a_validator_that_is_missing_is_named(
    sample: Built, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Without a tool the others still judge; the table says what is missing; exit code 3."""
    def needs(tool: str) -> str:
        raise validators.MissingToolError(f"{tool} is missing: sudo apt install it")

    monkeypatch.setattr(validators, "needs", needs)
    shutil.copy(sample.pdf, tmp_path)
    shutil.copy(sample.epub, tmp_path)

    assert run("check", "--editions", "--output", tmp_path) == 3

    said = capsys.readouterr().out
    assert "PDF/A-3a    " in said
    assert "not run: java is missing: sudo apt install it" in said


def test_nothing_built_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Where there are no editions, the command that builds them is named."""
    assert run("check", "--editions", "--output", tmp_path) == 3

    assert "build them first: python3 build.py" in capsys.readouterr().err
