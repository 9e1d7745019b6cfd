"""Looks into a Pandoc document and rearranges it: text, headings, notes, pictures.

Elements are Pandoc's: {"t": type, "c": content}; an attribute is [id, [classes], [[name, value]]].
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

Element = dict[str, Any]
NODES = (dict, list)  # what JSON has that holds something else

SPACES = ("Space", "SoftBreak", "LineBreak")
# What a reader does not read as part of the sentence around it.
ASIDE = ("Note", "Cite", "RawInline", "RawBlock")


def walk(node: Any) -> Iterator[Element]:
    """Yield every element in `node`, in reading order, parents before children."""
    return elements(node)


def elements(node: Any, *kinds: str) -> Iterator[Element]:
    """Yield the elements of these kinds in `node`, all where none is named."""
    waiting = [node]
    while waiting:
        item = waiting.pop()
        if isinstance(item, dict):
            if "t" in item and (not kinds or item["t"] in kinds):
                yield item
            item = item.values()
        # Most of what is in a document is letters, in which nothing is to be found.
        waiting += [part for part in reversed(item) if type(part) in NODES]


def rewrite(node: Any, change: Callable[[Element], list[Element] | None]) -> Any:
    """Return a copy of `node` in which `change` has replaced elements of lists.

    `change` gets each element, its children already rewritten, and returns what stands
    in its place, or None to leave it.
    """
    if isinstance(node, dict):
        return {name: rewrite(value, change) if type(value) in NODES else value
                for name, value in node.items()}
    if not isinstance(node, list):
        return node
    items: list[Any] = []
    for item in node:
        if type(item) not in NODES:
            items.append(item)
            continue
        new = rewrite(item, change)
        changed = change(new) if isinstance(new, dict) and "t" in new else None
        items += [new] if changed is None else changed
    return items


def plain_text(node: Any) -> str:
    """Return the words of `node` as a reader reads them: no notes, no citations, no markup."""
    return " ".join(raw_text(node).split())


def raw_text(node: Any) -> str:
    """Return the words of `node` with every space that stands between and around them."""
    return "".join(_pieces(node))


def _pieces(node: Any) -> Iterator[str]:
    if isinstance(node, list):
        for item in node:
            yield from _pieces(item)
        return
    if not isinstance(node, dict):
        return
    kind: str = node.get("t", "")
    content: Any = node.get("c")
    if kind == "Str":
        yield str(content)
    elif kind in SPACES:
        yield " "
    elif kind in ("Code", "CodeBlock", "Math"):
        yield str(content[1])
    elif kind == "Quoted":
        marks = "‘’" if content[0]["t"] == "SingleQuote" else "“”"
        yield marks[0]
        yield from _pieces(content[1])
        yield marks[1]
    elif kind in ("Link", "Image", "Span", "Div"):
        yield from _pieces(content[1])
    elif kind == "Header":
        yield from _pieces(content[2])
    elif kind not in ASIDE:
        yield from _pieces(content)
    if kind in ("Para", "Plain", "Header", "CodeBlock"):
        yield " "


def attribute(element: Element) -> list[Any]:
    """Return the attribute [id, classes, pairs] of an element that has one."""
    content = element["c"]
    found = content[1] if element["t"] == "Header" else content[0]
    return list(found)


def has_class(element: Element, name: str) -> bool:
    """Tell whether a Div or Span carries the class `name`."""
    return element["t"] in ("Div", "Span") and name in attribute(element)[1]


def take_part(blocks: list[Element], identifier: str) -> tuple[list[Element], list[Element]]:
    """Return the blocks of the Div `identifier`, and `blocks` without that Div."""
    for number, block in enumerate(blocks):
        if block["t"] == "Div" and attribute(block)[0] == identifier:
            return block["c"][1], blocks[:number] + blocks[number + 1:]
    raise LookupError(identifier)


def make_part(identifier: str, blocks: list[Element]) -> Element:
    """Return `blocks` as a Div that `take_part` finds again."""
    return {"t": "Div", "c": [[identifier, [], []], blocks]}


def citation_keys(blocks: list[Element]) -> set[str]:
    """Return the keys of the sources that `blocks` cite."""
    return {item["citationId"] for cite in elements(blocks, "Cite") for item in cite["c"][0]}


def shift_headings(blocks: list[Element], by: int) -> list[Element]:
    """Return `blocks` with every heading `by` levels lower (or higher, where negative)."""
    def change(element: Element) -> list[Element] | None:
        if element["t"] != "Header":
            return None
        level, *rest = element["c"]
        return [{"t": "Header", "c": [level + by, *rest]}]

    shifted: list[Element] = rewrite(blocks, change)
    return shifted


def top_level(blocks: list[Element]) -> int:
    """Return the level of the highest heading in `blocks`; 0 when there is none."""
    return min((header["c"][0] for header in elements(blocks, "Header")), default=0)


def drop_comments(blocks: list[Element]) -> list[Element]:
    """Return `blocks` without the author's comments, <!-- … -->."""
    def change(element: Element) -> list[Element] | None:
        is_comment = element["t"] in ("RawInline", "RawBlock") and re.fullmatch(
            r"\s*<!--((?!-->).)*-->\s*", element["c"][1], re.DOTALL)
        return [] if is_comment else None

    kept: list[Element] = rewrite(blocks, change)
    return kept


def drop_addresses(blocks: list[Element]) -> list[Element]:
    """Return `blocks` without the addresses of the sources in citations.

    Notes end with them in many styles; the bibliography gives each once, and that is enough.
    """
    def change(element: Element) -> list[Element] | None:
        if element["t"] != "Cite":
            return None
        return [{"t": "Cite", "c": [element["c"][0], _without_addresses(element["c"][1])]}]

    dropped: list[Element] = rewrite(blocks, change)
    return dropped


def _without_addresses(inlines: list[Element]) -> list[Element]:
    kept: list[Element] = []
    for inline in inlines:
        if _is_address(inline):
            _drop_comma(kept)
        elif inline["t"] == "Note":
            kept.append({"t": "Note", "c": [
                {**block, "c": _without_addresses(block["c"])} for block in inline["c"]]})
        elif inline["t"] in ("Link", "Span"):
            attributes, content, *rest = inline["c"]
            kept.append({"t": inline["t"], "c": [
                attributes, _without_addresses(content), *rest]})
        else:
            kept.append(inline)
    return kept


def _is_address(inline: Element) -> bool:
    return plain_text([inline]).startswith(("https://", "http://"))


def _drop_comma(inlines: list[Element]) -> None:
    """Take the comma and the space before an address off the end of `inlines`."""
    while inlines and inlines[-1]["t"] in SPACES:
        inlines.pop()
    if inlines and inlines[-1]["t"] == "Str":
        inlines[-1] = {"t": "Str", "c": inlines[-1]["c"].removesuffix(",")}


def drop_second_stops(blocks: list[Element]) -> list[Element]:
    """Return `blocks` with notes that end in one full stop, also after a citation in "n.d."."""
    def change(element: Element) -> list[Element] | None:
        if element["t"] not in ("Para", "Plain") or len(element["c"]) < 2:
            return None
        *inlines, last = element["c"]
        if last != {"t": "Str", "c": "."} or not plain_text(inlines[-1:]).endswith("."):
            return None
        return [{**element, "c": inlines}]

    def within(element: Element) -> list[Element] | None:
        return [rewrite(element, change)] if element["t"] == "Note" else None

    dropped: list[Element] = rewrite(blocks, within)
    return dropped


def unwrap_notes(blocks: list[Element], within: str) -> list[Element]:
    """Return `blocks` with the notes inside each Div of class `within` set in the line.

    Sources of a correction are written as a note, so that the citation style treats them as
    one, and are read where they stand.
    """
    def unwrap(element: Element) -> list[Element] | None:
        if element["t"] != "Note":
            return None
        inlines = [inline for block in element["c"] for inline in block["c"]]
        return [{"t": "Span", "c": [["", ["sources"], []], inlines]}]

    def change(element: Element) -> list[Element] | None:
        return [rewrite(element, unwrap)] if has_class(element, within) else None

    unwrapped: list[Element] = rewrite(blocks, change)
    return unwrapped
