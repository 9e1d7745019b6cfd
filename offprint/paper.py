"""Turns the body into printed pages: notes at the foot, WeasyPrint for the layout.

Nothing is fetched from the network, and no font but ours is used. What WeasyPrint warns of,
and text that would leave the page, is a problem.
"""

from __future__ import annotations

import logging
import re
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from lxml import etree

from .body import HEADINGS, Body, embed_pictures, place_notes_at_end
from .bootstrap import install_pango, pango_remedy
from .edition import Edition
from .fonts import Cut, style_rules
from .problems import Problem, ProblemsFoundError, ToolError
from .tables import mark_table_heads
from .templating import long_date
from .tree import Element, outer_html

# Keeps the call of a note on the line of the word before it.
WORD_JOINER = "\u2060"
DATA = re.compile(r"data:[^\s'\"]+")
# Between the text and the numbers of its paragraphs, in pixels of 1/96 inch: 4 mm.
NUMBER_GAP = 4 / 25.4 * 96
# How often pages are set again to bring a note to the page that calls it.
MOST_LAYOUTS = 8


@dataclass(frozen=True)
class Layout:
    """The pages as WeasyPrint set them."""

    document: Any

    @property
    def page_count(self) -> int:
        """How many pages there are."""
        return len(self.document.pages)


def find_missing() -> str:
    """Return what keeps the pages from being set, with the remedy; nothing when all is there.

    Where Pango can be installed without asking, it is.
    """
    try:
        _load_or_install()
    except ToolError as error:
        return (f"{error}: there is no PDF, and the other editions have no page numbers. "
                f"To install it: {pango_remedy()}")
    return ""


def _load_or_install() -> None:
    try:
        load_weasyprint()
    except ToolError:
        if not install_pango():
            raise
        load_weasyprint()


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
    if edition.theme.notes == "end":
        place_notes_at_end(edition, body)
        for _, call in body.calls():
            parent = call.getparent()
            assert parent is not None
            _hold_to_last_word(parent, call.getprevious(), call)
    else:
        for number, call in body.calls():
            _set_note_at_foot(call, number, body.notes[number])
    embed_pictures(edition, body.article)
    mark_table_heads(body.article)
    _name_running_heads(edition, body.article)
    return edition.render(
        "print.html.j2", edition=edition, front=edition.front, words=edition.words,
        date=long_date(edition.front.date, edition.front.lang), body=outer_html(body.article),
        css=print_style(edition, cuts), plain_title=body.title)


def print_style(edition: Edition, cuts: tuple[Cut, ...]) -> str:
    """Return the style sheet for paper with the fonts in it."""
    return (style_rules(cuts, "truetype") + edition.render("type.css")
            + edition.render("print.css"))


def lay_out(edition: Edition, html: str) -> Layout:
    """Return the pages of the HTML page `html`.

    Raises ProblemsFoundError for what WeasyPrint warns of, for text outside its page, and for
    notes that are not on the page that calls them.
    """
    weasyprint = load_weasyprint()
    file = edition.manuscript.file
    with _warnings_as_problems(edition):
        # All that is needed is in the page itself, as data; nothing else is ever read.
        fetcher = weasyprint.urls.URLFetcher(allowed_protocols={"data"})
        page = weasyprint.HTML(string=html, url_fetcher=fetcher)
        document = _lay_out_with_notes(page)
    _move_numbers_to_outer_margin(document)
    problems = [*_check_page_boxes(document, file), *_check_notes(document, file)]
    if problems:
        raise ProblemsFoundError(problems)
    return Layout(document)


def _lay_out_with_notes(page: Any) -> Any:
    """Return the layout of `page` in which every note stands on the page that calls it.

    WeasyPrint 70 moves or loses a note where the next lines would fit on the page without it,
    even if they then go to the next page after all. Such lines are kept from that page, and
    the pages are set again.
    """
    with _full_lines():
        document = page.render()
    for _ in range(MOST_LAYOUTS):
        astray = _pages_of_astray(document)
        if not astray:
            break
        for number in astray:
            _end_page(document.pages[number - 1:number + 1])
        with _full_lines():
            document = page.render()
    return document


@contextmanager
def _full_lines() -> Iterator[None]:
    """Fill lines while the block runs, where WeasyPrint would not.

    WeasyPrint 70 sets the first word of a text alone on a line, where the text before an inline
    element fills a line but for the space at its end.
    """
    from weasyprint.layout import inline

    original = inline.split_first_line

    def split(text: str, style: Any, context: Any, width: Any, *more: Any, **named: Any) -> Any:
        found = original(text, style, context, width, *more, **named)
        one_word = found[2] and " " not in text.encode()[:found[1]].decode()
        if one_word and text.endswith(" ") and width is not None:
            whole = original(text.rstrip(" "), style, context, width, *more, **named)
            if whole[2] is None:
                return original(text, style, context, None, *more, **named)
        return found

    inline.split_first_line = split
    try:
        yield
    finally:
        inline.split_first_line = original


def _end_page(pages: Sequence[Any]) -> None:
    """Let the first of two pages end before the lines that do not fit with their notes."""
    blocks = [_blocks_of_lines(page) for page in pages]
    block, lines = blocks[0][-1]
    if len(blocks) < 2 or not blocks[1] or blocks[1][0][0] is block:
        # The paragraph goes on: one more line before a break sends all of it over.
        block.set("style", f"orphans: {lines + 1}")
    else:
        blocks[1][0][0].set("style", "break-before: page")


def _blocks_of_lines(page: Any) -> list[tuple[Any, int]]:
    """Return the elements of the blocks in the flow of `page` that hold lines, and how many."""
    found = []
    boxes = [page._page_box.children[0]]
    while boxes:
        box = boxes.pop()
        children = [child for child in getattr(box, "children", ()) if child.is_in_normal_flow()]
        lines = [child for child in children if type(child).__name__ == "LineBox"]
        if lines and box.element is not None:
            found.append((box.element, len(lines)))
        boxes += reversed([child for child in children if child not in lines])
    return found


def _move_numbers_to_outer_margin(document: Any) -> None:
    """Put each paragraph number beside the text block, on the outer side of its page.

    A style sheet for paper cannot tell on which side the page of an element will be.
    """
    for number, page in enumerate(document.pages, 1):
        text_block = page._page_box.children[0]
        left, right = text_block.content_box_x(), text_block.content_box_x() + text_block.width
        for box in _boxes(text_block):
            if box.element_tag == "p::before" and box.is_absolutely_positioned():
                figures = next(inner for inner in _boxes(box) if hasattr(inner, "text"))
                to = right + NUMBER_GAP if number % 2 else left - NUMBER_GAP - figures.width
                box.translate(dx=to - figures.position_x)


def _pages_of_astray(document: Any) -> list[int]:
    """Return the pages, counted from 1, that call a note which is not at their foot."""
    calls, notes = find_notes(document)
    return sorted({page for name, page in calls.items() if notes.get(name) != page})


def find_notes(document: Any) -> tuple[dict[str, int], dict[str, int]]:
    """Return, by the identifier of each note, the page that calls it and the page it is on."""
    calls: dict[str, int] = {}
    notes: dict[str, int] = {}
    for number, page in enumerate(document.pages, 1):
        for box in _boxes(page._page_box):
            if box.element_tag == "fn-note::footnote-call":
                calls[box.element.get("id")] = number
            elif box.element_tag == "fn-note::footnote-marker":
                notes[box.element.get("id")] = number
    return calls, notes


def _check_notes(document: Any, file: str) -> Iterator[Problem]:
    """Yield a problem for each note that is not on the page that calls it."""
    calls, notes = find_notes(document)
    for name, page in calls.items():
        if notes.get(name) != page:
            yield Problem(file, 0, f"note {name[1:]} does not fit on page {page}, which calls it",
                          "shorten it, or move its call by a sentence")


def _boxes(box: Any) -> Iterator[Any]:
    """Yield `box` and all boxes in it, in the order of the page."""
    yield box
    for child in getattr(box, "children", ()):
        yield from _boxes(child)


@contextmanager
def _warnings_as_problems(edition: Edition) -> Iterator[None]:
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
            _warning(edition, DATA.sub("an image", record.getMessage())) for record in records)


def _warning(edition: Edition, said: str) -> Problem:
    """Return what WeasyPrint said as a problem, in the publication's own style sheet if it can."""
    rule = re.search(r"`(.+?)`|'(.+?)'", said)
    words = re.split(r"\W+", (rule[1] or rule[2]) if rule else "")
    own = edition.project.templates
    for path in sorted(own.rglob("*.css")) if own and rule else ():
        for number, line in enumerate(path.read_text(encoding="utf-8").split("\n"), 1):
            if re.search(r"\W*".join(map(re.escape, filter(None, words))), line):
                return Problem(edition.project.name(path), number, f"WeasyPrint warns: {said}",
                               "correct the style sheet")
    return Problem(edition.manuscript.file, 0, f"WeasyPrint warns: {said}")


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
    """Wrap the last word before `foot`, a note or its call, together with it.

    No line begins with the call of a note.
    """
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
    """Yield a problem for each page with a line of text that leaves it.

    WeasyPrint does not break a note over pages: one that is too long leaves the page at the
    top, silently.
    """
    for number, page in enumerate(document.pages, 1):
        for box in _boxes(page._page_box):
            words = getattr(box, "text", "").strip()
            if words and not _is_inside(page, box):
                yield Problem(file, 0, f"page {number}: “{words[:40]}…” leaves the page",
                              "shorten the note, or the unbreakable words, that stand there")
                break


def _is_inside(page: Any, box: Any) -> bool:
    """Tell whether `box` lies on the sheet, half a pixel aside."""
    right, bottom = box.position_x + box.width, box.position_y + box.height
    return bool(box.position_x >= -0.5 and right <= page.width + 0.5
                and box.position_y >= -0.5 and bottom <= page.height + 0.5)
