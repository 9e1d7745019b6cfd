"""Turns the body into printed pages: notes at the foot, WeasyPrint for the layout.

Nothing is fetched from the network, and no font but ours is used. What WeasyPrint warns of,
and text that would leave the page, is a problem.
"""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from lxml import etree

from .body import HEADINGS, Body, Element, embed_pictures, outer_html
from .bootstrap import install_pango, pango_remedy
from .edition import Edition
from .fonts import Cut, style_rules
from .problems import Problem, ProblemsFoundError, ToolError
from .tables import mark_table_heads
from .templating import long_date, read_template, render

# Keeps the call of a note on the line of the word before it.
WORD_JOINER = "\u2060"


@dataclass(frozen=True)
class Layout:
    """The pages as WeasyPrint set them."""

    document: Any

    @property
    def page_count(self) -> int:
        """How many pages there are."""
        return len(self.document.pages)


def find_missing(editions: Sequence[str]) -> str:
    """Return what keeps the pages from being set, with the remedy; nothing when all is there.

    Where Pango can be installed without asking, it is.
    """
    if not {"pdf", "epub"} & set(editions):
        return ""
    try:
        load_weasyprint()
    except ToolError as error:
        if install_pango():
            return find_missing(editions)
        without = "the PDF was not made" if "pdf" in editions else "the EPUB has no cover"
        return f"{error}; {without}. To install it: {pango_remedy()}"
    return ""


def load_weasyprint() -> Any:
    """Return the WeasyPrint module.

    Raises ToolError, with the remedy, where its system library Pango is missing.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            import weasyprint
    except OSError as error:
        raise ToolError("Pango, which sets the pages, is missing") from error
    return weasyprint


def render_print(edition: Edition, body: Body, cuts: tuple[Cut, ...]) -> str:
    """Return the HTML page that is laid out on paper."""
    body = body.copy()
    for number, call in body.calls():
        _set_note_at_foot(call, number, body.notes[number])
    embed_pictures(edition, body.article)
    mark_table_heads(body.article)
    _name_running_heads(edition, body.article)
    return render(
        "print.html.j2", edition=edition, front=edition.front, words=edition.words,
        date=long_date(edition.front.date, edition.front.lang), body=outer_html(body.article),
        css=print_style(cuts), plain_title=body.title)


def print_style(cuts: tuple[Cut, ...]) -> str:
    """Return the style sheet for paper with the fonts in it."""
    return style_rules(cuts, "truetype") + read_template("type.css") + read_template("print.css")


def lay_out(edition: Edition, html: str) -> Layout:
    """Return the pages of the HTML page `html`.

    Raises ProblemsFoundError for what WeasyPrint warns of and for text outside its page.
    """
    weasyprint = load_weasyprint()
    file = edition.manuscript.file
    with _warnings_as_problems(file):
        # All that is needed is in the page itself, as data; nothing else is ever read.
        fetcher = weasyprint.urls.URLFetcher(allowed_protocols={"data"})
        document = weasyprint.HTML(string=html, url_fetcher=fetcher).render()
    problems = list(_check_page_boxes(document, file))
    if problems:
        raise ProblemsFoundError(problems)
    return Layout(document)


@contextmanager
def _warnings_as_problems(file: str) -> Iterator[None]:
    """Collect what WeasyPrint logs while the block runs, and raise it as problems."""
    records: list[logging.LogRecord] = []
    handler = logging.Handler(logging.WARNING)
    handler.emit = records.append  # type: ignore[method-assign,assignment]
    logger = logging.getLogger("weasyprint")
    logger.addHandler(handler)
    logger.propagate = False
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.removeHandler(handler)
    if records:
        raise ProblemsFoundError(
            Problem(file, 0, f"WeasyPrint warns: {record.getMessage()}") for record in records)


def _set_note_at_foot(call: Element, number: int, note: Element) -> None:
    """Replace the call of a note by the note itself, which the style sheet moves to the foot."""
    foot = etree.Element("fn-note", {"id": f"n{number}"})
    for child in note:
        foot.append(_as_inline(child))
    _drop_white_space(foot)
    foot.tail = call.tail
    parent = call.getparent()
    assert parent is not None
    before = call.getprevious()
    parent.replace(call, foot)
    _hold_to_last_word(parent, before, foot)


def _hold_to_last_word(parent: Element, before: Element | None, foot: Element) -> None:
    """Wrap the last word before `foot` together with it, so that no line begins with a call."""
    text = (parent.text if before is None else before.tail) or ""
    head, _, word = text.rpartition(" ")
    if not word:
        return
    keep = head + " " if " " in text else ""
    held = etree.Element("span", {"class": "held"})
    held.text = word + WORD_JOINER
    if before is None:
        parent.text = keep
    else:
        before.tail = keep
    parent.replace(foot, held)
    held.tail, foot.tail = foot.tail, None
    held.append(foot)


def _as_inline(element: Element) -> Element:
    """Return a block of a note under a name that may stand inside a paragraph: p as fn-p."""
    blocks = ("p", "ul", "ol", "li", "blockquote", "pre", "div", "dl", "dt", "dd", "table",
              "tr", "td", "th", "tbody", "thead", "section", "figure", *HEADINGS)
    for block in element.iter(*blocks):
        block.tag = f"fn-{block.tag}"
    return element


def _drop_white_space(foot: Element) -> None:
    """Take away the line ends between blocks, which a line of a note would show as spaces."""
    for element in foot.iter():
        if element.tag in ("fn-pre", "code"):
            continue
        if element.text and not element.text.strip("\n"):
            element.text = None
        if element.tail and not element.tail.strip("\n"):
            element.tail = None


def _name_running_heads(edition: Edition, article: Element) -> None:
    """Tell the style sheet what the heads and feet of the pages say."""
    version = f"{edition.words['version']} {edition.front.version}"
    article[0].set("data-author", edition.authors)
    article[0].set("data-edition", f"{edition.words['draft']} · {version}"
                   if edition.draft else version)


def _check_page_boxes(document: Any, file: str) -> Iterator[Problem]:
    """Yield a problem for each line of text that leaves its page.

    WeasyPrint does not break a note over pages: one that is too long leaves the page at the
    top, silently.
    """
    for number, page in enumerate(document.pages, 1):
        words = [text for text, inside in _lines(page) if not inside]
        if words:
            yield Problem(file, 0, f"page {number}: “{words[0][:40]}…” leaves the page",
                          "shorten the note, or the unbreakable words, that stand there")


def _lines(page: Any) -> Iterator[tuple[str, bool]]:
    """Yield the text of each text box of `page`, and whether it lies inside the page."""
    boxes = [page._page_box]
    while boxes:
        box = boxes.pop()
        boxes += reversed(getattr(box, "children", ()))
        text = getattr(box, "text", None)
        if text and text.strip():
            inside = (box.position_x >= -0.5 and box.position_x + box.width <= page.width + 0.5
                      and box.position_y >= -0.5
                      and box.position_y + box.height <= page.height + 0.5)
            yield text, inside

