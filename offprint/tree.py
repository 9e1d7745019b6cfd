"""What the press does to any HTML tree: take elements out, unwrap them, write them as HTML."""

from __future__ import annotations

import re
from typing import Any, TypeAlias

from lxml import etree

Element: TypeAlias = Any  # an element of lxml, which has no types

# An address, and the places where it may break: after //, and before its punctuation
# (Chicago Manual of Style, 18th ed., on URLs at line ends).
ADDRESS = re.compile(r"https?://\S+")
BREAK = re.compile(r"(?<=//)|(?<=[^/:.])(?=[/?#=&_~%-])|(?<=[^/:.])(?=[.,][^\s.,])")
ZERO_WIDTH_SPACE = "\u200b"


def inner_html(element: Element) -> str:
    """Return what stands between the tags of `element`, as HTML."""
    return _escape(element.text or "") + "".join(_html(child) for child in element)


def outer_html(element: Element) -> str:
    """Return `element` as HTML."""
    return _html(element, with_tail=False)


def _html(element: Element, with_tail: bool = True) -> str:
    html: str = etree.tostring(element, encoding="unicode", method="html", with_tail=with_tail)
    return html.replace("</wbr>", "")  # lxml does not know that this element is always empty


def parents_of(root: Element) -> dict[Element, Element]:
    """Return the parent of each element in `root`, for trees that do not know it themselves."""
    return {child: parent for parent in root.iter() for child in parent}


def remove(element: Element) -> None:
    """Take `element` out of its tree; the text after it stays."""
    parent = element.getparent()
    assert parent is not None
    if element.tail:
        before = element.getprevious()
        if before is None:
            parent.text = (parent.text or "") + element.tail
        else:
            before.tail = (before.tail or "") + element.tail
    parent.remove(element)


def unwrap(element: Element) -> None:
    """Replace `element` by what it holds."""
    parent = element.getparent()
    assert parent is not None
    place = parent.index(element)
    before = element.text or ""
    if len(element):
        element[-1].tail = (element[-1].tail or "") + (element.tail or "")
    else:
        before += element.tail or ""
    previous = element.getprevious()
    if previous is None:
        parent.text = (parent.text or "") + before
    else:
        previous.tail = (previous.tail or "") + before
    parent[place:place + 1] = list(element)


def break_addresses(root: Element) -> None:
    """Let each address in the text break where a reader takes no harm, without a hyphen."""
    for element in list(root.iter()):
        if element.tag in ("pre", "code"):
            continue
        if element.text and ADDRESS.search(element.text):
            element.text, *rest = _broken(element.text)
            element[:0] = _breaks(rest)
        parent = element.getparent()
        if parent is not None and element.tail and ADDRESS.search(element.tail):
            element.tail, *rest = _broken(element.tail)
            place = parent.index(element) + 1
            parent[place:place] = _breaks(rest)


def _broken(text: str) -> list[str]:
    """Return `text` cut at the places where an address in it may break."""
    cut = ADDRESS.sub(lambda found: BREAK.sub(ZERO_WIDTH_SPACE, found[0]), text)
    return cut.split(ZERO_WIDTH_SPACE)


def _breaks(pieces: list[str]) -> list[Element]:
    breaks = []
    for piece in pieces:
        breaks.append(etree.Element("wbr"))
        breaks[-1].tail = piece
    return breaks


def _escape(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
