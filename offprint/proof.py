"""Puts new blocks on the printed pages at once, before the essay is read anew: a proof.

The rest of the text is as it was read last. What takes time and is not looked at, such as tags,
and links from the new pages to others, is left to the edition.
"""

from __future__ import annotations

import copy
import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pikepdf

from .body import Body
from .edition import Edition
from .fonts import Cut
from .identity import identify_source
from .layout import words
from .paper import render_print, set_again
from .setting import Setting
from .tree import Element


@dataclass(frozen=True)
class Print:
    """A PDF, and what WeasyPrint has drawn on each of its pages."""

    pdf: bytes
    pages: tuple[tuple[Any, str], ...]

    @classmethod
    def of(cls, pdf: bytes, document: Any) -> Print:
        """Return the print of all pages of WeasyPrint's `document`."""
        return cls(pdf, tuple((page._page_box, _running_heads(page)) for page in document.pages))


def put_excerpt(body: Body, old: Sequence[Element], new: Sequence[Element]) -> Body | None:
    """Return `body` with `new` blocks in the place of `old` ones, which stand side by side.

    Notes stay as they are, and so must the count of their calls; None is returned where it does
    not, or where letters are new, for which no fonts have been cut.
    """
    places = {block: place for place, block in enumerate(body.article.iter())}
    letters = {letter for block in new for letter in "".join(block.itertext())}
    parents = {block.getparent() for block in old}
    if len(_calls(old)) != len(_calls(new)) or len(parents) != 1 or (
            letters - set(body.characters)):
        return None
    body = body.copy()
    blocks = list(body.article.iter())
    old, new = [blocks[places[block]] for block in old], copy.deepcopy(list(new))
    for call, place in zip(_calls(old), _calls(new), strict=True):
        kept = copy.deepcopy(call)
        kept.tail = place.tail
        place.getparent().replace(place, kept)
    for known, block in zip(old, new, strict=False):
        if known.tag == block.tag:
            block.attrib.update(known.attrib)
    parent = old[0].getparent()
    place = parent.index(old[0])
    for block in old:
        parent.remove(block)
    parent[place:place] = new
    return body


def _calls(blocks: Sequence[Element]) -> list[Element]:
    return [call for block in blocks for call in block.iter("a")
            if call.get("role") == "doc-noteref"]


def print_proof(
    edition: Edition, body: Body, cuts: tuple[Cut, ...], setting: Setting, before: Print
) -> Print:
    """Return the pages of `body`, of which `setting` has those before and is to have these.

    `edition` is that of the text before; its identifier in the colophon is made that of now.
    Where all pages would have to be set anew, what was printed `before` is returned.
    Raises ProblemsFoundError for what WeasyPrint warns of.
    """
    page = render_print(edition, body, cuts)
    page = page.replace(edition.swhid, identify_source(edition.project))
    if set_again(edition, page, setting) is None:
        return before
    return print_changes(before, setting.document)


def print_changes(before: Print, document: Any) -> Print:
    """Return the print `before` with those pages of `document` put in that are others by now.

    The links on these lead out of the document only.
    """
    now = Print.of(b"", document)
    changed = [place for place, page in enumerate(now.pages)
               if page not in before.pages[place:place + 1]]
    if not changed and len(now.pages) == len(before.pages):
        return before
    fresh = document.copy([document.pages[place] for place in changed]).write_pdf()
    with pikepdf.open(io.BytesIO(before.pdf)) as pdf, pikepdf.open(io.BytesIO(fresh)) as drawn:
        for place, page in zip(changed, drawn.pages, strict=True):
            if place == len(pdf.pages):
                pdf.pages.append(page)
                continue
            for key in ("/Contents", "/Resources", "/Annots"):  # links lead to the page itself
                if key in page.obj:
                    pdf.pages[place].obj[key] = pdf.copy_foreign(drawn.make_indirect(page[key]))
                elif key in pdf.pages[place].obj:
                    del pdf.pages[place].obj[key]
        del pdf.pages[len(now.pages):]
        for key in ("/StructTreeRoot", "/MarkInfo"):
            if key in pdf.Root:
                del pdf.Root[key]  # which tags the pages before
        data = io.BytesIO()
        pdf.save(data)
    return Print(data.getvalue(), now.pages)


def _running_heads(page: Any) -> str:
    """Return the words in the margins of `page`, which may change while its text does not."""
    return "|".join(words(box) for box in page._page_box.children
                    if type(box).__name__ == "MarginBox")
