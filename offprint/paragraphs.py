"""Numbers the paragraphs of the essay, the same in every edition, so that each can be cited."""

from __future__ import annotations

from collections.abc import Iterator

from lxml import etree

from .document import Element as Block
from .document import attribute
from .tree import Element

# A paragraph of the body stands in the text itself, or in a quotation.
AROUND = ("article", "section", "blockquote", "div", "body", "html",
          "sec", "disp-quote", "boxed-text")  # the last three are those of JATS
NOT_BODY_ROLES = (
    "doc-abstract", "doc-appendix", "doc-bibliography", "doc-colophon", "doc-endnotes",
    "doc-footnote", "doc-cover")
NOT_BODY_CLASSES = (
    "title-block", "subtitle", "byline", "imprint", "withdrawn", "abstract", "line-block",
    "footnotes", "cite")


def number_paragraphs(tree: Element, first: int = 1) -> int:
    """Give each paragraph of the body the identifier pN and its number; return the next number.

    Counted are the paragraphs of the text and of quotations in it, in order; those of lists,
    tables, figures, notes and back matter are not.
    """
    number = first
    for paragraph in walk_paragraphs(tree):
        paragraph.set("id", f"p{number}")
        paragraph.set("data-number", str(number))
        number += 1
    return number


def walk_paragraphs(element: Element) -> Iterator[Element]:
    """Yield the paragraphs of the body in a tree of HTML or JATS, in order."""
    for child in element:
        name = etree.QName(child).localname if isinstance(child.tag, str) else ""
        if name == "p":
            yield child
        elif name in AROUND and not _is_apart(child):
            yield from walk_paragraphs(child)


def find_paragraphs(blocks: list[Block]) -> list[Block]:
    """Return the paragraphs of the body in Pandoc's tree, the first of which is number 1.

    The rule is that of `number_paragraphs`, so that a place is known before pages are made.
    """
    return list(_blocks(blocks, True))


def _blocks(blocks: list[Block], with_sections: bool) -> Iterator[Block]:
    apart = 0  # the level of the section apart in which the blocks stand
    for block in blocks:
        kind = block["t"]
        if kind == "Header" and with_sections:
            if not apart or block["c"][0] <= apart:
                apart = block["c"][0] if _has_attributes_apart(block) else 0
        elif apart:
            continue
        elif kind == "Para" and block["c"]:
            yield block
        elif kind == "BlockQuote":
            yield from _blocks(block["c"], False)
        elif kind == "Div" and not _has_attributes_apart(block):
            yield from _blocks(block["c"][1], with_sections)


def _has_attributes_apart(block: Block) -> bool:
    _, classes, pairs = attribute(block)
    return _is_outside_body(dict(pairs).get("role"), classes)


def _is_apart(element: Element) -> bool:
    return _is_outside_body(element.get("role"), (element.get("class") or "").split())


def _is_outside_body(role: str | None, classes: list[str]) -> bool:
    return role in NOT_BODY_ROLES or any(name in NOT_BODY_CLASSES for name in classes)
