"""Sets notes at the foot of the page that calls them, and continues those that do not fit there.

WeasyPrint 70 knows notes (CSS GCPM, `float: footnote`) with two limits that a book cannot have:
it moves or loses a note where the next lines would fit without it, and it never breaks one. Here
the pages are set, looked at, and set again.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from lxml import etree

from .body import HEADINGS
from .layout import blocks_of_lines, foot, lines, text_block, walk
from .pages import HYPHEN, counts, page_texts, place_before, read_stream
from .setting import Rule, Setting
from .tree import Element, parents_of

# Keeps the call of a note on the line of the word before it.
WORD_JOINER = "\u2060"
# How often a page is set again to bring each note to its page.
MOST_LAYOUTS = 8
# A note of more lines is not moved to a page with more room, but continued on the next.
LONG = 20
# Numbers the elements of a note that is cut, so that its parts can be joined.
PART = "data-part"


def set_at_foot(call: Element, number: int, note: Element) -> None:
    """Replace the call of a note by the note itself, which the style sheet moves to the foot."""
    set_note = etree.Element("fn-note", {"id": f"n{number}", "data-number": str(number)})
    for child in note:
        set_note.append(_as_inline(child))
    _drop_white_space(set_note)
    set_note.tail = call.tail
    parent = call.getparent()
    assert parent is not None
    parent.replace(call, set_note)
    hold_to_last_word(set_note)


def hold_to_last_word(note: Element) -> None:
    """Wrap the last word before `note`, or its call, with it: no line begins with a call."""
    parent, before = note.getparent(), note.getprevious()
    assert parent is not None
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
    parent.replace(note, held)
    held.tail, note.tail = note.tail, None
    held.append(note)


def set_with_notes(setting: Setting) -> dict[str, list[int]]:
    """Set the pages of `setting` so that every note stands on the page that calls it.

    A note that is longer than its page has room for is cut in two, there and in the tree.
    Returned are the pages of each note that is continued, by its identifier.
    """
    setting.set_pages()
    continued = _continue_notes(setting)
    if continued:
        setting.set_pages()
    for _ in range(MOST_LAYOUTS):
        needless = _continued_in_place(setting.document)
        if not needless:
            break
        for note, rest in needless:
            join(note, rest)
            setting.renew([note, _take_out(setting.root, rest)])
        setting.set_pages()
    pages = {name: _pages_of(setting.document, name) for name in continued}
    return {name: on for name, on in pages.items() if len(on) > 1}


def end_before_lost_note(page: Any, following: Any) -> Rule | None:
    """Return the rule by which `page` ends before the lines that do not fit with their notes.

    None where every note that it calls is at its foot.
    """
    calls, notes = find_notes([page])
    if calls.keys() <= notes.keys():
        return None
    block, held = blocks_of_lines(page)[-1]
    after = blocks_of_lines(following) if following else []
    if not after or after[0][0].element is block.element:
        # The paragraph goes on: one more line before a break sends all of it over.
        return Rule(block, "orphans", len(held) + 1)
    return Rule(after[0][0], "break_before", "page")


def find_notes(pages: Sequence[Any]) -> tuple[dict[str, int], dict[str, int]]:
    """Return, by the identifier of each note, the page that calls it and the page it is on."""
    calls: dict[str, int] = {}
    notes: dict[str, int] = {}
    for number, page in enumerate(pages, 1):
        for box in walk(page._page_box):
            if box.element_tag == "fn-note::footnote-call":
                calls[box.element.get("id")] = number
            elif box.element_tag == "fn-note::footnote-marker":
                notes[box.element.get("id")] = number
    return calls, notes


def _continue_notes(setting: Setting) -> list[str]:
    """Cut each note that is too long for the page that calls it; return their names.

    What does not fit becomes a note of its own, called without a sign where the lines after the
    call begin. These then stand on the next page, and the rest with them.
    """
    waiting = [(box.element, [len(_characters(line)) for line in lines(box)])
               for page in setting.document.pages for box in notes_on(page)]
    waiting = [(note, lengths) for note, lengths in waiting if len(lengths) > LONG]
    continued = []
    while waiting:
        note, lengths = waiting.pop(0)
        room, start = _room_for(setting, note, sum(lengths[:2]))
        if room < len(lengths):
            rest = _cut_off(note, sum(lengths[:room]))
            _insert(setting.root, start, rest)
            setting.renew([note, rest])
            continued.append(rest.get("data-continues"))
            if len(lengths) - room > LONG:
                waiting.insert(0, (rest, lengths[room:]))
    return list(dict.fromkeys(continued))


def _room_for(setting: Setting, note: Any, least: int) -> tuple[int, int]:
    """Return how many lines `note` may have on the page that calls it, and where the text goes on.

    The second is the number of a character of the text: the first one after the line with the
    call. Both are read from a layout in which the note has only its first `least` characters.
    """
    whole = copy.deepcopy(note)
    cut_after(note, least)
    setting.renew([note])
    pages = setting.set_up_to(note)
    note.text = whole.text
    note[:] = list(whole)
    setting.renew([note])
    before = 0
    for page, text in zip(pages, page_texts(pages), strict=True):
        read = 0
        for line in lines(text_block(page)):
            read += len(_characters(line))
            if any(box.element is note for box in walk(line)):
                return _free_lines(page, line, note), before + read
        before += len(text)
    raise LookupError(note.get("id"))


def _free_lines(page: Any, call: Any, note: Any) -> int:
    """Return how many lines of notes fit on `page` below the line with the call of `note`."""
    block, area = text_block(page), foot(page)
    own = [line for box in notes_on(page) if box.element is note for line in lines(box)]
    bottom = area.position_y if area else block.content_box_y() + block.height
    height = own[0].height if own else call.height
    return max(len(own) + int((bottom - call.position_y - call.height) / height), 2)


def _continued_in_place(document: Any) -> list[tuple[Any, Any]]:
    """Return the parts of notes that stand on one page after all, the last ones first."""
    pairs = [(first.element, rest.element) for page in document.pages
             for first, rest in pairwise(notes_on(page)) if rest.element.get("data-continues")]
    return [(first, rest) for first, rest in reversed(pairs)
            if rest.get("id") == f"{first.get('id')}-"]


def _take_out(root: Any, element: Any) -> Any:
    """Take `element` out of its tree, the text after it aside; return what it was in."""
    parent = parents_of(root)[element]
    _drop(parent, element, element.tail or "")
    return parent


def _cut_off(note: Any, characters: int) -> Any:
    """Take what follows the first so many characters out of `note`; return it as a note."""
    rest = cut_after(note, characters)
    rest.attrib.pop("data-number", None)
    rest.set("data-continues", note.get("data-continues") or note.get("id"))
    rest.set("id", f"{note.get('id')}-")
    rest.tail = None
    return rest


def _insert(root: Any, start: int, rest: Any) -> None:
    """Put the rest of a note before the word at the character `start` of the text."""
    places = read_stream(root)
    parents = parents_of(root)
    if start < len(places):
        place_before(places, start, rest, parents)
        return
    # No text comes after this note: a page of its own holds the rest.
    article = next(element for element in root.iter() if element.tag in ("article", "body"))
    carrier = article.makeelement("p", {"style": "break-before: page"})
    carrier.append(rest)
    article.append(carrier)


def notes_on(page: Any) -> list[Any]:
    """Return the boxes of the notes at the foot of `page`, in order."""
    area = foot(page)
    return [box for box in area.children if box.element_tag == "fn-note"] if area else []


def _characters(line: Any) -> str:
    """Return the text of a line as it is in the source, without white space."""
    pieces = [box.text.removesuffix(HYPHEN) for box in walk(line)
              if hasattr(box, "text") and "::" not in (box.element_tag or "")]
    return "".join(filter(counts, "".join(pieces)))


def _pages_of(document: Any, name: str) -> list[int]:
    """Return the pages on which parts of the note `name` stand."""
    return [number for number, page in enumerate(document.pages, 1)
            if any(name in (note.element.get("id"), note.element.get("data-continues"))
                   for note in notes_on(page))]


def cut_after(element: Any, characters: int) -> Any:
    """Take what follows the first so many characters out of `element`, and return it as another.

    White space does not count. The cut is made after a word; neither part loses its markup, and
    `join` makes one of them again.
    """
    for number, inner in enumerate(element.iter()):
        inner.set(PART, str(number))
    rest = copy.deepcopy(element)
    at = _word_end(element, characters)
    _keep(element, at, after=False)
    _keep(rest, at, after=True)
    return rest


def join(element: Any, rest: Any) -> None:
    """Put `rest`, which was cut off `element`, back into it."""
    if len(element):
        element[-1].tail = (element[-1].tail or "") + (rest.text or "")
    else:
        element.text = (element.text or "") + (rest.text or "")
    parts = list(rest)
    if parts and len(element) and parts[0].get(PART) == element[-1].get(PART):
        join(element[-1], parts[0])
        element[-1].tail = parts[0].tail
        parts = parts[1:]
    element.extend(parts)


def _word_end(element: Any, characters: int) -> int:
    """Return how many characters `element` has up to the last end of a word, at most so many."""
    seen, end = 0, 0
    for character in "".join(element.itertext()):
        if character.isspace():
            end = seen
        elif counts(character):
            seen += 1
            if seen > characters:
                return end or characters
    return seen


def _keep(element: Any, at: int, after: bool) -> None:
    """Keep of the text in `element` what is before the character `at`, or what is `after` it."""
    position = 0

    def part(text: str | None) -> str:
        nonlocal position
        kept = ""
        for character in text or "":
            # White space at the cut ends the first part, so that the second begins with a word.
            is_first = position < at or (position == at and not counts(character))
            kept += "" if is_first is after else character
            position += counts(character)
        return kept

    def visit(parent: Any) -> None:
        parent.text = part(parent.text)
        for child in list(parent):
            visit(child)
            tail = part(child.tail)
            if child.text or len(child):
                child.tail = tail
            else:
                _drop(parent, child, tail)

    visit(element)


def _drop(parent: Any, child: Any, tail: str) -> None:
    """Take an empty child away; `tail` follows what is before it."""
    place = list(parent).index(child)
    parent.remove(child)
    if place:
        parent[place - 1].tail = (parent[place - 1].tail or "") + tail
    else:
        parent.text = (parent.text or "") + tail


def _as_inline(element: Element) -> Element:
    """Return a block of a note under a name that may stand inside a paragraph: p as fn-p."""
    blocks = ("p", "ul", "ol", "li", "blockquote", "pre", "div", "dl", "dt", "dd", "table",
              "tr", "td", "th", "tbody", "thead", "section", "figure", *HEADINGS)
    for block in element.iter(*blocks):
        block.tag = f"fn-{block.tag}"
    return element


def _drop_white_space(note: Element) -> None:
    """Take away the line ends between blocks, which a line of a note would show as spaces."""
    for element in note.iter():
        if element.tag in ("fn-pre", "code"):
            continue
        if element.text and not element.text.strip("\n"):
            element.text = None
        if element.tail and not element.tail.strip("\n"):
            element.tail = None

