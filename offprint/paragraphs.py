"""Numbers the paragraphs of the essay, the same in every edition, so that each can be cited."""

from __future__ import annotations

from collections.abc import Iterator

from lxml import etree

from .tree import Element

# A paragraph of the body stands in the text itself, or in a quotation.
AROUND = ("article", "section", "blockquote", "div", "body", "html")
NOT_BODY_ROLES = (
    "doc-abstract", "doc-appendix", "doc-bibliography", "doc-colophon", "doc-endnotes",
    "doc-footnote", "doc-cover")
NOT_BODY_CLASSES = (
    "title-block", "subtitle", "byline", "imprint", "abstract", "line-block", "footnotes",
    "cite")


def number_paragraphs(tree: Element, first: int = 1) -> int:
    """Give each paragraph of the body the identifier pN and its number; return the next number.

    Counted are the paragraphs of the text and of quotations in it, in order; those of lists,
    tables, figures, notes and back matter are not.
    """
    number = first
    for paragraph in _paragraphs(tree):
        paragraph.set("id", f"p{number}")
        paragraph.set("data-number", str(number))
        number += 1
    return number


def _paragraphs(element: Element) -> Iterator[Element]:
    for child in element:
        name = etree.QName(child).localname if isinstance(child.tag, str) else ""
        if name == "p":
            yield child
        elif name in AROUND and not _is_apart(child):
            yield from _paragraphs(child)


def _is_apart(element: Element) -> bool:
    classes = (element.get("class") or "").split()
    return element.get("role") in NOT_BODY_ROLES or any(
        name in NOT_BODY_CLASSES for name in classes)
