"""Follows places from one version to another: page and paragraph then, page and paragraph now."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from .comparison import Pair
from .edition import Edition
from .history import Release
from .reading import Passage, Place, Start, counts, page_of


@dataclass(frozen=True)
class Row:
    """A numbered paragraph of the old version, and where it is now.

    Pages are the first and the last on which it stands. `new` and `new_pages` are None where it
    is gone; `state` is a key of the press's own words.
    """

    old: int
    old_pages: tuple[int, int]
    new: int | None
    new_pages: tuple[int, int] | None
    state: str


@dataclass(frozen=True)
class PageRow:
    """A page of the old version, and the place that its first words have now, if they do."""

    old: int
    words: str
    page: int | None
    paragraph: int | None


def follow_paragraphs(
    pairs: Sequence[Pair], old_starts: Sequence[Start], new_starts: Sequence[Start]
) -> list[Row]:
    """Return a row for each numbered paragraph of the old version, in its order."""
    return sorted((_row(pair, pair.old, old_starts, new_starts) for pair in pairs
                   if pair.old and pair.old.kind == "paragraph"), key=lambda row: row.old)


def follow_pages(
    pairs: Sequence[Pair], old_starts: Sequence[Start], new_starts: Sequence[Start]
) -> list[PageRow]:
    """Return a row for each page of the old version that begins in the text."""
    by_number = {pair.old.number: pair for pair in pairs
                 if pair.old and pair.old.kind == "paragraph"}
    rows = []
    for start in old_starts:
        place = _follow(start.place, by_number)
        rows.append(PageRow(start.page, start.words,
                            page_of(new_starts, place) or None if place else None,
                            place.paragraph if place else None))
    return rows


def render_concordance(
    old: Release, new: Edition, rows: Sequence[Row], pages: Sequence[PageRow]
) -> bytes:
    """Return the concordance of two versions as JSON, for programs."""
    return (json.dumps({
        "from": {"version": old.version, "date": old.date.isoformat(), "swhid": old.swhid},
        "to": {"version": new.version, "date": new.front.date.isoformat(), "swhid": new.swhid},
        "paragraphs": [{
            "from": _named(row.old, row.old_pages),
            "to": _named(row.new, row.new_pages) if row.new and row.new_pages else None,
            "state": row.state} for row in rows],
        "pages": [{
            "from": {"page": row.old, "words": row.words},
            "to": {"page": row.page, "paragraph": row.paragraph} if row.page else None}
            for row in pages]}, indent=1, ensure_ascii=False) + "\n").encode()


def _named(paragraph: int, pages: tuple[int, int]) -> dict[str, Any]:
    return {"paragraph": paragraph, "first_page": pages[0], "last_page": pages[1]}


def _row(
    pair: Pair, old: Passage, old_starts: Sequence[Start], new_starts: Sequence[Start]
) -> Row:
    new = pair.new
    if not new:
        return Row(old.number, _pages(old_starts, old), None, None, "gone")
    state = "changed" if pair.changed else "moved" if pair.moved else "same"
    return Row(old.number, _pages(old_starts, old), new.number, _pages(new_starts, new), state)


def _pages(starts: Sequence[Start], passage: Passage) -> tuple[int, int]:
    """Return the pages on which `passage` begins and ends."""
    last = passage.place_of(max(len(passage.text) - 1, 0))
    return page_of(starts, passage.place), page_of(starts, last)


def _follow(place: Place, by_number: dict[int, Pair]) -> Place | None:
    """Return the place that the words at `place` have now; None where the paragraph is gone."""
    if place.paragraph == 0:
        return Place(0, 0)
    pair = by_number.get(place.paragraph)
    if not pair or not pair.new:
        return None
    before_old = before_new = 0
    for piece in pair.pieces:
        length = sum(map(counts, piece.text))
        if piece.kind == "new":
            before_new += length
        elif piece.kind == "same" and before_old + length > place.offset:
            return Place(pair.new.number, before_new + place.offset - before_old)
        elif before_old + length > place.offset:
            return Place(pair.new.number, before_new)
        else:
            before_old += length
            before_new += length if piece.kind == "same" else 0
    return Place(pair.new.number, max(before_new - 1, 0))
