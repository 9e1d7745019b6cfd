"""Whatever an author writes is printed, or reported: never run, and never a traceback."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest
import yaml
from lxml import html

from .conftest import BASE, Publication, run

FIELDS = ("title", "subtitle", "abstract", "author", "publisher", "keywords", "license", "contact",
          "url")
WORDS = (
    "War & Peace", "a < b > c", 'He said "no"', "It's {braces} [brackets]", "100 % $ # _ ^ ~",
    "<script>alert(1)</script>", "x <br> y", "see @nobody", "[x](javascript:alert(1))",
    "</title><script>", "back\\slash `code`", "{{ 7 * 7 }}", "*emphasis* and **more**",
    "](#x){onclick=alert(1)}", "http://[x", ": colon: and - dash", "¿Qué? … —")

@pytest.mark.parametrize("field", FIELDS)
def test_any_words_in_front_matter_are_printed_or_reported(
    field: str, publication: Publication
) -> None:
    """Every field takes any words, or names them as a problem; none becomes a script."""
    front = yaml.safe_load((BASE / "manuscript/essay.md").read_text().split("---\n")[1])
    front["date"] = str(front["date"])
    for words in WORDS:
        changed = yaml.safe_dump({**front, field: words}, allow_unicode=True)
        publication.write("manuscript/essay.md", f"---\n{changed}---\n\nText.\n")

        code = run("html", "epub", "--project", publication.root, "--quiet")

        assert code in (0, 1), words
        if code == 0:
            assert_harmless(publication.root / "output")


@pytest.mark.parametrize("words", [
    "<script>alert(1)</script>", "[x](javascript:alert(1))", "[x]{onclick=alert(1)}",
    "<!-- a --><script>alert(1)</script>", "x <br> y", "`<script>alert(1)</script>`{=html}"])
@pytest.mark.parametrize("place", ["body", "note", "why", "apparatus note"])
def test_scripts_are_problems_wherever_they_stand(
    words: str, place: str, publication: Publication
) -> None:
    """HTML and scripts in the essay, a note or a correction are problems with their line."""
    publication.write("bibliography/references.bib",
                      "@book{doe2020,\n author={Doe, J.},\n title={T},\n date={2020}\n}\n")
    body = {"body": words, "note": f"Call.^[{words}]"}.get(place, "Text.")
    publication.write("manuscript/essay.md", (BASE / "manuscript/essay.md").read_text().replace(
        "One paragraph is enough.", f"{body}\n\nWords that stand.[@doe2020]"))
    publication.write("manuscript/corrections.yaml", yaml.safe_dump({
        "note": words if place == "apparatus note" else "Note.",
        "corrections": [{"id": "c1", "verdict": "wrong", "was": "other words",
                         "now": "Words that stand.", "why": words if place == "why" else "Why.",
                         "sources": "@doe2020"}]}))

    problems = [problem for problem in publication.problems() if not problem.note]

    assert problems
    assert all(problem.line for problem in problems)


def test_comments_are_left_out(publication: Publication) -> None:
    """A comment is the author's own, and is printed nowhere."""
    publication.change("manuscript/essay.md", "enough.", "enough.\n\n<!-- a -- secret -->\n\nEnd.")

    assert run("html", "--project", publication.root, "--quiet") == 0

    assert "secret" not in (publication.root / "output/essay.html").read_text(encoding="utf-8")


def test_output_that_cannot_be_written_is_said(
    publication: Publication, capsys: pytest.CaptureFixture[str]
) -> None:
    """An output folder that is a file is exit code 3 and a sentence."""
    publication.write("output", "a file")

    assert run("html", "--project", publication.root, "--quiet") == 3

    assert "output: File exists" in capsys.readouterr().err


def assert_harmless(output: Path) -> None:
    """Assert that no edition holds a script, but for the two of the press in the HTML page."""
    page = html.fromstring((output / "essay.html").read_bytes())
    assert len(page.findall(".//script")) == 2
    with zipfile.ZipFile(output / "essay.epub") as archive:
        files = [html.fromstring(archive.read(name)) for name in archive.namelist()
                 if name.endswith(".xhtml")]
    assert not [file for file in files if file.findall(".//script")]
    for tree in (page, *files):
        for element in tree.iter():
            for name, value in element.items():
                assert not name.startswith("on")
                assert not value.strip().lower().startswith("javascript:")
