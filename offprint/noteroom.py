"""Measures how much of a page its notes take: each note once, however often WeasyPrint asks.

WeasyPrint sets all notes of a page again for each that is added to it, only to learn how high
they are together. Here a note that has been measured is stood for by an empty block of its height.
"""

from __future__ import annotations

from typing import Any
from weakref import WeakKeyDictionary

from .layout import walk

MARGINS = ("margin_top", "margin_bottom")


class NoteRoom:
    """The heights of notes in pixels, by their box and the width of the page's text."""

    def __init__(self) -> None:
        self._heights: WeakKeyDictionary[Any, dict[float, float]] = WeakKeyDictionary()

    def set_notes(self, context: Any, area: Any, *more: Any) -> Any:
        """Return `area`, the notes of a page, laid out: what `block_level_layout` does with it.

        Its notes may be empty, and are only to be measured.
        """
        from weasyprint.layout.block import block_level_layout

        notes, width = context.current_page_footnotes, more[-1].width
        if len(notes) == len(area.children) and all(map(_is_plain, notes)):
            for note, box in zip(notes, area.children, strict=True):
                heights = self._heights.setdefault(note, {})
                if width not in heights:
                    alone = area.copy_with_children([box])
                    alone = block_level_layout(context, alone, *more)[0]
                    # What is left of the place on the page is rounded away.
                    heights[width] = round(alone.children[0].height, 6)
            area.children = [_stand_in(note, self._heights[note][width]) for note in notes]
        return block_level_layout(context, area, *more)


def _is_plain(note: Any) -> bool:
    """Tell whether nothing in a block `note` has a margin that would show outside it."""
    return type(note).__name__ == "BlockBox" and not any(
        box.style[margin] != (0, "px") for box in walk(note) if box is not note
        and box.is_in_normal_flow() for margin in MARGINS)


def _stand_in(note: Any, height: float) -> Any:
    """Return an empty block as high as `note`."""
    from weasyprint.css.properties import Dimension

    box = note.copy_with_children([])
    box.style = note.style.copy()
    box.style["height"] = Dimension(height, "px")
    return box
