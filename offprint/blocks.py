"""Compares two states of an HTML page, and finds the blocks in which they differ."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any
from xml.etree import ElementTree

# What holds nothing but blocks, each of which can be replaced alone.
CONTAINERS = ("body", "article", "section", "header")
# What lets a style sheet show one block otherwise when another one changes, far away or after it.
FAR_REACHING = re.compile(r":has|:only|:nth-last|:last-of|target-|counters?\(|"
                          r"counter-(increment|reset|set)|float:(?!\s*(?:footnote|none))")
# What is said of pages, where numbers may be counted.
OF_PAGES = re.compile(r"@page[^{]*\{(?:[^{}]|\{[^{}]*\})*\}")
# Where a style sheet does not say what the call of a note shows, it is a count of all notes.
CALL = "::footnote-call"


def is_local(style: str) -> bool:
    """Tell whether, by a style sheet, each block looks as it does whatever the others hold."""
    return CALL in style and not FAR_REACHING.search(OF_PAGES.sub("", style))


def find_changes(old: Any, new: Any) -> Iterator[tuple[Any, int, int, list[Any]]]:
    """Yield (container, from, to, new children) for all that makes `old` the same as `new`.

    Where blocks are added or taken away, all that follow in the same container are replaced, and
    the one before: a style sheet may look at what stands beside a block.
    """
    if len(old) == len(new) and all(map(_is_alike, old, new)):
        for place, (one, other) in enumerate(zip(old, new, strict=True)):
            if _source(one) == _source(other):
                continue
            if _holds_blocks(one) and _holds_blocks(other) and one.attrib == other.attrib:
                yield from find_changes(one, other)
            else:
                yield old, place, place + 1, [other]
        return
    same = next((place for place, (one, other) in enumerate(zip(old, new, strict=False))
                 if _source(one) != _source(other)), min(len(old), len(new)))
    start = max(same - 1, 0)
    yield old, start, len(old), list(new)[start:]


def _source(element: Any) -> str:
    return ElementTree.tostring(element, encoding="unicode")


def _is_alike(one: Any, other: Any) -> bool:
    """Tell whether two elements look the same to a style sheet, whatever is in them."""
    return bool(one.tag == other.tag and one.get("class") == other.get("class")
                and one.attrib.keys() == other.attrib.keys())


def _holds_blocks(element: Any) -> bool:
    """Tell whether `element` holds nothing but blocks."""
    texts = [element.text, *(child.tail for child in element)]
    return element.tag in CONTAINERS and not any(text and text.strip() for text in texts)
