"""Compares two readings passage by passage and word by word, and follows each place.

Passages with the same words belong together wherever they stand; of the others, those belong
together that have most of their words in common.
"""

from __future__ import annotations

import difflib
import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from .corrections import CITED_KEY, Change
from .reading import Passage, find_words

TOKEN = re.compile(r"[\w’'\u2010-]+|\s+|[^\w\s]")
# Passages with a smaller share of words in common are not two states of one passage.
ALIKE = 0.5


@dataclass(frozen=True)
class Piece:
    """Words that both texts have, or only the old, or only the new.

    `position` counts the characters before it, in the text that it is from (for "same", in the
    new one). `entries` are the changes that say so.
    """

    kind: Literal["same", "old", "new"]
    text: str
    position: int
    entries: tuple[Change, ...] = ()


@dataclass(frozen=True)
class Pair:
    """A passage of the old text and what became of it; one of the two may be missing."""

    old: Passage | None
    new: Passage | None
    moved: bool = False
    pieces: tuple[Piece, ...] = ()

    @property
    def changed(self) -> bool:
        """Tell whether there are words that only one of the texts has."""
        return any(piece.kind != "same" for piece in self.pieces)

    @property
    def passage(self) -> Passage:
        """The passage as it is now, or as it was where it is gone."""
        found = self.new or self.old
        assert found
        return found

    @property
    def entries(self) -> list[Change]:
        """The changes that explain what differs, each once."""
        return list(dict.fromkeys(entry for piece in self.pieces for entry in piece.entries))

    @property
    def unexplained(self) -> list[Piece]:
        """The words that differ, and that no change speaks of.

        A source that is listed newly, or no longer, follows from what cites it.
        """
        if self.passage.kind == "source" and not (self.old and self.new):
            return []
        return [piece for piece in self.pieces
                if piece.kind != "same" and piece.text.strip() and not piece.entries]


def compare(
    old: Sequence[Passage], new: Sequence[Passage], changes: Sequence[Change]
) -> list[Pair]:
    """Return every passage of `new` in its order, with those of `old` that are gone between.

    `changes` are the entries that were made from the one to the other.
    """
    pairs: list[Pair] = []
    for kind in ("paragraph", "note", "source", "other"):
        match = _match_sources if kind == "source" else _match
        pairs += match([passage for passage in old if passage.kind == kind],
                       [passage for passage in new if passage.kind == kind])
    pairs = _in_order(pairs, old, new)
    same_sources = {pair.new.name for pair in pairs if pair.old and pair.new
                    and pair.new.kind == "source" and pair.old.text == pair.new.text}
    return _explain_notes(
        [_explain(_tell_apart(pair, same_sources), changes) for pair in pairs])


def match_texts(old: Sequence[str], new: Sequence[str]) -> list[tuple[int | None, int | None]]:
    """Return which text of `old` became which of `new`, as pairs of their numbers from 0.

    Every number is in one pair; None stands for a text that the other side does not have.
    """
    matched: dict[int, int] = {}
    matcher = difflib.SequenceMatcher(None, old, new, autojunk=False)
    for first, second, length in matcher.get_matching_blocks():
        matched |= {first + step: second + step for step in range(length)}
    left_old, left_new = _left(old, matched.keys()), _left(new, matched.values())
    for number in list(left_old):
        same = next((other for other in left_new if new[other] == old[number]), None)
        if same is not None:
            matched[number] = same
            left_old.remove(number)
            left_new.remove(same)
    matched |= _match_alike(old, new, left_old, left_new)
    gone = [(number, None) for number in _left(old, matched.keys())]
    fresh = [(None, number) for number in _left(new, matched.values())]
    return [*sorted(matched.items()), *gone, *fresh]


def _left(texts: Sequence[str], taken: object) -> list[int]:
    numbers = set(taken)  # type: ignore[call-overload]
    return [number for number in range(len(texts)) if number not in numbers]


def _match_alike(
    old: Sequence[str], new: Sequence[str], left_old: Sequence[int], left_new: Sequence[int]
) -> dict[int, int]:
    """Return which of the texts that are left are two states of one, the most alike first."""
    words = {number: new[number].split() for number in left_new}
    scored = []
    for first in left_old:
        matcher = difflib.SequenceMatcher(None, autojunk=False)
        matcher.set_seq2(old[first].split())
        for second in left_new:
            matcher.set_seq1(words[second])
            if min(matcher.real_quick_ratio(), matcher.quick_ratio()) >= ALIKE:
                scored.append((-matcher.ratio(), abs(first - second), first, second))
    matched: dict[int, int] = {}
    for ratio, _, first, second in sorted(scored):
        if -ratio >= ALIKE and first not in matched and second not in matched.values():
            matched[first] = second
    return matched


def _match(old: Sequence[Passage], new: Sequence[Passage]) -> list[Pair]:
    matched = match_texts([passage.text for passage in old], [passage.text for passage in new])
    both = [(first, second) for first, second in matched
            if first is not None and second is not None]
    kept = _longest_rise([second for _, second in both])
    # A note moves with the passage that calls it, and that is enough to say.
    moves = bool(new) and new[0].kind != "note"
    return [Pair(old[first] if first is not None else None,
                 new[second] if second is not None else None,
                 moved=moves and first is not None and second is not None and second not in kept)
            for first, second in matched]


def _match_sources(old: Sequence[Passage], new: Sequence[Passage]) -> list[Pair]:
    before, now = ({passage.name: passage for passage in side} for side in (old, new))
    return [Pair(before.get(name), now.get(name)) for name in before | now]


def _longest_rise(numbers: Sequence[int]) -> set[int]:
    """Return a longest series of `numbers` in which each is greater than the one before."""
    ends: list[int] = []
    last: list[int] = []
    before: dict[int, int | None] = {}
    for number in numbers:
        at = bisect_left(ends, number)
        before[number] = last[at - 1] if at else None
        ends[at:at + 1] = [number]
        last[at:at + 1] = [number]
    series: set[int] = set()
    at_last = last[-1] if last else None
    while at_last is not None:
        series.add(at_last)
        at_last = before[at_last]
    return series


def _in_order(
    pairs: Sequence[Pair], old: Sequence[Passage], new: Sequence[Passage]
) -> list[Pair]:
    """Return `pairs` in the order of `new`, each that is gone behind what it used to follow."""
    by_new = {id(pair.new): pair for pair in pairs if pair.new}
    by_old = {id(pair.old): pair for pair in pairs if pair.old}
    ordered = [by_new[id(passage)] for passage in new]
    before: Pair | None = None
    for passage in old:
        pair = by_old[id(passage)]
        if pair.new is None:
            at = next((number + 1 for number, other in enumerate(ordered) if other is before), 0)
            ordered.insert(at, pair)
        if not pair.moved:
            before = pair
    return ordered


def _tell_apart(pair: Pair, same_sources: set[str]) -> Pair:
    """Return `pair` with the words that differ; in notes, only what the author changed."""
    old, new = pair.old, pair.new
    if old and new:
        formal = (new.kind == "note" and new.citation and old.citation == new.citation
                  and new.keys <= same_sources)
        pieces = [Piece("same", new.text, 0)] if formal else list(diff_words(old.text, new.text))
    else:
        pieces = [Piece("old", old.text, 0)] if old else []
        pieces += [Piece("new", new.text, 0)] if new else []
    return replace(pair, pieces=tuple(pieces))


def diff_words(old: str, new: str) -> Iterator[Piece]:
    """Yield the pieces of both texts in their order, cut between words.

    The pieces "same" and "old" together are the old text, "same" and "new" the new one.
    """
    tokens = TOKEN.findall(old), TOKEN.findall(new)
    at_old = at_new = 0
    matcher = difflib.SequenceMatcher(None, *tokens, autojunk=False)
    for kind, old_range, new_range in _joined(_slid(matcher.get_opcodes(), tokens), tokens[0]):
        before = "".join(tokens[0][slice(*old_range)])
        after = "".join(tokens[1][slice(*new_range)])
        if kind == "equal":
            yield Piece("same", after, at_new)
        else:
            if before:
                yield Piece("old", before, at_old)
            if after:
                yield Piece("new", after, at_new)
        at_old, at_new = at_old + len(before), at_new + len(after)


def _slid(
    opcodes: Sequence[tuple[str, int, int, int, int]], tokens: tuple[list[str], list[str]]
) -> list[tuple[str, int, int, int, int]]:
    """Return `opcodes` so that what is added or gone begins with a word where it can.

    A sentence that is added behind another is found as ". This one" before a full stop, and
    might as well be "This one." behind one.
    """
    slid = list(opcodes)
    for number in range(1, len(slid) - 1):
        before, (kind, a, b, c, d), after = slid[number - 1:number + 2]
        if [before[0], after[0]] != ["equal", "equal"] or kind == "replace":
            continue
        side, start, end = (tokens[1], c, d) if kind == "insert" else (tokens[0], a, b)
        by = 0
        while (after[1] + by < after[2] and side[start + by] == side[end + by]
               and not side[start + by][0].isalnum()):
            by += 1
        slid[number - 1:number + 2] = [
            ("equal", before[1], before[2] + by, before[3], before[4] + by),
            (kind, a + by, b + by, c + by, d + by),
            ("equal", after[1] + by, after[2], after[3] + by, after[4])]
    return [code for code in slid if code[1] != code[2] or code[3] != code[4]]


def _joined(
    opcodes: Sequence[tuple[str, int, int, int, int]], old: Sequence[str]
) -> Iterator[tuple[str, tuple[int, int], tuple[int, int]]]:
    """Yield the steps of a comparison; changes with only a space between them become one."""
    waiting: list[int] | None = None
    for number, (kind, a, b, c, d) in enumerate(opcodes):
        space = kind == "equal" and "".join(old[a:b]).isspace()
        if kind != "equal" or (space and waiting and number < len(opcodes) - 1):
            waiting = [waiting[0], b, waiting[2], d] if waiting else [a, b, c, d]
            continue
        if waiting:
            yield "change", (waiting[0], waiting[1]), (waiting[2], waiting[3])
            waiting = None
        yield "equal", (a, b), (c, d)
    if waiting:
        yield "change", (waiting[0], waiting[1]), (waiting[2], waiting[3])


def _explain(pair: Pair, changes: Sequence[Change]) -> Pair:
    """Return `pair` with the changes that explain each piece that differs."""
    return replace(pair, pieces=tuple(
        piece if piece.kind == "same" else
        replace(piece, entries=tuple(_explaining(pair, piece, changes)))
        for piece in pair.pieces))


def _explain_notes(pairs: Sequence[Pair]) -> list[Pair]:
    """Return `pairs` with the notes of paragraphs that came or went explained as these are."""
    alone = {(pair.new is None, pair.passage.number): pair.entries for pair in pairs
             if pair.passage.kind == "paragraph" and not (pair.old and pair.new)}
    explained = []
    for pair in pairs:
        if pair.passage.kind == "note" and pair.unexplained and not (pair.old and pair.new):
            entries = alone.get((pair.new is None, pair.passage.place.paragraph), [])
            pair = replace(pair, pieces=tuple(
                replace(piece, entries=tuple(entries)) for piece in pair.pieces))
        explained.append(pair)
    return explained


def _explaining(pair: Pair, piece: Piece, changes: Sequence[Change]) -> list[Change]:
    """Return the changes that together quote all of `piece`, or whose citation it shows."""
    passage = pair.old if piece.kind == "old" else pair.new
    assert passage
    alone = not (pair.old and pair.new)
    cited = [change for change in changes if _cites(pair, piece, change)]
    if cited:
        return cited
    begins = piece.position + len(piece.text) - len(piece.text.lstrip())
    uncovered = set(range(begins, piece.position + len(piece.text.rstrip())))
    found = []
    for change in changes:
        span = find_words(change.was if piece.kind == "old" else change.now, passage.text)
        if span and (alone or uncovered & set(range(*span))):
            found.append(change)
            uncovered -= uncovered if alone else set(range(*span))
    if alone and passage.kind == "source":
        return [*found, *(change for change in changes if passage.name in _quoted_keys(change))]
    return found if not uncovered else []


def _cites(pair: Pair, piece: Piece, change: Change) -> bool:
    """Tell whether `change` is one of citations, and `piece` is where they are printed."""
    keys = set(CITED_KEY.findall(f"{change.was}; {change.now}"))
    shown = {key for passage in (pair.old, pair.new) if passage for key in passage.keys}
    if not keys & shown or not _is_at(pair, change):
        return False
    passage = pair.old if piece.kind == "old" else pair.new
    assert passage
    return passage.kind in ("note", "source") or _is_in_brackets(passage, piece)


def _is_in_brackets(passage: Passage, piece: Piece) -> bool:
    """Tell whether `piece` stands in round or square brackets, as citations in the text do."""
    before = passage.text[:piece.position] + piece.text.strip()[:1]
    return any(before.count(first) > before.count(last) for first, last in ("()", "[]"))


def _quoted_keys(change: Change) -> list[str]:
    """Return the keys of all sources that `change` names."""
    return [*change.keys, *CITED_KEY.findall(f"{change.was}; {change.now}")]


def _is_at(pair: Pair, change: Change) -> bool:
    """Tell whether `change` is made in the paragraph of `pair`, or does not say where."""
    return not change.paragraph or pair.passage.kind == "source" or (
        pair.passage.place.paragraph == change.paragraph)

