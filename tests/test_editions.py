"""The three editions of each essay pass their validators and hold what they promise."""

from __future__ import annotations

import itertools
import re
import zipfile
from pathlib import Path

import pikepdf
import pypdfium2
import pytest
from lxml import etree, html
from playwright.sync_api import Page

from . import validators
from .conftest import Built

XHTML = {"h": "http://www.w3.org/1999/xhtml", "epub": "http://www.idpf.org/2007/ops"}

# Said of every EPUB that embeds a font, and not a fault: "use of @font-face".
FONTS_ARE_EMBEDDED = "CSS-028"


def epub_trees(path: Path, suffix: str = ".xhtml") -> dict[str, etree._Element]:
    with zipfile.ZipFile(path) as archive:
        return {name: etree.fromstring(archive.read(name))
                for name in archive.namelist() if name.endswith(suffix)}


def words(text: str) -> str:
    """Return the letters of a text: spaces, hyphens and numbers of notes differ by edition."""
    return "".join(re.findall(r"[^\W\d_]", text))


# Validators


@pytest.mark.parametrize("profile", ["3a", "ua1"])
def test_pdf_keeps_both_standards(any_length: Built, profile: str) -> None:
    """The one PDF has no finding under PDF/A-3a and none under PDF/UA-1."""
    assert validators.pdf_findings(any_length.pdf, profile) == []


def test_pdf_syntax_is_clean(any_length: Built) -> None:
    """Qpdf finds nothing to warn of."""
    assert validators.qpdf_messages(any_length.pdf) == []


def test_epub_passes_epubcheck(built: Built) -> None:
    """EPUBCheck has no message, but for the remark that fonts are embedded."""
    messages = validators.epub_messages(built.epub)

    assert [message for message in messages if FONTS_ARE_EMBEDDED not in message] == []


def test_html_passes_the_nu_checker(built: Built) -> None:
    """The Nu HTML checker has no error and no warning."""
    assert validators.html_messages(built.html) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [320, 768, 1440])
def test_html_is_accessible(built: Built, width: int, scheme: str) -> None:
    """The rules of WCAG 2.2 A and AA that axe knows hold at every width, light and dark."""
    with validators.browser() as browser:
        page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
        page.goto(built.html.as_uri())

        assert validators.axe_violations(page) == []


def test_epub_pages_are_accessible(sample: Built, tmp_path: Path) -> None:
    """The rules of WCAG 2.2 A and AA that axe knows hold in every file of the EPUB."""
    with zipfile.ZipFile(sample.epub) as archive:
        archive.extractall(tmp_path)
    found = {}
    with validators.browser() as browser:
        for path in sorted(tmp_path.rglob("*.xhtml")):
            page = browser.new_page()
            page.goto(path.as_uri())
            found[path.name] = validators.axe_violations(page)
            page.close()

    assert found
    assert {name: messages for name, messages in found.items() if messages} == {}


# PDF


def test_only_our_fonts_are_embedded(built: Built) -> None:
    """No letter comes from a font of the machine."""
    assert validators.pdf_fonts(built.pdf) <= {"EB Garamond", "Source Code Pro"}


def test_pdf_says_what_it_is(essay: Built) -> None:
    """Title, author, language and the sections as bookmarks are in the PDF itself."""
    with pikepdf.open(essay.pdf) as pdf, pdf.open_outline() as outline:
        assert str(pdf.docinfo["/Title"]) == "Did the USSR Ever Seek Membership in NATO?"
        assert str(pdf.docinfo["/Author"]) == "Offprint"
        assert str(pdf.Root.Lang) == "en-US"
        title, = outline.root
        assert [item.title for item in title.children][-4:] == [
            "What this edition corrects", "Bibliography", "How to cite this edition",
            "Colophon"]


def test_page_is_a5_and_text_fits_half_letter(essay: Built) -> None:
    """The page is A5, and all that is printed on it fits half a letter sheet with margins."""
    reader = pypdfium2.PdfDocument(essay.pdf)
    for number in range(len(reader)):
        page = reader[number]
        assert [round(size / 72 * 25.4) for size in page.get_size()] == [148, 210]
        boxes = [item.get_bounds() for item in page.get_objects()]
        width = max(box[2] for box in boxes) - min(box[0] for box in boxes)
        height = max(box[3] for box in boxes) - min(box[1] for box in boxes)
        assert width / 72 * 25.4 <= 139.7 - 2 * 10
        assert height / 72 * 25.4 <= 215.9 - 2 * 10



def test_every_note_is_at_the_foot_of_the_page_that_calls_it(essay: Built) -> None:
    """The number of a note begins its line at the foot on a page, each number once, in order."""
    numbers = []
    for page in validators.pdf_text(essay.pdf):
        numbers += [int(number) for number in re.findall(r"^(\d{1,3})\. [\w“]", page, re.M)]

    count = len(html.parse(str(essay.html)).findall(".//a[@role='doc-noteref']"))
    assert count > 50
    assert list(range(1, count + 1)) == numbers


def test_links_are_described_in_words(sample: Built) -> None:
    """A link of the PDF says where it leads in the words of the text."""
    with pikepdf.open(sample.pdf) as pdf:
        said = [str(note["/Contents"]) for page in pdf.pages for note in page.get("/Annots", [])]

    assert "link to a heading" in said
    assert not [words for words in said if words.startswith("#")]


# EPUB


def test_epub_notes_lead_there_and_back(built: Built) -> None:
    """Each note of the EPUB is a pop-up note in the file of its call, with a way back."""
    for name, tree in epub_trees(built.epub).items():
        calls = tree.findall(".//h:a[@epub:type='noteref']", XHTML)
        notes = {note.get("id"): note
                 for note in tree.findall(".//h:aside[@epub:type='footnote']", XHTML)}
        assert {call.get("href") for call in calls} == {f"#{note}" for note in notes}, name
        for call in calls:
            back = notes[call.get("href")[1:]].find(".//h:a[@role='doc-backlink']", XHTML)
            assert f"#{call.get('id')}" == back.get("href")


def test_epub_is_split_where_a_reader_would(essay: Built) -> None:
    """The essay is one file; apparatus, bibliography and colophon are files of their own."""
    titles = [tree.findtext(".//h:title", namespaces=XHTML)
              for name, tree in epub_trees(essay.epub).items() if "/ch" in name]

    assert titles == [
        "Did the USSR Ever Seek Membership in NATO?", "What this edition corrects",
        "Bibliography", "How to cite this edition", "Colophon"]


def test_epub_names_its_landmarks(essay: Built) -> None:
    """A reading system finds the contents and the beginning of the text."""
    nav = next(tree for name, tree in epub_trees(essay.epub).items() if name.endswith("nav.xhtml"))
    kinds = {link.get(f"{{{XHTML['epub']}}}type")
             for link in nav.findall(".//h:nav[@id='landmarks']//h:a", XHTML)}

    assert {"toc", "bodymatter", "cover"} <= kinds
    assert nav.findtext(".//h:nav[@id='toc']/h:h1", namespaces=XHTML) == "Contents"


# HTML


def test_nothing_is_fetched(built: Built) -> None:
    """HTML and EPUB name no resource outside themselves; only links lead out."""
    sources = [built.html.read_text(encoding="utf-8")]
    with zipfile.ZipFile(built.epub) as archive:
        sources += [archive.read(name).decode() for name in archive.namelist()
                    if name.endswith((".xhtml", ".css", ".opf"))]
    for source in sources:
        assert not re.search(r"""(src|poster|xlink:href)=["']https?:""", source)
        assert not re.search(r"""url\(["']?https?:|@import""", source)
        assert not re.search(r"""<link [^>]*rel="(stylesheet|icon)"[^>]*href="http""", source)


def test_html_runs_without_network_or_server(essay: Built) -> None:
    """The page opened as a file asks for nothing and reports no error."""
    asked, errors = [], []
    with validators.browser() as browser:
        page = browser.new_page()
        page.on("request", lambda request: asked.append(request.url))
        page.on("console", lambda message: errors.append(message.text))
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto(essay.html.as_uri())
        page.wait_for_timeout(200)

    assert [url for url in asked if not url.startswith(("file:", "data:"))] == []
    assert errors == []


@pytest.mark.parametrize("width", [320, 375, 768, 1024, 1440, 2560])
def test_html_never_scrolls_sideways(built: Built, width: int) -> None:
    """The page reflows to any width from 320 pixels."""
    with validators.browser() as browser:
        page = browser.new_page(viewport={"width": width, "height": 800})
        page.goto(built.html.as_uri())

        assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_notes_stand_beside_their_calls_on_wide_screens(essay: Built) -> None:
    """On a wide screen notes stand in the margin in order, none over another, none too high."""
    with validators.browser() as browser:
        page = browser.new_page(viewport={"width": 1440, "height": 900})
        page.goto(essay.html.as_uri())
        page.wait_for_timeout(200)
        places = page.evaluate("""() => [...document.querySelectorAll('.notes > ol > li')].map(
          note => {
            const box = note.getBoundingClientRect();
            const call = document.getElementById(note.id.replace('n', 'r'));
            return [box.top, box.bottom, box.left, call.getBoundingClientRect()];
        })""")

    assert len(places) > 50
    for (_, bottom, _, _), (top, _, left, call) in itertools.pairwise(places):
        assert bottom <= top
        assert call["right"] < left
        assert top >= call["top"] - 20


def test_notes_stand_at_the_end_on_narrow_screens(essay: Built) -> None:
    """On a telephone a call leads to the note by link, and the note back."""
    with validators.browser() as browser:
        page = browser.new_page(
            viewport={"width": 375, "height": 700}, reduced_motion="reduce")
        page.goto(essay.html.as_uri())
        page.locator("#r7").click()
        assert _is_on_screen(page, "n7")
        page.locator("#n7 [role=doc-backlink]").click()

        assert _is_on_screen(page, "r7")


def _is_on_screen(page: Page, identifier: str) -> bool:
    top = page.locator(f"#{identifier}").bounding_box()["y"]
    return 0 <= top < page.viewport_size["height"]


def test_skip_link_is_the_first_stop(essay: Built) -> None:
    """The first press of Tab offers to skip to the text."""
    with validators.browser() as browser:
        page = browser.new_page()
        page.goto(essay.html.as_uri())
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.textContent") == "Skip to the text"
        page.keyboard.press("Enter")

        assert page.evaluate("document.activeElement.id") == "edition-text"


def test_a_note_ends_in_one_full_stop(essay: Built) -> None:
    """A note that ends with the abbreviation of "no date" has no second full stop."""
    notes = [note.text_content().strip(" ↑") for note in html.parse(str(essay.html)).iterfind(
        ".//section[@role='doc-endnotes']/ol/li")]

    assert any(note.endswith("n.d.") for note in notes)
    assert [note for note in notes if note.endswith("..")] == []
