"""Finds where each printed page begins in the text, and marks these places in the other editions.

The text of the article, without white space, is one stream of characters; the text that the
layout put on each page is another. Read side by side, the first character of a page that
matches is the place where the page begins. Notes are not part of the stream: they stand on the
page that calls them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lxml import etree

from .layout import Layout, text_block
from .problems import Problem
from .tree import Element

# Characters that layout may add, drop or move.
IGNORED = frozenset("\u00ad\u200b\u200c\u2060\ufeff")
HYPHEN = "\u2010"
PICTURE = "\ufffc"  # stands for an image in both streams
# Where the streams differ, so many characters must agree again before they are trusted.
CONTEXT = 24

ASIDE_ROLES = ("doc-noteref", "doc-endnotes", "doc-footnote", "doc-backlink", "doc-pagebreak")


@dataclass(frozen=True)
class Place:
    """A character of a tree: in the text of `element` or after it, at `offset`."""

    character: str
    element: Element
    in_tail: bool
    offset: int


@dataclass(frozen=True)
class PageMap:
    """Where each page begins, as the number of a character in the stream of the article.

    `starts` holds (page, character) for each page with text, both rising; `inexact` the pages
    whose place could only be found to the nearest paragraph.
    """

    starts: tuple[tuple[int, int], ...]
    inexact: tuple[int, ...]
    length: int

    @property
    def description(self) -> str:
        """What has been found of the pages, in words."""
        count = len(self.starts)
        return (f"Pages: {count - len(self.inexact)} of {count} begin at the same word in every "
                "edition; each note is on its page, nothing off the sheet")

    def problems(self, file: str) -> Iterator[Problem]:
        """Yield a note for each page whose place is not exact."""
        for page in self.inexact:
            yield Problem(
                file, 0, f"page {page} begins at words that could not be found in the text",
                "in EPUB and HTML its mark stands at the nearest paragraph", note=True)


def read_page_map(layout: Layout, article: Element) -> PageMap:
    """Return where the pages of `layout` begin in the stream of `article`."""
    places = read_stream(article)
    stream = "".join(place.character for place in places)
    starts: list[tuple[int, int]] = []
    inexact: list[int] = []
    position = 0
    for number, page in enumerate(page_texts(layout.document.pages), 1):
        if not page:
            continue
        start, position = _match(stream, position, page)
        if start is None:
            inexact.append(number)
            start = _block_start(places, starts[-1][1] if starts else 0, position)
        starts.append((number, start))
    return PageMap(tuple(starts), tuple(inexact), len(stream))


def carry_page_map(page_map: PageMap, before: str, after: str) -> PageMap:
    """Return about where pages begin in the stream `after`, from where they do in `before`.

    Each begins with the words with which it began, as long as these are there; until the pages
    are set anew, that is as near as can be.
    """
    starts: list[tuple[int, int]] = []
    at, last = 0, 0
    for page, start in page_map.starts:
        found = after.find(before[start:start + CONTEXT], at)
        at = found if found >= 0 else min(at + start - last, len(after) - 1)
        last = start
        starts.append((page, at))
    return PageMap(tuple(starts), (), len(after))


def mark_pages(
    page_map: PageMap, trees: list[Element], make_mark: Callable[[int], Element]
) -> list[tuple[int, int]]:
    """Put a mark into `trees`, which together hold the stream, where each page begins.

    `make_mark` makes the mark of a page by its number. Returns (page, number of its tree).
    The text stays as it is.
    """
    places = [(number, place) for number, tree in enumerate(trees)
              for place in read_stream(tree)]
    if len(places) != page_map.length:
        raise ValueError("an edition has not the words of the printed one")
    at = _choose_places(places, [start for _, start in page_map.starts])
    marked = []
    # From the end backwards, because a mark moves what stands after it in the same text.
    for (page, _), chosen in reversed(list(zip(page_map.starts, at, strict=True))):
        tree, place = places[chosen]
        _insert(place, make_mark(page), place.element.getparent())
        marked.append((page, tree))
    return marked[::-1]


def _choose_places(places: list[tuple[int, Place]], starts: list[int]) -> list[int]:
    """Return where the marks go: after a word that is broken over two pages, and in order."""
    chosen = []
    for start, following in zip(starts, [*starts[1:], len(places)], strict=True):
        after_word = _word_start(places, start)
        chosen.append(after_word if after_word <= following else start)
    return chosen


def stream_of(tree: Element) -> str:
    """Return the characters of `tree` that stand in the flow of the text."""
    return "".join(place.character for place in read_stream(tree))


def read_stream(tree: Element) -> list[Place]:
    """Return the characters of `tree` that stand in the flow of the text, with their places."""
    places: list[Place] = []
    _collect(tree, places)
    return places


def _collect(element: Element, places: list[Place]) -> None:
    name = element.tag.rpartition("}")[2] if isinstance(element.tag, str) else ""
    if name in ("img", "svg"):
        places.append(Place(PICTURE, element, False, -1))
        return
    if not name or name in ("head", "fn-note") or element.get("role") in ASIDE_ROLES:
        return
    _collect_text(element.text, element, False, places)
    for child in element:
        _collect(child, places)
        _collect_text(child.tail, child, True, places)


def _collect_text(
    text: str | None, element: Element, in_tail: bool, places: list[Place]
) -> None:
    places += [Place(character, element, in_tail, offset)
               for offset, character in enumerate(text or "") if counts(character)]


def counts(character: str) -> bool:
    """Tell whether `character` is one of the stream, which layout neither adds nor drops."""
    return not character.isspace() and character not in IGNORED


def page_texts(pages: Sequence[Any]) -> Iterator[str]:
    """Yield the text in the flow of each page, without white space."""
    heads: set[Any] = set()
    for page in pages:
        yield "".join(_page_text(text_block(page), heads))


def _page_text(box: Any, heads: set[Any]) -> Iterator[str]:
    tag = box.element_tag or ""
    if "::" in tag or (box.element is not None and box.element.get("role") in ASIDE_ROLES):
        return
    if getattr(box, "is_header", False):
        if box.element in heads:
            return  # a table head that is repeated on a later page
        heads.add(box.element)
    if hasattr(box, "replacement") or tag.endswith("}svg"):
        yield PICTURE
        return
    text = getattr(box, "text", None)
    if text is not None:
        # The hyphen that layout sets at the end of a line is not in the text.
        text = text.removesuffix(HYPHEN)
        yield "".join(character for character in text if counts(character))
        return
    for child in getattr(box, "children", ()):
        yield from _page_text(child, heads)


def _match(stream: str, position: int, page: str) -> tuple[int | None, int]:
    """Return where `page` begins in `stream`, from `position` on, and where it ends.

    The beginning is None where the first characters of the page are not found.
    """
    if stream.startswith(page, position):
        return position, position + len(page)
    start = _find(stream, position, page[:CONTEXT])
    last = page[-CONTEXT:]
    end = _find(stream, start if start is not None else position, last, len(page) + CONTEXT)
    if end is not None:
        return start, end + len(last)
    return start, (start if start is not None else position) + len(page)


def _block_start(places: list[Place], first: int, position: int) -> int:
    """Return the first character of the block nearest before `position`, not before `first`."""
    position = min(position, len(places) - 1)
    return next((number for number in range(position, first, -1)
                 if places[number].offset == 0 and not places[number].in_tail), position)


def _find(stream: str, position: int, words: str, within: int = 400) -> int | None:
    found = stream.find(words, position, position + within + len(words))
    return found if found >= 0 and words else None


def _word_start(places: list[tuple[int, Place]], start: int) -> int:
    """Return `start`, or the beginning of the next word where `start` is inside one."""
    if not _is_inside_word(places[start][1]):
        return start
    return next((number for number in range(start, len(places))
                 if _before(places[number][1]) == " "), start)


def _is_inside_word(place: Place) -> bool:
    return place.character.isalnum() and _before(place).isalnum()


def _before(place: Place) -> str:
    """Return the character before `place`; a space at the beginning of a text."""
    text = place.element.tail if place.in_tail else place.element.text
    before = (text or "")[place.offset - 1] if place.offset > 0 else " "
    return " " if before.isspace() else before


def place_before(
    places: list[Place], start: int, element: Element, parents: Mapping[Element, Element]
) -> None:
    """Put `element` before the word at `start`, or before the next where that is inside one.

    `parents` gives the parent of each element of the tree, which may be of any kind.
    """
    chosen = _word_start([(0, place) for place in places], start)
    _insert(places[chosen], element, parents.get(places[chosen].element))


def _insert(place: Place, mark: Element, parent: Element) -> None:
    """Put `mark` before the character at `place`, whose element has the parent `parent`."""
    element, offset = place.element, place.offset
    if offset < 0:  # a picture
        parent.insert(list(parent).index(element), mark)
    elif place.in_tail:
        text = element.tail
        element.tail, mark.tail = text[:offset], text[offset:]
        parent.insert(list(parent).index(element) + 1, mark)
    else:
        text = element.text
        element.text, mark.tail = text[:offset], text[offset:]
        element.insert(0, mark)


def make_mark(page: int) -> Element:
    """Return the mark of a page in the HTML edition (DPUB-ARIA 1.1, doc-pagebreak)."""
    return etree.Element("span", {
        "id": f"page-{page}", "class": "page", "role": "doc-pagebreak", "title": str(page)})
