"""Looks at laid-out pages as a typographer does, and says where they are not as they should be.

What loses words is a problem: text that leaves the sheet, a note that is not where it is called.
What only looks bad is a note: a line with gaping spaces, a heading at the foot of a page.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any

from .body import HEADINGS
from .fonts import CODE_FAMILY, missing_characters
from .footnotes import find_notes, notes_on
from .layout import blocks_of_lines, lines_on, text_block, walk, words
from .manuscript import Manuscript
from .problems import Problem

# The most that justification may add to a space, in ems: a space is then three times as wide as
# the typeface has it, and the eye falls into the gap.
LOOSE = 0.5
# How far text may reach beyond the text block, in pixels of 1/96 inch.
SLACK = 1.0


def check_pages(document: Any, manuscript: Manuscript, typeface: str) -> Iterator[Problem]:
    """Yield what is wrong on the pages of `document`, each at its line of the manuscript.

    `typeface` is the family that the text is set in.
    """
    yield from _check_letters(document, manuscript, (typeface, CODE_FAMILY))
    for check in (_check_sheet, _check_notes, _check_margins, _check_headings,
                  _check_lone_lines, _check_spacing):
        yield from check(document, manuscript)


def check_continued(
    continued: dict[str, list[int]], manuscript: Manuscript, document: Any
) -> Iterator[Problem]:
    """Yield a note for each note of the text that had to be continued on the next page."""
    for name, pages in continued.items():
        yield _at(manuscript, _note_words(document, name),
                  f"note {name.removeprefix('n')} is too long for page {pages[0]}",
                  "it is continued at the foot of page " + ", ".join(map(str, pages[1:])), True)


def _check_sheet(document: Any, manuscript: Manuscript) -> Iterator[Problem]:
    """Yield a problem for each page with a line of text that leaves the sheet."""
    for number, page in enumerate(document.pages, 1):
        for box in walk(page._page_box):
            said = getattr(box, "text", "").strip()
            if said and not _is_inside(page, box):
                yield _at(manuscript, said, f"page {number}: “{_short(said)}” leaves the page",
                          "shorten the note, or the unbreakable words, that stand there")
                break


def _check_letters(
    document: Any, manuscript: Manuscript, families: Sequence[str]
) -> Iterator[Problem]:
    """Yield a problem for words that could only be set in a font of this machine."""
    seen: set[tuple[str, str, str]] = set()
    for page in document.pages:
        for box in walk(page._page_box):
            said, family = getattr(box, "text", ""), box.style["font_family"][0]
            style = "normal" if box.style["font_style"] == "normal" else "italic"
            if not said or (said, family, style) in seen:
                continue
            seen.add((said, family, style))
            if family not in families:
                yield _at(manuscript, said, f"“{_short(said)}” is to be set in “{family}”, which "
                          "is no typeface of this edition", "choose one with theme: typeface")
            elif missing := missing_characters(said, family, style):
                shown = ", ".join(f"“{char}” (U+{ord(char):04X})" for char in sorted(missing))
                yield _at(manuscript, said, f"“{_short(said)}”: {family} has no {shown}",
                          "write it in other letters, or as an image")


def _check_notes(document: Any, manuscript: Manuscript) -> Iterator[Problem]:
    """Yield a problem for each note that is not on the page that calls it."""
    calls, notes = find_notes(document.pages)
    for name, page in calls.items():
        if notes.get(name) != page:
            yield _at(manuscript, _note_words(document, name),
                      f"note {name[1:]} does not fit on page {page}, which calls it",
                      "shorten it, or move its call by a sentence")


def _check_margins(document: Any, manuscript: Manuscript) -> Iterator[Problem]:
    """Yield a note for each line that runs into a margin, as an address does that can't break."""
    for number, page in enumerate(document.pages, 1):
        block = text_block(page)
        left, right = block.content_box_x(), block.content_box_x() + block.width
        for line in lines_on(page):
            for box in walk(line):
                said = getattr(box, "text", "").strip()
                if said and "::" not in box.element_tag and _is_inside(page, box) and (
                        box.position_x < left - SLACK
                        or box.position_x + box.width > right + SLACK):
                    yield _at(manuscript, said,
                              f"page {number}: “{_short(said)}” runs into the margin",
                              "let it break, with a space or a soft hyphen (&shy;)", True)
                    break


def _check_headings(document: Any, manuscript: Manuscript) -> Iterator[Problem]:
    """Yield a note for each heading at the foot of a page, parted from its text."""
    for number, page in enumerate(document.pages[:-1], 1):
        blocks = blocks_of_lines(page)
        if blocks and blocks[-1][0].element.tag in HEADINGS:
            said = words(blocks[-1][1][0])
            yield _at(manuscript, said,
                      f"the heading “{_short(said)}” stands alone at the foot of page {number}",
                      "add or take away some lines before it", True)


def _check_lone_lines(document: Any, manuscript: Manuscript) -> Iterator[Problem]:
    """Yield a note for each line of a paragraph that is alone at the head or foot of a page."""
    for number, (page, following) in enumerate(pairwise(document.pages), 1):
        before, after = blocks_of_lines(page), blocks_of_lines(following)
        if not before or not after or before[-1][0].element is not after[0][0].element:
            continue
        for held, where in ((before[-1][1], f"foot of page {number}"),
                            (after[0][1], f"head of page {number + 1}")):
            if len(held) == 1:
                said = words(held[0])
                yield _at(manuscript, said, f"“{_short(said)}”: a single line at the {where}",
                          "add or take away some words of the paragraph", True)


def _check_spacing(document: Any, manuscript: Manuscript) -> Iterator[Problem]:
    """Yield a note for each justified line whose spaces are far too wide."""
    for number, page in enumerate(document.pages, 1):
        for line in lines_on(page):
            added = max(getattr(box, "justification_spacing", 0) for box in walk(line))
            if added > LOOSE * line.style["font_size"]:
                yield _at(manuscript, words(line),
                          f"page {number}: “{_short(words(line))}” is set far too loose",
                          "change a word near it, or show where a long one may break (&shy;)",
                          True)


def _note_words(document: Any, name: str) -> str:
    """Return the words of a note, wherever on the pages it is."""
    for page in document.pages:
        for box in notes_on(page):
            if box.element.get("id") == name:
                return words(box)
    return ""


def _at(
    manuscript: Manuscript, said: str, what: str, remedy: str, note: bool = False
) -> Problem:
    return Problem(manuscript.file, manuscript.line_of(said), what, remedy, note)


def _short(said: str) -> str:
    """Return the beginning of `said`, to name it by."""
    said = " ".join(said.replace("\u2060", "").split())
    return said if len(said) <= 40 else (said[:40].rpartition(" ")[0] or said[:40]) + " …"


def _is_inside(page: Any, box: Any) -> bool:
    """Tell whether `box` lies on the sheet, half a pixel aside."""
    right, bottom = box.position_x + box.width, box.position_y + box.height
    return bool(box.position_x >= -0.5 and right <= page.width + 0.5
                and box.position_y >= -0.5 and bottom <= page.height + 0.5)
