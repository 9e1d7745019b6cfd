"""One pagination: a page and a paragraph are the same place in every edition."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree, html

from offprint import pages, paper
from offprint.body import Body, render_body
from offprint.checks import check_edition
from offprint.edition import Edition, read_edition
from offprint.fonts import cut_fonts
from offprint.layout import Layout, walk
from offprint.pages import PageMap, make_mark, mark_pages, read_page_map, read_stream
from offprint.project import PRESS, Project
from offprint.text import resolve_text
from offprint.tree import Element

from . import validators
from .conftest import SAMPLE, Built, Publication, long_essay
from .test_editions import XHTML, epub_trees

Write = Callable[[str], Publication]


@dataclass(frozen=True)
class Printed:
    """An edition as laid out, with its page map."""

    edition: Edition
    body: Body
    layout: Layout
    page_map: PageMap


def print_pages(root: Path) -> Printed:
    """Lay out a publication and read its page map."""
    edition = read_edition(Project(root, root / "output"))
    text = resolve_text(edition, check_edition(edition).text)
    body = render_body(edition, text)
    cuts = cut_fonts(
        edition.theme.faces(text.has_bold, text.has_code), body.characters)
    layout = paper.lay_out(edition, paper.render_print(edition, body, cuts))
    return Printed(edition, body, layout, read_page_map(layout, body.article))


@pytest.fixture(scope="module", params=["essay", "sample", "long"])
def printed(request: pytest.FixtureRequest, long_project: Path) -> Printed:
    """Each essay in turn as laid out: this repository's, the sample, one of 100 pages."""
    return print_pages({"essay": PRESS, "sample": SAMPLE, "long": long_project}[request.param])


def letters(text: str) -> str:
    return "".join(re.findall(r"[^\W\d_]", text))


def marked_text(article: Element) -> list[tuple[int, str]]:
    """Return for each mark its page and the letters after it up to the next mark, calls aside."""
    found: list[tuple[int, list[str]]] = []

    def visit(element: Element) -> None:
        if element.get("role") == "doc-pagebreak":
            found.append((int(element.get("title")), []))
        elif element.get("role") not in pages.ASIDE_ROLES and (
                etree.QName(element).localname != "svg"):
            keep(element.text)
            for child in element:
                visit(child)
                keep(child.tail)

    def keep(text: str | None) -> None:
        if found:
            found[-1][1].append(text or "")

    visit(article)
    return [(page, letters("".join(texts))) for page, texts in found]


def test_every_page_with_text_has_one_mark_in_order(printed: Printed) -> None:
    """Every page but blank ones has exactly one mark; all places are exact."""
    numbers = [page for page, _ in printed.page_map.starts]

    assert list(range(1, printed.layout.page_count + 1)) == numbers
    assert printed.page_map.inexact == ()
    places = [start for _, start in printed.page_map.starts]
    assert sorted(places) == places


def test_a_mark_never_changes_the_words(printed: Printed) -> None:
    """The text with marks is the text without them."""
    body = printed.body.copy()

    mark_pages(printed.page_map, [body.article], make_mark)

    assert "".join(printed.body.article.itertext()) == "".join(body.article.itertext())


def test_map_agrees_with_the_text_of_the_finished_pdf(built: Built) -> None:
    """The words after a mark begin the page of that number, as pdftotext reads the PDF."""
    article = html.parse(str(built.html)).find(".//article")
    marked = dict(marked_text(article))
    texts = validators.pdf_text(built.pdf)

    assert list(range(1, len(texts) + 1)) == sorted(marked)
    for number, page in enumerate(texts, 1):
        following = article.find(f".//*[@id='page-{number}']").getnext()
        if following is not None and following.tag in ("svg", "img"):
            continue  # the letters of a drawing are not in the flow of the text
        lines = [letters(line) for line in page.splitlines() if letters(line)]
        on_page = "".join(lines)
        beginning = marked[number][:8]
        # Before it stand at most the running head and the rest of a word from the page before.
        assert beginning in on_page, (number, beginning)
        head = on_page[:on_page.index(beginning)]
        assert len(head) < 110 + 12, (number, head)


def test_places_have_the_first_words_of_the_boxes_of_their_pages(printed: Printed) -> None:
    """Read from the boxes of each page alone, its first words are those at its place."""
    stream = read_stream(printed.body.article)
    for number, start in printed.page_map.starts:
        place = stream[start]
        first = _first_words(printed.layout.document.pages[number - 1])
        text = (place.element.tail if place.in_tail else place.element.text) or ""
        if place.offset >= 0 and first:
            assert letters(text[place.offset:])[:5] == letters(first)[:5] or (
                letters(first).startswith(letters(text[place.offset:])[:5]))


def _first_words(page: object) -> str:
    words = []
    for box in walk(page._page_box.children[0]):
        if "::" not in (box.element_tag or "") and getattr(box, "text", "").strip():
            words.append(box.text)
        if len("".join(words)) > 40:
            break
    return "".join(words)


def test_epub_has_the_same_marks_as_html(built: Built) -> None:
    """Page by page, the EPUB has the words of the HTML edition after the same mark."""
    article = html.parse(str(built.html)).find(".//article")
    for aside in article.findall(".//section[@role='doc-endnotes']"):
        aside.drop_tree()
    chapters = [tree for name, tree in sorted(epub_trees(built.epub).items()) if "/ch" in name]
    in_epub = [mark for tree in chapters
               for mark in marked_text(tree.find("h:body", XHTML))]

    assert [page for page, _ in marked_text(article)] == [page for page, _ in in_epub]
    for (page, words), (_, others) in zip(marked_text(article), in_epub, strict=True):
        assert words[:20].startswith(others[:20]), page


def test_epub_lists_pages_and_paragraphs(essay: Built) -> None:
    """The navigation of the EPUB lists every page and every paragraph, at their places."""
    with zipfile.ZipFile(essay.epub) as archive:
        nav = etree.fromstring(archive.read("EPUB/nav.xhtml"))
        package = archive.read("EPUB/content.opf").decode()
        for identifier in ("page-list", "paragraph-list"):
            links = nav.findall(f".//h:nav[@id='{identifier}']//h:a", XHTML)
            assert [str(number) for number in range(1, len(links) + 1)] == [
                link.text for link in links]
            for link in links:
                name, _, place = link.get("href").partition("#")
                assert f'id="{place}"' in archive.read(f"EPUB/{name}").decode()
    assert len(validators.pdf_text(essay.pdf)) == len(
        nav.findall(".//h:nav[@epub:type='page-list']//h:a", XHTML))
    assert "pageBreakSource" in package
    assert "pageNavigation" in package
    assert "pageBreakMarkers" in package


def test_paragraphs_have_the_same_numbers_everywhere(built: Built) -> None:
    """Paragraph N of the HTML is paragraph N of the EPUB, and N stands in the margin on paper."""
    article = html.parse(str(built.html)).find(".//article")
    paragraphs = {p.get("id"): letters(p.text_content()) for p in article.iter("p") if p.get("id")}
    in_epub = {p.get("id"): letters("".join(p.itertext()))
               for tree in epub_trees(built.epub).values()
               for p in tree.findall(".//h:p[@data-number]", XHTML)}

    assert [f"p{number}" for number in range(1, len(paragraphs) + 1)] == list(paragraphs)
    assert paragraphs == in_epub


def test_paragraph_numbers_stand_in_the_outer_margin(printed: Printed) -> None:
    """On paper each number stands once, outside the text block, on the outer side of its page."""
    found = []
    for number, page in enumerate(printed.layout.document.pages, 1):
        block = page._page_box.children[0]
        for box in walk(block):
            if box.element_tag == "p::before" and hasattr(box, "text"):
                found.append(int(box.text))
                if number % 2:
                    assert box.position_x > block.content_box_x() + block.width
                else:
                    assert box.position_x + box.width < block.content_box_x()
    count = sum(1 for p in printed.body.article.iter("p") if p.get("data-number"))

    assert list(range(1, count + 1)) == found


def test_quotations_are_numbered_and_lists_are_not(write_essay: Write) -> None:
    """Paragraphs of text and quotations are counted; lists, tables and notes are not."""
    publication = write_essay(
        "One.\n\n> Two.\n>\n> Three.\n\n- not\n\n- these\n\nFour.^[Not this.]\n\n| not |\n|---|\n"
        "| this |\n\n| nor\n| verse\n\nFive.")
    edition = read_edition(publication.project)
    body = render_body(edition, resolve_text(edition, check_edition(edition).text))

    numbered = [(p.get("id"), letters("".join(p.itertext())))
                for p in body.article.iter("p") if p.get("id")]

    assert numbered == [(f"p{number}", word) for number, word in enumerate(
        ("One", "Two", "Three", "Four", "Five"), 1)]


def test_words_that_cannot_be_found_are_said_to_be_so(write_essay: Write) -> None:
    """Where layout has other words than the text, the page is marked and a note says so."""
    printed = print_pages(write_essay(long_essay(2)).root)
    article = printed.body.copy().article
    for paragraph in article.iter("p"):
        paragraph.text = "Другие слова. " * 40

    page_map = read_page_map(printed.layout, article)

    assert page_map.inexact
    assert [f"page {page} begins at words that could not be found in the text"
            for page in page_map.inexact] == [
                problem.what for problem in page_map.problems("essay.md")]
    mark_pages(page_map, [article], make_mark)


# A law: wherever pages begin, marks leave the text alone and stand in order.

texts = st.text(st.sampled_from("ab cdé-—.  \u00ad\u200b"), max_size=12)
trees = st.recursive(
    st.builds(lambda text: f"<em>{text}</em>", texts),
    lambda inner: st.builds(
        lambda tag, before, parts, after: f"<{tag}>{before}{''.join(parts)}</{tag}>{after}",
        st.sampled_from(["p", "div", "li", "td", "a"]), texts, st.lists(inner, max_size=3), texts),
    max_leaves=12)


@settings(deadline=None)
@given(st.lists(trees, min_size=1, max_size=4), st.data())
def test_marks_leave_any_tree_its_text(parts: list[str], data: st.DataObject) -> None:
    """In any tree, marks at any places leave the text as it is, and stand in order."""
    article = etree.fromstring(f"<article>x{''.join(parts)}y</article>")
    length = len(read_stream(article))
    places = sorted(data.draw(st.sets(st.integers(0, length - 1), min_size=1)))
    page_map = PageMap(tuple(enumerate(places, 1)), (), length)
    before = "".join(article.itertext())

    mark_pages(page_map, [article], make_mark)

    assert before == "".join(article.itertext())
    assert [str(number) for number in range(1, len(places) + 1)] == [
        span.get("title") for span in article.iter("span")]


def test_documented_place_is_where_the_docs_say(essay: Built) -> None:
    """The place that docs/places.md names is on that page and has that number."""
    said = (PRESS / "docs/places.md").read_text(encoding="utf-8")
    page, number = re.search(r"p\. (\d+), ¶ (\d+)", said).groups()
    link = html.parse(str(essay.html)).find(f".//p[@id='p{number}']/a[@class='number']")

    assert link.get("data-place") == f"p. {page}, ¶ {number}"
    assert f"P. {page}, ¶ {number}" in (PRESS / "README.md").read_text(encoding="utf-8")
