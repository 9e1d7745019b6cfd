"""Readers find from a corrected passage to its entry and back, in every edition."""

from __future__ import annotations

import itertools
import json
import re
import zipfile
from collections.abc import Iterator
from typing import Any

import pikepdf
import pytest
from lxml import html
from playwright.sync_api import Page

from offprint import paper
from offprint.edition import read_edition
from offprint.layout import is_mark, walk
from offprint.passages import make_plain
from offprint.project import Project

from . import validators
from .conftest import Built
from .test_editions import XHTML, epub_trees
from .test_pages import Printed, print_pages

IDS = ["c1", "c2", "v101a", "v101b", "v110a", "v110b", "v110c", "v110d"]


def article_of(built: Built) -> Any:
    return html.parse(str(built.html)).find(".//article")


def entries_of(article: Any) -> dict[str, Any]:
    return {div.get("id").removeprefix("correction-"): div
            for div in article.iter("div") if (div.get("id") or "").startswith("correction-")}


# All editions


@pytest.mark.parametrize("which", ["essay", "revised"])
def test_entries_lead_to_their_paragraphs_and_back(
    which: str, request: pytest.FixtureRequest
) -> None:
    """Each entry links to the paragraph of its passage, which holds a link to the entry."""
    article = article_of(request.getfixturevalue(which))
    entries = entries_of(article)

    assert len(entries) > 7
    for name, entry in entries.items():
        (place,) = entry.findall(".//span[@class='place']/a")
        paragraph = article.find(f".//p[@id='{place.get('href')[1:]}']")
        assert place.text == f"¶\u00a0{place.get('href')[2:]}"
        marks = [mark.get("href") for mark in paragraph.findall(".//a[@class='mark']")]
        assert f"#correction-{name}" in marks


def test_marks_stand_before_the_new_words(essay: Built) -> None:
    """The words after a mark are those that its entry quotes from this edition."""
    article = article_of(essay)
    corrections = read_edition(Project(essay.project, essay.output)).corrections
    entries = [*corrections.entries, *corrections.changes]
    quoted = {entry.id: make_plain(entry.now).text for entry in entries
              if not entry.now.startswith("@")}
    for aside in article.xpath(".//a[@role='doc-noteref'] | .//span[@class='page']"):
        aside.drop_tree()
    marks = list(article.iter("a"))
    marks = [mark for mark in marks if mark.get("class") == "mark"]

    assert sorted(entry.id for entry in entries) == sorted(
        mark.get("data-entry") for mark in marks)
    for mark in (mark for mark in marks if mark.get("data-entry") in quoted):
        paragraph = next(around for around in mark.iterancestors("p"))
        after = "".join(mark.xpath("following::text()[ancestor::p/@id = $p]",
                                   p=paragraph.get("id")))
        assert make_plain(after).text.startswith(quoted[mark.get("data-entry")][:40])


def test_marks_have_a_name_and_no_words(revised: Built) -> None:
    """A mark changes no word of the text, and says to a screen reader what it is."""
    marks = article_of(revised).findall(".//a[@class='mark']")

    assert sorted(IDS) == sorted(mark.get("data-entry") for mark in marks)
    assert [mark.text_content() for mark in marks] == [""] * len(IDS)
    assert [mark.get("aria-label") for mark in marks] == [
        f"Correction {mark.get('data-entry')}" for mark in marks]


def test_epub_leads_from_file_to_file(revised: Built) -> None:
    """In the EPUB marks lead to the file of the apparatus, and entries to that of the text."""
    trees = epub_trees(revised.epub)
    places = {(name.rpartition("/")[2], element.get("id"))
              for name, tree in trees.items() for element in tree.iter() if element.get("id")}
    links = [(name.rpartition("/")[2], link.get("href")) for name, tree in trees.items()
             for link in tree.findall(".//h:a", XHTML)
             if link.get("class") == "mark" or re.search(r"#p\d+$", link.get("href"))]

    assert len(links) > 2 * len(IDS)
    for file, href in links:
        target, _, identifier = href.rpartition("#")
        assert (target.rpartition("/")[2] or file, identifier) in places


def test_apparatus_says_what_when_and_who(revised: Built) -> None:
    """An entry has its kind, version, date, words before and after, reason, source, reporter."""
    entries = {name: " ".join(entry.text_content().split())
               for name, entry in entries_of(article_of(revised)).items()}

    assert entries["v101b"] == (
        "v101b fact 1.0.1, 1 August 2024 ¶ 1 Before “first lit on 2 March 1811” "
        "After “first lit on 3 March 1811” "
        "The second was a Saturday, and the light was lit on a Sunday. "
        "Doe, Lights of the Coast, 14. Reported by A. Reader.")
    assert "Before Doe, Lights of the Coast, 41. After Doe, Lights" in entries["v110a"]
    assert "Before" not in entries["v110b"]
    assert "After" not in entries["v110c"]


def test_tally_is_printed(essay: Built) -> None:
    """The apparatus counts the claims of the circulating text by verdict."""
    tally = article_of(essay).find(".//div[@class='tally']")

    assert " ".join(tally.text_content().split()) == (
        "Claims checked 34: true 7, misleading 9, wrong 6, unsupported 7, omits the point 5")


def test_colophon_names_earlier_versions(revised: Built) -> None:
    """The colophon lists the versions before this one with their dates and identifiers."""
    colophon = " ".join(
        article_of(revised).find(".//section[@id='edition-colophon']").text_content().split())

    assert f"1.0.0, dated 6 May 2024, swh:1:dir:{40 * '1'};" in colophon
    assert f"1.0.1, dated 1 August 2024, swh:1:dir:{40 * '2'}, 10.1234/log.2." in colophon


def test_corrected_editions_pass_their_validators(revised: Built, withdrawn: Built) -> None:
    """Marks, apparatus and notice of withdrawal leave every edition valid."""
    for built in (revised, withdrawn):
        assert validators.pdf_findings(built.pdf, "ua1") == []
        assert [message for message in validators.epub_messages(built.epub)
                if "CSS-028" not in message] == []
    assert validators.html_messages(revised.html, withdrawn.html) == []


# Paper


@pytest.fixture(scope="module", params=["essay", "revised"])
def printed(request: pytest.FixtureRequest) -> Printed:
    """Two publications with corrections, laid out."""
    return print_pages(request.getfixturevalue(request.param).project)


def marks_on(page: Any) -> Iterator[Any]:
    return (box for box in walk(page._page_box.children[0]) if is_mark(box))


def test_marks_stand_in_the_outer_margin_and_cover_nothing(printed: Printed) -> None:
    """On paper marks stand outside the paragraph numbers, none over another."""
    count = 0
    for number, page in enumerate(printed.layout.document.pages, 1):
        block = page._page_box.children[0]
        left, right = block.content_box_x(), block.content_box_x() + block.width
        boxes = [next(box for box in walk(mark) if hasattr(box, "text"))
                 for mark in marks_on(page)]
        count += len(boxes)
        for box in boxes:
            inner = (box.position_x - right if number % 2
                     else left - box.position_x - box.width)
            assert inner == pytest.approx(paper.MARK_GAP)
        for above, below in itertools.pairwise(boxes):
            assert below.position_y - above.position_y >= paper.MARK_LINE - 0.1

    assert count == len(printed.edition.corrections.all)


def test_the_link_of_a_mark_lies_on_the_mark(printed: Printed) -> None:
    """Who presses a mark in the margin follows it; the text beside it leads nowhere."""
    count = 0
    for page in printed.layout.document.pages:
        for _, _, (left, _, width, _), box in page.links:
            if is_mark(box):
                label = next(inner for inner in walk(box) if hasattr(inner, "text"))
                assert left <= label.position_x + 0.01
                assert label.position_x + label.width <= left + width + 0.01
                count += 1

    assert count == len(printed.edition.corrections.all)


def test_marks_stand_at_the_lines_of_their_words(printed: Printed) -> None:
    """A mark is as high as the first word of its passage, or below the mark before it."""
    for page in printed.layout.document.pages:
        free = 0.0
        boxes = list(walk(page._page_box.children[0]))
        for number, mark in enumerate(boxes):
            if not is_mark(mark):
                continue
            word = next(box for box in boxes[number:]
                        if "::" not in box.element_tag and getattr(box, "text", "").strip())
            assert mark.position_y >= free - 0.1
            if mark.position_y > free + 0.1:
                middle = mark.position_y + mark.height / 2
                assert word.position_y <= middle <= word.position_y + word.height
            free = mark.position_y + paper.MARK_LINE


def test_marks_are_links_with_words(revised: Built) -> None:
    """In the PDF each mark is a link that says which correction it leads to."""
    with pikepdf.open(revised.pdf) as pdf:
        said = [str(note["/Contents"]) for page in pdf.pages for note in page.get("/Annots", [])]

    assert {f"Correction {name}" for name in IDS} <= set(said)


# Screen


@pytest.fixture
def page(revised: Built) -> Iterator[Page]:
    """The HTML page in a browser."""
    with validators.browser() as browser:
        page = browser.new_page(viewport={"width": 800, "height": 700}, reduced_motion="reduce")
        page.goto(revised.html.as_uri())
        yield page


def shown(page: Page) -> list[str]:
    return [name.removeprefix("correction-") for name in page.evaluate(
        "[...document.querySelectorAll('.correction[id]')].filter("
        "entry => entry.offsetParent).map(entry => entry.id)")]


@pytest.mark.parametrize(("held", "kind", "expected"), [
    ("", "", ["v101a", "v101b", "v110a", "v110b", "v110c", "v110d", "c1", "c2"]),
    ("1.0.0", "", ["v101a", "v101b", "v110a", "v110b", "v110c", "v110d", "c2"]),
    ("1.0.1", "", ["v110a", "v110b", "v110c", "v110d"]),
    ("1.1.0", "", []),
    ("replaced", "", ["c1", "c2"]),
    ("1.0.1", "wording", ["v110c", "v110d"]),
    ("", "omission", ["v110b", "c2"]),
    ("", "wrong", ["c1"])])
def test_reader_chooses_by_copy_and_kind(
    page: Page, held: str, kind: str, expected: list[str]
) -> None:
    """Shown are the corrections made after the copy that is held, of the kind that is chosen."""
    page.select_option("select[name=held]", held)
    page.select_option("select[name=kind]", "wrong")
    page.select_option("select[name=kind]", kind)

    assert shown(page) == expected
    assert page.locator(".choice [role=status]").inner_text() == (
        f"{len(expected)} of 8 corrections are shown")


def test_link_to_a_correction_that_is_not_chosen_shows_it(page: Page) -> None:
    """A link never leads to a correction that stays hidden."""
    page.select_option("select[name=held]", "1.1.0")
    page.evaluate("location.hash = 'correction-c1'")
    page.wait_for_function("document.getElementById('correction-c1').offsetParent")

    assert len(shown(page)) == len(IDS)


def test_correction_is_shown_at_its_passage(page: Page) -> None:
    """Enter on a mark shows the old words and the reason there; Escape leads back to the mark."""
    mark = page.locator("a.mark[data-entry=v101b]")
    mark.focus()
    page.keyboard.press("Enter")

    demand = page.locator("#edition-demand")
    assert "first lit on 2 March 1811" in demand.inner_text()
    assert "Reported by A. Reader" in demand.inner_text()
    assert page.evaluate("document.activeElement.id") == "edition-demand"
    assert validators.axe_violations(page) == []
    page.keyboard.press("Escape")
    assert not demand.is_visible()
    assert page.evaluate("document.activeElement.dataset.entry") == "v101b"


def test_without_script_marks_are_links_and_all_is_shown(revised: Built) -> None:
    """Without the script every correction is shown, and a mark leads to its entry."""
    with validators.browser() as browser:
        context = browser.new_context(java_script_enabled=False)
        page = context.new_page()
        page.goto(revised.html.as_uri())
        assert not page.locator(".choice").is_visible()
        assert not page.locator("#edition-demand").is_visible()
        assert page.locator(".correction").count() == len(IDS)
        page.locator("a.mark[data-entry=c2]").click()

        assert page.url.endswith("#correction-c2")


@pytest.mark.parametrize("width", range(320, 1000, 85))
def test_no_line_ends_with_a_mark(essay: Built, width: int) -> None:
    """A mark stands on the line of the word that follows it, at any width."""
    with validators.browser() as browser:
        page = browser.new_page(viewport={"width": width, "height": 800})
        page.goto(essay.html.as_uri())
        apart = page.evaluate("""() => [...document.querySelectorAll('a.mark')].filter(mark => {
          let after = mark.nextSibling;
          while (!after.textContent.trim()) after = after.nextSibling;
          const range = document.createRange();
          range.selectNodeContents(after);
          const word = range.getClientRects()[0];
          return Math.abs(word.bottom - mark.getBoundingClientRect().bottom) > 14;
        }).map(mark => mark.dataset.entry)""")

    assert apart == []


# Withdrawal


def test_withdrawn_edition_says_so_on_every_page(withdrawn: Built) -> None:
    """Every page of the PDF, and the beginning of HTML and EPUB, say that it is withdrawn."""
    why = "Withdrawn, 1 March 2025. The leaf has been shown to be a forgery."
    for number, text in enumerate(validators.pdf_text(withdrawn.pdf), 1):
        assert "Withdrawn · Version 1.1.0" in text, number
    article = article_of(withdrawn)
    assert " ".join(article.find("./header/div[@class='withdrawn']").text_content().split()) == why
    first = next(tree for name, tree in epub_trees(withdrawn.epub).items() if "ch001" in name)
    assert why in " ".join("".join(first.itertext()).split())
    with zipfile.ZipFile(withdrawn.epub) as archive:
        assert b"1.1.0 (withdrawn)" in archive.read("EPUB/content.opf")


def test_citations_of_a_withdrawn_edition_say_so(withdrawn: Built) -> None:
    """Whoever cites a withdrawn edition, or saves its citation, is told."""
    section = article_of(withdrawn).find(".//section[@id='edition-cite']").text_content()
    (item,) = json.loads((withdrawn.output / "essay.csl.json").read_text(encoding="utf-8"))
    note = "Withdrawn, 2025-03-01: The leaf has been shown to be a forgery."

    assert section.count("Version 1.1.0-withdrawn") == 3
    assert item["note"] == note
    for name in ("essay.bib", "essay.ris", "CITATION.cff"):
        text = (withdrawn.output / name).read_text(encoding="utf-8")
        assert "1.1.0-withdrawn" in text, name
        assert note in text, name
