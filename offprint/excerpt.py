"""The paragraphs of an essay that have been changed since it was last read, converted alone.

A preview shows them at once, and the whole essay a moment later. Only prose can be shown so: a
list, a heading or the words of a note may change what stands around them.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from lxml import etree

from . import pandoc
from .body import Body, unwrap_citations
from .edition import Edition
from .pages import stream_of
from .tree import Element, break_addresses

# How a paragraph begins, and what the lines of one do not begin with.
PROSE = re.compile(r"[^\W\d_]|[“‘«„(*]")
NO_PROSE = re.compile(r"\s*([:~=|`>#+-]|\d+[.)]\s)")


@dataclass(frozen=True)
class Excerpt:
    """Paragraphs one after another in Markdown, as they were and as they are; both have some."""

    old: tuple[str, ...]
    new: tuple[str, ...]


def find_excerpt(before: str, after: str) -> Excerpt | None:
    """Return the paragraphs in which two states of an essay differ, if these are all prose.

    Where some were only added, or only taken away, it has a neighbour that stays as it is.
    """
    old, new = (re.split(r"\n\s*\n", text.strip()) for text in (before, after))
    if old == new:
        return None
    start = _count_same(old, new)
    end = _count_same(old[start:][::-1], new[start:][::-1])
    if start in (len(old) - end, len(new) - end):
        if start and _is_prose(old[start - 1]):
            start -= 1
        elif end:
            end -= 1
        else:
            return None
    excerpt = Excerpt(tuple(old[start:len(old) - end]), tuple(new[start:len(new) - end]))
    return excerpt if all(map(_is_prose, (*excerpt.old, *excerpt.new))) else None


def _count_same(some: Sequence[str], others: Sequence[str]) -> int:
    """Return how many items at the beginning of two lists are the same."""
    pairs = zip(some, others, strict=False)
    return next((number for number, (one, other) in enumerate(pairs) if one != other),
                min(len(some), len(others)))


def _is_prose(markdown: str) -> bool:
    return bool(PROSE.match(markdown)) and not any(
        map(NO_PROSE.match, markdown.splitlines()[1:]))


def render_excerpt(
    edition: Edition, body: Body, excerpt: Excerpt
) -> tuple[list[str], list[Element]] | None:
    """Return the numbers of the old paragraphs in `body`, and the new ones, with empty notes.

    Returns None where one of the old cannot be found, or stands there twice.
    Raises ProblemsFoundError for what Pandoc warns of.
    """
    html = pandoc.render_fragment(
        "\n\n".join([*excerpt.old, "* * *", *excerpt.new]), edition.style,
        edition.project.references, edition.front.lang, edition.manuscript.file)
    root = etree.fromstring(f"<div>{html}</div>", etree.XMLParser(resolve_entities=False))
    count = len(excerpt.old)
    expected = [*["p"] * count, "hr", *["p"] * len(excerpt.new)]
    if [child.tag for child in root[:len(expected)]] != expected:
        return None
    numbers = [_find(body, paragraph) for paragraph in root[:count]]
    if not all(numbers):
        return None
    unwrap_citations(root)
    break_addresses(root)
    new = root[count + 1:len(expected)]
    for paragraph in new:
        paragraph.tail = "\n"
    return numbers, new


def _find(body: Body, paragraph: Element) -> str:
    """Return the number of the one paragraph of `body` with these words, or nothing."""
    found = [number for other in body.article.iter("p") if (number := other.get("data-number"))
             and stream_of(other) == stream_of(paragraph)]
    return found[0] if len(found) == 1 else ""
