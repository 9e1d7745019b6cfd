"""Makes tables and other wide blocks sound for every reader: heads that say what they head."""

from __future__ import annotations

from lxml import etree

from .tree import Element


def mark_table_heads(article: Element) -> None:
    """Give each head cell its scope; a head cell without words is an ordinary cell."""
    for cell in list(article.iter("th")):
        if not "".join(cell.itertext()).strip():
            cell.tag = "td"
            continue
        row = cell.getparent()
        within = row.getparent() if row is not None else None
        cell.set("scope", "row" if within is not None and within.tag == "tbody" else "col")


def scroll_wide_blocks(article: Element, table_word: str, code_word: str) -> None:
    """Let tables and code scroll by themselves, by keyboard as well.

    A table without a caption is announced as `table_word`, code as `code_word`.
    """
    for table in list(article.iter("table")):
        caption = table.find("caption")
        name = " ".join("".join(caption.itertext()).split()) if caption is not None else table_word
        _wrap(table, {"class": "wide", "role": "region", "tabindex": "0", "aria-label": name})
    for block in list(article.iter("pre")):
        for name, value in {"role": "region", "tabindex": "0", "aria-label": code_word}.items():
            block.set(name, value)


def _wrap(element: Element, attributes: dict[str, str]) -> None:
    parent = element.getparent()
    assert parent is not None
    wrapper = etree.Element("div", attributes)
    wrapper.tail, element.tail = element.tail, None
    parent.replace(element, wrapper)
    wrapper.append(element)
