"""The blocks of an essay that have been changed since it was last read, converted alone.

A preview shows them at once, and the whole essay a moment later. What can be shown so is prose,
headings, lists and quotations: other blocks may change what stands around them.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from lxml import etree

from . import pandoc
from .body import HEADINGS, Body, unwrap_citations
from .edition import Edition
from .pages import stream_of
from .tree import Element, break_addresses

# How the lines of a block begin that may be shown alone: the first, and any other.
KINDS = {
    "p": (re.compile(r"[^\W\d_]|[“‘«„(*]"), re.compile(r"(?!\s*([:~=|`>#+-]|\d+[.)]\s))")),
    "h": (re.compile(r"#{1,6} \S"), re.compile(r"(?!)")),
    "blockquote": (re.compile(r"> ?\S"), re.compile(r">")),
    "ul": (re.compile(r"[-*+] "), re.compile(r"(?!\s*([:~=|`>]|#))")),
    "ol": (re.compile(r"\d+[.)] "), re.compile(r"(?!\s*([:~=|`>]|#))"))}
LISTS = ("ul", "ol")
# The call of a note whose words stand elsewhere in the essay.
NOTE = re.compile(r"\[\^([^\]\s]+)\]")


@dataclass(frozen=True)
class Excerpt:
    """Blocks one after another in Markdown, as they were and as they are; both have some."""

    old: tuple[str, ...]
    new: tuple[str, ...]

    @property
    def kinds(self) -> list[str]:
        """The kinds of all these blocks, those that were before those that are."""
        return [_kind(block) for block in (*self.old, *self.new)]


def find_excerpt(before: str, after: str) -> Excerpt | None:
    """Return the blocks in which two states of an essay differ, if these can be shown alone.

    Where some were only added, or only taken away, it has a neighbour that stays as it is.
    """
    old, new = (re.split(r"\n\s*\n", text.strip()) for text in (before, after))
    if old == new:
        return None
    start = _count_same(old, new)
    end = _count_same(old[start:][::-1], new[start:][::-1])
    if start in (len(old) - end, len(new) - end):
        if start and _kind(old[start - 1]) == "p":
            start -= 1
        elif end:
            end -= 1
        else:
            return None
    excerpt = Excerpt(tuple(old[start:len(old) - end]), tuple(new[start:len(new) - end]))
    around = [*old[:start][-1:], *old[len(old) - end:][:1]]
    return excerpt if all(excerpt.kinds) and not _runs_on(excerpt, around) else None


def _kind(markdown: str) -> str:
    """Return what a block is, where it may be shown alone; otherwise nothing."""
    first, *others = markdown.splitlines() or [""]
    return next((kind for kind, (begins, goes_on) in KINDS.items()
                 if begins.match(first) and all(map(goes_on.match, others))), "")


def _runs_on(excerpt: Excerpt, around: Sequence[str]) -> bool:
    """Tell whether a list may be part of one that goes on in the next block or `around`."""
    if not set(excerpt.kinds) & set(LISTS):
        return False
    return any(block[:1].isspace() or _kind(block) in LISTS for block in around) or any(
        one in LISTS and other in LISTS for blocks in (excerpt.old, excerpt.new)
        for one, other in pairwise(map(_kind, blocks)))


def _count_same(some: Sequence[str], others: Sequence[str]) -> int:
    """Return how many items at the beginning of two lists are the same."""
    pairs = zip(some, others, strict=False)
    return next((number for number, (one, other) in enumerate(pairs) if one != other),
                min(len(some), len(others)))


def render_excerpt(
    edition: Edition, body: Body, excerpt: Excerpt
) -> tuple[list[Element], list[Element]] | None:
    """Return the blocks of `body` that are old, and the new ones, whose notes are empty.

    Returns None where one of the old cannot be found, or stands there twice.
    Raises ProblemsFoundError for what Pandoc warns of.
    """
    markdown = "\n\n".join([*excerpt.old, "* * *", *excerpt.new])
    notes = "\n\n".join(f"[^{name}]: …" for name in dict.fromkeys(NOTE.findall(markdown)))
    html = pandoc.render_fragment(
        f"{markdown}\n\n{notes}", edition.style, edition.project.references,
        edition.front.lang, edition.manuscript.file)
    root = etree.fromstring(f"<div>{html}</div>", etree.XMLParser(resolve_entities=False))
    count, kinds = len(excerpt.old), excerpt.kinds
    alone = [*root[:count], *root[count + 1:len(kinds) + 1]]
    if [block.tag.rstrip("123456") for block in alone] != kinds or root[count].tag != "hr":
        return None  # Pandoc has read them otherwise
    found = [_find(body, block) for block in alone[:count]]
    old = [block for block in found if block is not None]
    levels = {block.tag: known.tag for block, known in zip(alone, old, strict=False)
              if block.tag in HEADINGS}
    new = alone[count:]
    if len(old) < count or {block.tag for block in new if block.tag in HEADINGS} - levels.keys():
        return None
    unwrap_citations(root)
    break_addresses(root)
    for block in new:
        block.tag, block.tail = levels.get(block.tag, block.tag), "\n"
        block.attrib.pop("id", None)
    return old, new


def _find(body: Body, block: Element) -> Element | None:
    """Return the one block of `body` with the words of `block`, if there is one."""
    tags = HEADINGS if block.tag in HEADINGS else (block.tag,)
    found = [other for other in body.article.iter(*tags)
             if (other.tag != "p" or other.get("data-number"))
             and stream_of(other) == stream_of(block)]
    return found[0] if len(found) == 1 else None


def find_selector(block: Element) -> str:
    """Return the CSS selector of a block in the page for the web; nothing where it has none."""
    if number := block.get("data-number"):
        return f"#p{number}"
    before, parent = block.getprevious(), block.getparent()
    if before is None:
        return f'[id="{parent.get("id")}"] > {block.tag}' if parent.get("id") else ""
    selector = find_selector(before)
    return f"{selector} ~ {block.tag}" if selector else ""
