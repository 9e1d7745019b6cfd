"""What changed since a release can be seen, and old citations can be followed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from lxml import html

from . import validators
from .conftest import Publication, run


@pytest.fixture(scope="module")
def shown(
    released_library: Publication, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """The documents of what changed in the library since its first version."""
    output = tmp_path_factory.mktemp("changes")
    assert run("changes", "1.0.0", "--project", released_library.root, "--output", output,
               "--quiet") == 0
    return output


def page_of(folder: Path) -> html.HtmlElement:
    return html.parse(str(folder / "changes-1.0.0.html")).getroot()


def test_changes_are_marked_by_word(shown: Path) -> None:
    """Insertions and deletions are elements of their own, and say so to those who hear them."""
    page = page_of(shown)

    marked = [(element.tag, " ".join(element.text_content().split()))
              for element in page.iter("ins", "del")]
    assert marked == [
        ("del", "deleted: 1921 end"), ("ins", "inserted: 1923 end"),
        ("del", "deleted: 3 end"), ("ins", "inserted: 30 end"),
        ("ins", "inserted: The fire began in the attic, where the newspapers were kept. end"),
        ("ins", "inserted: Roe, Fires of the Valley, 31. end"),
        ("del", "deleted: some end"), ("ins", "inserted: a few end")]


def test_each_change_names_its_place_and_its_reason(shown: Path) -> None:
    """Each passage has its page and paragraph then and now, and the entry with its sources."""
    passages = [" ".join(section.text_content().split())
                for section in page_of(shown).find_class("passage")]

    assert passages[0].startswith("p. 1, ¶ 1 The library burned in deleted: 1921")
    assert passages[0].endswith("e1 fact The newspapers of 1922 still speak of its evenings. "
                                "Roe, Fires of the Valley, 30.")
    assert passages[2].startswith("p. 1, ¶ 2 added")
    assert "¶ 5 moved from p. 1, ¶ 3 It has never been closed since" in " ".join(passages)
    assert passages[-1].startswith("p. 1, ¶ 6 formerly p. 1, ¶ 5 Readers come")


def test_concordance_leads_from_old_places_to_new(shown: Path) -> None:
    """Every paragraph and every page of the old version has its place in the new one."""
    data = json.loads((shown / "concordance-1.0.0.json").read_text(encoding="utf-8"))

    assert [(row["from"]["paragraph"], row["to"]["paragraph"], row["state"])
            for row in data["paragraphs"]] == [
        (1, 1, "changed"), (2, 3, "same"), (3, 5, "moved"), (4, 4, "same"), (5, 6, "changed")]
    assert data["from"]["version"] == "1.0.0"
    assert data["to"]["version"] == "1.1.0"
    assert data["pages"][0] == {
        "from": {"page": 1, "words": "The Library of a Small Town"},
        "to": {"page": 1, "paragraph": 0}}
    cells = [[cell.text_content() for cell in row] for row in page_of(shown).iter("tr")]
    assert cells[4] == ["4", "1", "4", "1", "unchanged"]


def test_unexplained_changes_are_shown_and_reported(
    library: Publication, capsys: pytest.CaptureFixture[str]
) -> None:
    """A change without an entry makes the exit code 1, and can be looked at all the same."""
    library.change("manuscript/essay.md", "came to look at", "came for")

    assert run("changes", "1.0.0", "--project", library.root) == 1

    said = capsys.readouterr()
    assert said.err.splitlines()[0] == (
        "manuscript/essay.md:13: paragraph 3: “to look at” became “for”, "
        "and no correction says so")
    assert "with version: 1.1.0" in said.err
    assert "changes-1.0.0.html" in said.out
    assert "No correction says why." in page_of(library.root / "output").text_content()


def test_nothing_changed_is_said(library: Publication) -> None:
    """The text of a release compared with itself has no change, and every place stays."""
    assert run("changes", "1.1.0", "--project", library.root, "--quiet") == 0

    page = html.parse(str(library.root / "output/changes-1.1.0.html")).getroot()
    assert "The text has not changed." in page.text_content()
    assert not list(page.iter("ins", "del"))


def test_changes_since_no_release_are_a_problem(
    library: Publication, capsys: pytest.CaptureFixture[str]
) -> None:
    """A version that was never released is reported, with those that were."""
    assert run("changes", "0.9.0", "--project", library.root) == 1

    assert "editions/0.9.0: there is no release of a version 0.9.0\n" \
           "    released are 1.0.0, 1.1.0" in capsys.readouterr().err


def test_documents_pass_their_validators(shown: Path) -> None:
    """The PDF is PDF/UA-1 in our typefaces, the page has no fault for the Nu checker and axe."""
    assert validators.pdf_findings(shown / "changes-1.0.0.pdf", "ua1") == []
    assert validators.pdf_fonts(shown / "changes-1.0.0.pdf") == {"EB Garamond"}
    assert validators.html_messages(shown / "changes-1.0.0.html") == []
    with validators.browser() as browser:
        for scheme in ("light", "dark"):
            page = browser.new_page(viewport={"width": 320, "height": 900}, color_scheme=scheme)
            page.goto((shown / "changes-1.0.0.html").as_uri())
            assert validators.axe_violations(page) == []
            assert page.evaluate("document.documentElement.scrollWidth") == 320
