"""Turns the body into printed pages: notes at the foot, WeasyPrint for the layout.

Nothing is fetched from the network, and no font but ours is used. What WeasyPrint warns of,
and text that would leave the page, is a problem.
"""

from __future__ import annotations

import logging
import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from .alarms import check_continued, check_pages
from .body import Body, embed_pictures, place_notes_at_end
from .bootstrap import install_pango, pango_remedy
from .edition import Edition
from .fonts import Cut, style_rules, text_width
from .footnotes import end_before_lost_note, hold_to_last_word, set_at_foot, set_with_notes
from .layout import Layout, instead, is_line, is_mark, text_block, walk
from .problems import Problem, ProblemsFoundError, ToolError
from .progress import WEASYPRINT, listening
from .setting import Setting
from .tables import mark_table_heads
from .templating import long_date
from .tree import outer_html

# Of a page in millimetres; of a running head, as part of the text block and in points.
PAGE_WIDTH, HEAD_WIDTH, HEAD_SIZE = 148, 0.85, 9.5
DATA = re.compile(r"data:[^\s'\"]+")
# Between the text and the numbers of its paragraphs, in pixels of 1/96 inch: 4 mm.
NUMBER_GAP = 4 / 25.4 * 96
# Between the text and the marks of corrected passages, outside the numbers: 9.5 mm.
MARK_GAP = 9.5 / 25.4 * 96
# Between marks in one margin, from the top of one to the top of the next: 7.5 pt.
MARK_LINE = 7.5 / 72 * 96


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
            hold_to_last_word(call)
    else:
        for number, call in body.calls():
            set_at_foot(call, number, body.notes[number])
    embed_pictures(edition, body.article)
    mark_table_heads(body.article)
    _name_running_heads(edition, body)
    return edition.render_page(
        "print.html.j2", edition=edition, front=edition.front, words=edition.words,
        date=long_date(edition.front.date, edition.front.lang), body=outer_html(body.article),
        css=print_style(edition, cuts), plain_title=body.title)


def print_style(edition: Edition, cuts: tuple[Cut, ...]) -> str:
    """Return the style sheet for paper with the fonts in it."""
    return (style_rules(cuts, "truetype") + edition.render("type.css")
            + edition.render("print.css"))


def lay_out(edition: Edition, html: str, before: Setting | None = None) -> Layout:
    """Return the pages of the HTML page `html`.

    Where it differs in some blocks alone from the page that was set `before`, only the pages
    are set again that this reaches, and `before` has those of `html`.
    Raises ProblemsFoundError for what WeasyPrint warns of, for text outside its page, and for
    notes that are not on the page that calls them.
    """
    load_weasyprint()
    continued = set_again(edition, html, before) if before else None
    if before is None or continued is None:
        setting = Setting(html, end_before_lost_note)
        with _warnings_as_problems(edition, setting), _full_lines():
            continued = _set(setting)
    else:
        setting = before
    manuscript, document = edition.manuscript, setting.document
    found = [*check_pages(document, manuscript, edition.theme.typeface),
             *check_continued(continued, manuscript, document)]
    if any(not problem.note for problem in found):
        raise ProblemsFoundError(found)
    return Layout(document, tuple(found), setting)


def set_again(edition: Edition, html: str, setting: Setting) -> dict[str, list[int]] | None:
    """Set those pages of `html` that are others than in `setting`; nobody has looked at them.

    Returns the pages of each note that is continued, by its identifier, and None where all
    pages must be set anew.
    Raises ProblemsFoundError for what WeasyPrint warns of.
    """
    with _warnings_as_problems(edition, setting), _full_lines():
        return _set(setting) if setting.update(html) else None


def _set(setting: Setting) -> dict[str, list[int]]:
    continued = set_with_notes(setting)
    for number, page in setting.take_pages():
        _move_to_outer_margin(number, page)
        # Its links have moved too.
        setting.document.pages[number - 1] = type(page)(page._page_box)
    return continued


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

    with instead(inline, split_first_line=split):
        yield


def _move_to_outer_margin(number: int, page: Any) -> None:
    """Put paragraph numbers and marks beside the text block of a page, on its outer side.

    A style sheet for paper cannot tell on which side the page of an element will be. Where the
    marks of one line would cover one another, they stand one below the other.
    """
    block = text_block(page)
    free = 0.0
    boxes = list(walk(block))
    for place, box in enumerate(boxes):
        if box.element_tag == "p::before" and box.is_absolutely_positioned():
            _move_out(block, box, NUMBER_GAP, number % 2 == 1)
        elif is_mark(box):
            _move_out(block, box, MARK_GAP, number % 2 == 1)
            height = box.position_y + _lines_to_next_word(boxes, place)
            box.translate(dy=max(height, free) - box.position_y)
            free = box.position_y + MARK_LINE


def _lines_to_next_word(boxes: list[Any], place: int) -> float:
    """Return how much lower than the box at `place` the line of the next word is.

    A box out of the flow, between two words, stands at the end of a line as well as at the
    beginning of the next.
    """
    line, lines = boxes[place], []
    for number, box in enumerate(boxes):
        if is_line(box) and box.element_tag != "a":
            line = box
        if number == place:
            lines.append(line)
        elif lines and "::" not in box.element_tag and getattr(box, "text", "").strip():
            return float(line.position_y - lines[0].position_y)
    return 0.0


def _move_out(block: Any, box: Any, gap: float, to_the_right: bool) -> None:
    """Move `box` beside the text block, `gap` pixels away from it."""
    left, right = block.content_box_x(), block.content_box_x() + block.width
    figures = next(inner for inner in walk(box) if hasattr(inner, "text"))
    to = right + gap if to_the_right else left - gap - figures.width
    box.translate(dx=to - figures.position_x)


@contextmanager
def _warnings_as_problems(edition: Edition, setting: Setting) -> Iterator[None]:
    """Collect what WeasyPrint logs while the block runs, and raise it as problems.

    As it would not be said again of what `setting` keeps, that is forgotten.
    """
    records: list[logging.LogRecord] = []
    with listening(WEASYPRINT, records.append, logging.WARNING), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            yield
        finally:
            if records:
                setting.forget()
    if records:
        raise ProblemsFoundError(
            _warning(edition, DATA.sub("an image", record.getMessage())) for record in records)


def _warning(edition: Edition, said: str) -> Problem:
    """Return what WeasyPrint said as a problem, in the publication's own style sheet if it can."""
    said = re.sub(r" at \d+:\d+", "", said)  # a place in all style sheets together
    rule = re.search(r"`(.+?)`|'(.+?)'", said)
    words = list(filter(None, re.split(r"\W+", (rule[1] or rule[2]) if rule else "")))
    own = edition.project.templates
    for path in sorted(own.rglob("*.css")) if own and words else ():
        for number, line in enumerate(path.read_text(encoding="utf-8").split("\n"), 1):
            if re.search(r"\W*".join(map(re.escape, words)), line):
                return Problem(edition.project.name(path), number, f"WeasyPrint warns: {said}",
                               "correct the style sheet")
    return Problem(edition.manuscript.file, 0, f"WeasyPrint warns: {said}")


def _name_running_heads(edition: Edition, body: Body) -> None:
    """Tell the style sheet what the heads and feet of the pages say, each on one line."""
    version = f"{edition.words['version']} {edition.front.version}"
    header, authors = body.article[0], edition.authors
    if _shorten(edition, authors) != authors:
        authors = f"{edition.front.author[0].display} {edition.words['et_al']}"
    header.set("data-author", _shorten(edition, authors))
    header.set("data-title", _shorten(edition, body.title))
    header.set("data-edition", " · ".join([*edition.state, version]))


def _shorten(edition: Edition, words: str) -> str:
    """Return `words`, or as many of them as a running head has room for."""
    margins = edition.theme.margins
    room = (PAGE_WIDTH - margins.inner - margins.outer) / 25.4 * 72 * HEAD_WIDTH
    kept = words
    while text_width(kept, HEAD_SIZE, edition.theme.typeface) > room and " " in kept:
        kept = f"{kept.removesuffix(' …').rpartition(' ')[0]} …"
    return kept
