"""The pages as WeasyPrint set them, and the ways through their boxes.

A page is a tree of boxes: the text block, the area of its notes, and its margin boxes. What is
private to WeasyPrint in this tree is read here and in the modules that follow it box by box.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from .problems import Problem


@dataclass(frozen=True)
class Layout:
    """The pages, and what a typographer would remark on them."""

    document: Any
    notes: tuple[Problem, ...] = ()
    setting: Any = None  # what made the pages, and can set some of them again

    @property
    def page_count(self) -> int:
        """How many pages there are."""
        return len(self.document.pages)


@contextmanager
def instead(owner: Any, **others: Any) -> Iterator[None]:
    """Let attributes of `owner`, a module or class of WeasyPrint's, be others in the block."""
    before = {name: inspect.getattr_static(owner, name) for name in others}
    for name, other in others.items():
        setattr(owner, name, other)
    try:
        yield
    finally:
        for name, original in before.items():
            setattr(owner, name, original)


def text_block(page: Any) -> Any:
    """Return the box of `page` that holds the text in its flow."""
    return page._page_box.children[0]


def foot(page: Any) -> Any | None:
    """Return the box of `page` that holds its notes, if it has any."""
    return next((box for box in page._page_box.children
                 if type(box).__name__ == "FootnoteAreaBox"), None)


def walk(box: Any) -> Iterator[Any]:
    """Yield `box` and all boxes in it, in the order of the page."""
    yield box
    for child in getattr(box, "children", ()):
        yield from walk(child)


def lines(box: Any) -> Iterator[Any]:
    """Yield the lines in `box`."""
    return (inner for inner in walk(box) if is_line(inner))


def lines_on(page: Any) -> Iterator[Any]:
    """Yield the lines of the text on `page` and of its notes, running heads aside."""
    yield from lines(text_block(page))
    if area := foot(page):
        yield from lines(area)


def is_line(box: Any) -> bool:
    """Tell whether `box` is a line of text."""
    return type(box).__name__ == "LineBox"


def words(box: Any) -> str:
    """Return the text in `box`, without what layout has added."""
    return "".join(inner.text for inner in walk(box)
                   if hasattr(inner, "text") and "::" not in (inner.element_tag or ""))


def blocks_of_lines(page: Any) -> list[tuple[Any, list[Any]]]:
    """Return the boxes of the blocks in the flow of `page` that hold lines, with the lines."""
    found = []
    boxes = [text_block(page)]
    while boxes:
        box = boxes.pop()
        children = [child for child in getattr(box, "children", ()) if child.is_in_normal_flow()]
        held = [child for child in children if is_line(child)]
        if held and box.element is not None:
            found.append((box, held))
        boxes += reversed([child for child in children if child not in held])
    return found


def is_mark(box: Any) -> bool:
    """Tell whether `box` is that of the mark of a corrected passage."""
    return bool(box.element_tag == "a" and box.element.get("class") == "mark"
                and box.is_absolutely_positioned())
