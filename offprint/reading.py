"""Reads an edition as its reader does: passage by passage, with paragraphs, notes and pages.

A place in the text is a pair: the number of a paragraph, and how many characters, white space
not counted, come between the beginning of that paragraph and the place. What stands before the
first paragraph is in paragraph 0; what stands between two belongs to the first of them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

from . import citation
from .body import BACK_MATTER, HEADINGS, Body, render_body
from .document import Element as PandocElement
from .document import elements, plain_text, walk
from .edition import Edition
from .fonts import cut_fonts
from .layout import Layout, is_line
from .pages import ASIDE_ROLES, IGNORED, PICTURE, PageMap, read_page_map
from .paper import lay_out, render_print
from .passages import make_plain
from .text import Text, read_text, resolve_text
from .tree import Element

BLOCKS = (*HEADINGS, "p", "li", "dt", "dd", "td", "th", "caption", "figcaption", "pre", "div",
          "article", "section", "header", "blockquote", "figure", "table")
# Their words are those of the press, or change with every version.
NOT_COMPARED = ("imprint",)
OPENING_WORDS = 6

Kind = Literal["paragraph", "note", "source", "other"]


class Place(NamedTuple):
    """A place in the text: a paragraph, and the characters from its beginning to there."""

    paragraph: int
    offset: int


class Start(NamedTuple):
    """Where a page begins, and its first words."""

    page: int
    place: Place
    words: str


@dataclass(frozen=True)
class Passage:
    """A block of text that a reader can point to: a paragraph, a note, a source, a heading.

    `number` is that of the paragraph or the note, `name` the key of a source; `place` is where
    the passage begins, that of a note where it is called. `keys` are the sources it links to;
    `citation` says how a note cites, whatever the style makes of it.
    """

    kind: Kind
    text: str
    place: Place
    number: int = 0
    name: str = ""
    keys: frozenset[str] = frozenset()
    citation: str = ""

    def place_of(self, position: int) -> Place:
        """Return the place of the character at `position` in the text of this passage."""
        if self.kind == "note":
            return self.place
        before = sum(counts(character) for character in self.text[:position])
        return Place(self.place.paragraph, self.place.offset + before)


@dataclass(frozen=True)
class Reading:
    """An edition with its converted text, and the passages of it in reading order."""

    edition: Edition
    text: Text
    body: Body
    passages: tuple[Passage, ...]
    places: tuple[Place, ...]  # of each character in the stream of the article
    blocks: tuple[tuple[Place, str], ...]  # where each block begins, and its words

    @property
    def paragraphs(self) -> int:
        """How many paragraphs have a number."""
        return sum(passage.kind == "paragraph" for passage in self.passages)


def read_reading(edition: Edition) -> Reading:
    """Return `edition` as its reader has it; nothing is laid out yet.

    Raises ProblemsFoundError for what Pandoc warns of, and ToolError.
    """
    text = resolve_text(edition, read_text(edition))
    whole = citation.add_cite_section(
        edition, text, citation.render_citations(edition, text, edition.swhid))
    body = render_body(edition, whole)
    blocks, calls, length = _read_blocks(body.article)
    numbers = [block for block in blocks if block.number]
    citations = _note_citations([*text.front, *text.essay])
    passages: list[Passage] = []
    for block in blocks:
        if block.compared and block.words:
            passages.append(_passage(block, _place(numbers, block.first)))
        passages += [
            _note(number, body.notes[number], _place_after(numbers, position), citations)
            for number, caller, position in calls if caller is block and block.compared]
    places = tuple(_place(numbers, position) for position in range(length))
    beginnings = tuple((_place(numbers, block.first), block.words)
                       for block in blocks if block.words)
    return Reading(edition, whole, body, tuple(passages), places, beginnings)


def lay_out_reading(reading: Reading) -> Layout:
    """Return the pages of the edition that `reading` has read.

    Raises what `paper.lay_out` raises.
    """
    faces = reading.edition.theme.faces(reading.text.has_bold, reading.text.has_code)
    cuts = cut_fonts(faces, reading.body.characters)
    return lay_out(reading.edition, render_print(reading.edition, reading.body, cuts))


def read_starts(reading: Reading, layout: Layout) -> tuple[Start, ...]:
    """Return where each page of `layout` with text begins."""
    page_map: PageMap = read_page_map(layout, reading.body.article)
    if page_map.length != len(reading.places):
        raise ValueError("the text and its pages have not the same words")
    return tuple(
        Start(page, reading.places[first], _words_at(reading, reading.places[first]))
        for page, first in page_map.starts)


def page_of(starts: Sequence[Start], place: Place) -> int:
    """Return the page on which `place` is; 0 where no page is known."""
    return max((start.page for start in starts if start.place <= place), default=0)


def find_line(layout: Layout, passage: Passage, position: int) -> int:
    """Return the line of `passage` in which the character at `position` stands, from 1.

    Lines are those of the paragraph or the note, counted from its beginning; 0 where the
    passage is neither.
    """
    name = {"paragraph": "p", "note": "n"}.get(passage.kind)
    if not name:
        return 0
    wanted = sum(counts(character) for character in passage.text[:position])
    number = seen = 0
    for line in _lines_of(layout, f"{name}{passage.number}"):
        number += 1
        seen += line
        if seen > wanted:
            return number
    return number


def find_words(words: str, text: str) -> tuple[int, int] | None:
    """Return from where to where `words` stand in `text`, whatever the quotes and dashes."""
    plain = make_plain(text)
    for first, last in plain.find(make_plain(words).text):
        return plain.places[first], plain.places[last - 1] + 1
    return None


@dataclass
class _Block:
    """A block of the article while it is read: its words, and where they begin."""

    element: Element
    compared: bool
    first: int = 0
    pieces: list[str] = field(default_factory=list)

    @property
    def words(self) -> str:
        return " ".join("".join(self.pieces).split())

    @property
    def number(self) -> int:
        return int(self.element.get("data-number") or 0)

    @property
    def key(self) -> str:
        name = self.element.get("id") or ""
        return name.removeprefix("ref-") if name.startswith("ref-") else ""


def _read_blocks(article: Element) -> tuple[list[_Block], list[tuple[int, _Block, int]], int]:
    """Return the blocks in `article`, the calls of notes in them, and its length.

    A call is (number of its note, its block, characters before it). The characters are those
    of `pages.read_stream`.
    """
    blocks: list[_Block] = []
    calls: list[tuple[int, _Block, int]] = []
    length = 0

    def add(text: str | None, block: _Block) -> None:
        nonlocal length
        if text:
            if not block.words:
                block.first = length
            block.pieces.append("".join(char for char in text if char not in IGNORED))
            length += sum(map(counts, text))

    def collect(element: Element, block: _Block, compared: bool) -> None:
        nonlocal length
        if not isinstance(element.tag, str) or element.get("role") == "doc-noteref":
            if element.get("role"):
                calls.append((int(element.get("href")[2:]), block, length))
            return
        name = element.tag.rpartition("}")[2]
        if name in ("img", "svg"):
            length += len(PICTURE)
            return
        if element.get("role") in ASIDE_ROLES:
            return
        compared = compared and (
            element.get("id") not in BACK_MATTER and element.get("class") not in NOT_COMPARED)
        entry = (element.get("id") or "").startswith("ref-")
        if name in BLOCKS and not block.key:
            block = _Block(element, compared or entry, length)
            blocks.append(block)
        if name == "br":
            block.pieces.append(" ")
        add(element.text, block)
        for child in element:
            collect(child, block, compared)
            add(child.tail, block)

    collect(article, _Block(article, True), True)
    return blocks, calls, length


def _passage(block: _Block, place: Place) -> Passage:
    keys = _linked_keys(block.element)
    if block.number:
        return Passage("paragraph", block.words, place, block.number, keys=keys)
    if block.key:
        return Passage("source", block.words, place, name=block.key,
                       keys=frozenset({block.key}))
    return Passage("other", block.words, place, keys=keys)


def _note(number: int, note: Element, place: Place, citations: Sequence[str]) -> Passage:
    words = " ".join(" ".join("".join(child.itertext()) for child in note).split())
    words = "".join(character for character in words if character not in IGNORED)
    return Passage("note", words, place, number, keys=_linked_keys(note),
                   citation=citations[number - 1] if number <= len(citations) else "")


def _linked_keys(element: Element) -> frozenset[str]:
    return frozenset(link.get("href")[5:] for link in element.iter("a")
                     if (link.get("href") or "").startswith("#ref-"))


def _place(numbers: Sequence[_Block], position: int) -> Place:
    """Return the place of a character of the stream, given the blocks that have a number."""
    before = None
    for block in numbers:
        if block.first > position:
            break
        before = block
    return Place(before.number, position - before.first) if before else Place(0, position)


def _place_after(numbers: Sequence[_Block], position: int) -> Place:
    """Return the place behind the character before `position`, in the same paragraph."""
    before = _place(numbers, max(position - 1, 0))
    return Place(before.paragraph, before.offset + 1)


def _note_citations(blocks: list[PandocElement]) -> list[str]:
    """Return what each note of the resolved `blocks` cites or says, before it is styled."""
    found: list[str] = []
    within: list[int] = []
    for element in walk(blocks):
        if element["t"] == "Cite":
            notes = list(elements(element["c"][1], "Note"))
            found += [_citation(element)] * len(notes)
            within += map(id, notes)
        elif element["t"] == "Note" and id(element) not in within:
            cited = "; ".join(map(_citation, elements(element["c"], "Cite")))
            found.append(f"{plain_text(element['c'])} {cited}".strip())
    return found


def _citation(cite: PandocElement) -> str:
    return "; ".join(
        f"{plain_text(item['citationPrefix'])} @{item['citationId']} "
        f"{plain_text(item['citationSuffix'])}".strip() for item in cite["c"][0])


def _words_at(reading: Reading, place: Place) -> str:
    """Return the first words from `place` on, in its block or the next one."""
    begins, words = max(block for block in reading.blocks if block[0] <= place)
    position, left = 0, place.offset - begins.offset
    while left > 0 and position < len(words):
        left -= counts(words[position])
        position += 1
    after = words[position:] or next(
        (words for begins, words in reading.blocks if begins > place), "")
    return " ".join(after.split()[:OPENING_WORDS])


def _lines_of(layout: Layout, name: str) -> Iterator[int]:
    """Yield how many characters each line of the element with the identifier `name` has."""
    for page in layout.document.pages:
        boxes = [page._page_box]
        while boxes:
            box = boxes.pop()
            element = getattr(box, "element", None)
            if element is not None and element.get("id") == name:
                yield from map(_length, _lines_in(box))
                continue
            boxes += reversed(list(getattr(box, "children", ())))


def _lines_in(box: Any) -> Iterator[Any]:
    if "::" in (box.element_tag or ""):
        return
    if is_line(box):
        yield box
        return
    for child in getattr(box, "children", ()):
        yield from _lines_in(child)


def _length(box: Any) -> int:
    if "::" in (box.element_tag or ""):
        return 0
    text = getattr(box, "text", None)
    if text is not None:
        return sum(map(counts, text.removesuffix("\u2010")))
    return sum(map(_length, getattr(box, "children", ())))


def counts(character: str) -> bool:
    """Tell whether `character` counts in an offset: white space does not."""
    return not character.isspace() and character not in IGNORED
