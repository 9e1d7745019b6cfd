"""Finds the words that corrections quote in the essay, and marks where each passage begins.

Words are compared as a reader reads them: without markup, notes and citations, with plain quotes
and dashes. A mark is a link into the apparatus without words of its own, which the style sheets
show; the words of the text stay as they are.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from .corrections import Change, Correction, Corrections
from .document import Element, elements, raw_text, rewrite, walk
from .paragraphs import find_paragraphs

Entry = Correction | Change

# How characters that are typed in several ways are compared.
PLAIN = {"‘": "'", "’": "'", "“": '"', "”": '"', "…": "...", "\u00ad": ""}
DASHES = r"\u00ad*[-–—][-–—\u00ad]*"
CLOSING = ",.;:!?)"
SPACES = ("Space", "SoftBreak", "LineBreak")


@dataclass(frozen=True)
class Words:
    """Words made plain for comparing; `places` says where each character stood before."""

    text: str
    places: tuple[int, ...]

    def find(self, words: str) -> Iterator[tuple[int, int]]:
        """Yield where the plain `words` begin and end in the text, whole words only."""
        for found in _pattern(words).finditer(self.text) if words else ():
            yield found.span()


@dataclass(frozen=True)
class Unit:
    """A block that holds words, or the citations in it, and the paragraph in which it stands.

    `number` is 0 outside numbered paragraphs; `paragraph` is then the block itself.
    """

    number: int
    paragraph: Element
    block: Element
    words: Words
    citations: Words

    def read(self, quoted: str) -> Words:
        """Return what may hold the words `quoted`: citations for a citation."""
        return self.citations if quoted.startswith("@") else self.words


@dataclass(frozen=True)
class Passage:
    """Where words stand: in a unit, from `start` to `end` of its plain text."""

    unit: Unit
    start: int
    end: int
    quoted: str


@lru_cache(maxsize=4096)
def make_plain(text: str) -> Words:
    """Return `text` with plain quotes, dashes and single spaces."""
    kept: list[tuple[str, int]] = []
    for found in re.finditer(rf"\s+|({DASHES})|.", text, re.DOTALL):
        piece = " " if found[0].isspace() else "-" if found[1] else PLAIN.get(found[0], found[0])
        before = kept[-1][0] if kept else " "
        if piece == " " and before == " ":
            continue
        if piece in CLOSING and kept and before == " ":
            kept.pop()  # the space before a citation or a note, which is left out
        kept += [(character, found.start()) for character in piece]
    if kept and kept[-1][0] == " ":
        kept.pop()
    return Words("".join(character for character, _ in kept),
                 tuple(place for _, place in kept))


def read_units(front: list[Element], essay: list[Element]) -> list[Unit]:
    """Return all blocks of the title block and the essay that hold words, notes included."""
    around: dict[int, tuple[int, Element]] = {}
    for number, paragraph in enumerate(find_paragraphs(essay), 1):
        for element in walk(paragraph):
            around.setdefault(id(element), (number, paragraph))
    units = []
    for block, content in _leaves([*front, *essay]):
        number, paragraph = around.get(id(block), (0, block))
        cited = [raw_text(cite["c"][1]) for cite in elements(content, "Cite")]
        units.append(Unit(number, paragraph, block, make_plain(raw_text(content)),
                          make_plain(" ".join(cited))))
    return units


def find_passages(units: Iterable[Unit], quoted: str) -> list[Passage]:
    """Return every place where the words `quoted` stand."""
    plain = make_plain(quoted).text
    return [Passage(unit, start, end, quoted) for unit in units
            for start, end in unit.read(quoted).find(plain)]


def find_new_words(corrections: Corrections, entry: Entry, units: list[Unit]) -> list[Passage]:
    """Return where the new words of `entry` stand, as later changes have left them.

    Where a change of this version names its paragraph, only places in it count.
    """
    for words in standing_words(corrections, entry):
        if found := find_passages(units, words):
            number = entry.paragraph if isinstance(entry, Change) else None
            return [passage for passage in found if passage.unit.number == number] or found
    return []


def standing_words(corrections: Corrections, entry: Entry) -> list[str]:
    """Return the forms in which the new words of `entry` may stand after later changes."""
    forms = [entry.now] if entry.now else []
    for change in changes_after(corrections, entry):
        plain = make_plain(change.was).text
        if plain and not change.was.startswith("@"):
            forms += [changed for form in forms
                      if (changed := _replace(form, plain, change.now)) != form]
    return forms


def is_replaced_again(corrections: Corrections, entry: Entry) -> bool:
    """Tell whether a later change replaced words that hold all of the new words of `entry`."""
    forms = [make_plain(form).text for form in standing_words(corrections, entry)]
    return any(form in make_plain(change.was).text
               for change in changes_after(corrections, entry) for form in forms)


def changes_after(corrections: Corrections, entry: Entry) -> tuple[Change, ...]:
    """Return the changes that were made after `entry`; none counts for the replaced text."""
    if isinstance(entry, Correction):
        return ()
    return corrections.changes[corrections.changes.index(entry) + 1:]


def places_of(
    corrections: Corrections, version: str, essay: list[Element]
) -> dict[str, list[Passage]]:
    """Return, by the id of each entry, the passages in numbered paragraphs that it made.

    Of words that were taken away only the paragraph is known, and only in the `version` that
    has done so.
    """
    units = read_units([], essay)
    numbered = find_paragraphs(essay)
    places: dict[str, list[Passage]] = {}
    for entry in corrections.all:
        found = {passage.unit.number: passage for passage in
                 reversed(find_new_words(corrections, entry, units)) if passage.unit.number}
        number = (entry.paragraph if isinstance(entry, Change) and entry.version == version
                  and not entry.now else None)
        if not found and number and number <= len(numbered):
            unit = next(unit for unit in units if unit.block is numbered[number - 1])
            found = {number: Passage(unit, 0, 0, "")}
        places[entry.id] = [found[number] for number in sorted(found)]
    return places


def mark_passages(places: dict[str, list[Passage]], label: str) -> None:
    """Put a mark, a link to its entry called `label` and the id, where each passage begins."""
    marks = [(passage.unit.paragraph, *_beginning(passage), entry)
             for entry, passages in places.items() for passage in passages]
    # From the end backwards, because a mark moves what stands after it.
    for paragraph, index, offset, entry in sorted(
            marks, key=lambda mark: (mark[1], mark[2]), reverse=True):
        inlines = paragraph["c"]
        mark = _make_mark(entry, f"{label} {entry}")
        if not offset:
            inlines.insert(index, mark)
            continue
        words = inlines[index]["c"]
        inlines[index:index + 1] = [
            {"t": "Str", "c": words[:offset]}, mark, {"t": "Str", "c": words[offset:]}]


def name_places(
    back: list[Element], places: dict[str, list[Passage]], sign: str
) -> list[Element]:
    """Return the back matter with links to the paragraphs of each entry, such as “¶ 12”.

    `sign` has room for the number of a paragraph; where these are not shown, it is a word.
    """
    def change(element: Element) -> list[Element] | None:
        target = element["c"][2][0] if element["t"] == "Link" else ""
        if not target.startswith("#place-"):
            return None
        links = [{"t": "Link", "c": [
            ["", [], []], [{"t": "Str", "c": sign.format(passage.unit.number)}],
            [f"#p{passage.unit.number}", ""]]}
            for passage in places.get(target.removeprefix("#place-"), [])]
        between = [{"t": "Str", "c": ","}, {"t": "Space"}]
        inlines = [inline for link in links for inline in [*between, link]][2:]
        return [{"t": "Span", "c": [["", ["place"], []], inlines]}] if links else []

    named: list[Element] = rewrite(back, change)
    return named


def _make_mark(entry: str, title: str) -> Element:
    return {"t": "Link", "c": [
        ["", ["mark"], [["data-entry", entry], ["aria-label", title], ["title", title]]],
        [], [f"#correction-{entry}", ""]]}


def _beginning(passage: Passage) -> tuple[int, int]:
    """Return the inline of the paragraph before which a mark goes, and the offset in it."""
    unit = passage.unit
    if not passage.end:
        return 0, 0
    inlines = unit.paragraph["c"]
    if unit.block is not unit.paragraph or unit.read(passage.quoted) is unit.citations:
        return _before_aside(passage), 0
    place, index = unit.words.places[passage.start], 0
    for index, inline in enumerate(inlines):  # noqa: B007
        length = len(raw_text([inline]))
        if place < length:
            break
        place -= length
    return index, place if inlines[index]["t"] == "Str" else 0


def _before_aside(passage: Passage) -> int:
    """Return the beginning of the word that calls the note or the citation of a passage."""
    unit, plain = passage.unit, make_plain(passage.quoted).text
    inlines = unit.paragraph["c"]
    for number, inline in enumerate(inlines):
        holds = any(block is unit.block for block in walk(inline))
        cited = " ".join(raw_text(cite["c"][1]) for cite in elements(inline, "Cite"))
        if holds or (plain.startswith("@") and any(make_plain(cited).find(plain))):
            spaces = [before for before in range(number) if inlines[before]["t"] in SPACES]
            return spaces[-1] + 1 if spaces else 0
    return 0


def _leaves(blocks: list[Element]) -> Iterator[tuple[Element, list[Element]]]:
    """Yield the blocks that hold words, each with its inline elements."""
    for block in walk(blocks):
        content: Any = block.get("c")
        if block["t"] in ("Para", "Plain"):
            yield block, content
        elif block["t"] == "Header":
            yield block, content[2]
        elif block["t"] == "CodeBlock":
            yield block, [block]
        elif block["t"] == "LineBlock":
            yield block, [inline for line in content for inline in [*line, {"t": "Space"}]]
        elif block["t"] == "DefinitionList":
            for term, _ in content:
                yield block, term


@lru_cache(maxsize=4096)
def _pattern(plain: str) -> re.Pattern[str]:
    left = r"(?<!\w)" if re.match(r"\w", plain) else ""
    right = r"(?!\w)" if re.search(r"\w\Z", plain) else ""
    return re.compile(left + re.escape(plain) + right)


def _replace(text: str, plain: str, new: str) -> str:
    old = make_plain(text).text
    changed = _pattern(plain).sub(lambda _: new, old)
    return changed if changed != old else text
