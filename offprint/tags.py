"""Turns the text of laid-out pages into the tree of tags that a screen reader follows.

WeasyPrint makes a tag of each of its boxes, so that a paragraph on two pages is two, and a note
in three lines three. Here one element of the text is one tag (ISO 32000-1, 14.8), in the order
of the text, whatever pages and lines it is on; a note stands after the block that calls it.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from typing import Any

import pydyf
from fontTools.ttLib import TTFont

from .layout import Layout, instead, text_block, walk
from .pages import HYPHEN, counts
from .tree import parents_of

SOFT_HYPHEN = "\u00ad"
SVG = "{http://www.w3.org/2000/svg}"
POINTS = 0.75  # in a pixel of 1/96 inch

# The tags in which the content of an element stands, outermost first; elements that are not
# here add nothing of their own, and their content belongs to what is around them.
TAGS = {
    "article": ["Art"], "section": ["Sect"], "figure": ["Div"], "figcaption": ["Caption"],
    "h1": ["H1"], "h2": ["H2"], "h3": ["H3"], "h4": ["H4"], "h5": ["H5"], "h6": ["H6"],
    "p": ["P"], "blockquote": ["BlockQuote"], "pre": ["P"], "code": ["Code"], "q": ["Quote"],
    "ul": ["L"], "ol": ["L"], "dl": ["L"], "li": ["LI", "LBody"], "dt": ["LI", "Lbl"],
    "table": ["Table"], "caption": ["Caption"], "thead": ["THead"], "tbody": ["TBody"],
    "tfoot": ["TFoot"], "tr": ["TR"], "th": ["TH"], "td": ["TD"], "a": ["Link"],
    "img": ["Figure"], f"{SVG}svg": ["Figure"], "note": ["Note"]}
ROLES = {"list": ["L"], "listitem": ["LI", "LBody"]}
# What may hold a note beside other blocks.
CONTAINERS = ("/Document", "/Art", "/Sect", "/Div", "/BlockQuote", "/LBody", "/TD", "/TH")
NUMBERING = {"ol": "/Decimal", "fn-ol": "/Decimal", "ul": "/Disc", "fn-ul": "/Disc"}


@contextmanager
def own_tags(layout: Layout) -> Iterator[None]:
    """Let WeasyPrint write the pages of `layout` with our tags while the block runs."""
    import weasyprint.pdf
    from weasyprint.pdf.stream import Stream

    reading = _Reading(layout)
    marked = Stream.marked

    def add_tags(pdf: pydyf.PDF, document: Any, version: Any, streams: list[Any]) -> None:
        _Tree(pdf, reading).add_pages(streams)

    def mark(stream: Any, box: Any, tag: str) -> Any:
        return reading.mark(stream, marked(stream, box, tag), box)

    with instead(weasyprint.pdf, add_tags=add_tags), instead(Stream, marked=mark):
        yield


class _Reading:
    """What the pages say, box by box: what is read, and where its words end.

    Running heads, folios and repeated table heads are furniture, which nobody reads aloud.
    """

    def __init__(self, layout: Layout) -> None:
        self.pages = layout.document.pages
        self.root = text_block(self.pages[0]).element
        self.parents = parents_of(self.root)
        self.boxes: list[list[Any]] = []
        self.furniture: set[Any] = set()
        heads: set[Any] = set()
        for page in self.pages:
            read = [box for part in page._page_box.children
                    if type(part).__name__ != "MarginBox" for box in _read_boxes(part, heads)]
            self.boxes.append(read)
            self.furniture.update({_own(box) for box in walk(page._page_box)} - set(read))
        self._spaces: dict[str, int] = {}

    @contextmanager
    def mark(self, stream: Any, marked: Any, box: Any) -> Iterator[None]:
        """Mark what is drawn for `box` as content, its last word complete, or as furniture."""
        if box in self.furniture:
            with stream.artifact():
                yield
            return
        began = len(stream.stream)
        with marked:
            yield
            if box in self.line_ends:
                self._add_space(stream, began)
            if box in self.broken_words:
                self._soften_hyphen(stream)

    @cached_property
    def _ends(self) -> tuple[set[Any], set[Any]]:
        """The boxes that a space follows which layout has dropped, and those that end in a word.

        Compared are the characters of the source, one stream for the text and one a note.
        """
        streams = _read_streams(self.root)
        flows: dict[Any, list[Any]] = {}
        for box in (box for page in self.boxes for box in page):
            if hasattr(box, "text") and "::" not in box.element_tag:
                flows.setdefault(self._flow(box.element), []).append(box)
        spaced, broken = set(), set()
        for flow, boxes in flows.items():
            characters, spaces = streams[flow]
            position = 0
            for box, following in zip(boxes, [*boxes[1:], None], strict=True):
                text = "".join(filter(counts, box.text))
                if text.endswith(HYPHEN) and not characters.startswith(text, position):
                    text = text.removesuffix(HYPHEN)
                    broken.add(box)
                position += len(text)
                # What Pango draws ends with a space that layout has dropped from its box.
                shown = box.pango_layout.text[-1] + (following.text[0] if following else "")
                if position in spaces and not any(map(str.isspace, shown)):
                    spaced.add(box)
        return spaced, broken

    @property
    def line_ends(self) -> set[Any]:
        """The boxes that a space follows in the text, and none on the page."""
        return self._ends[0]

    @property
    def broken_words(self) -> set[Any]:
        """The boxes that end within a word."""
        return self._ends[1]

    def named(self, identifier: str) -> Any:
        """Return the element with that identifier."""
        return next(element for element in self.root.iter() if element.get("id") == identifier)

    def _flow(self, element: Any) -> Any:
        """Return the note that `element` is in, None for the text itself."""
        while element is not None and element.tag != "fn-note":
            element = self.parents.get(element)
        return element

    def _add_space(self, stream: Any, began: int) -> None:
        """Show a space after the text drawn since `began`, for whoever reads or copies it.

        "Word breaks" (ISO 32000-1, 14.8.2.5) are spaces in the text, not gaps on the page.
        """
        for number in range(len(stream.stream) - 1, began, -1):
            if _is_operation(stream.stream[number], b"] TJ"):
                glyph = self._space_of(self._current_font(stream))
                shown = stream.stream[number].removesuffix(b"] TJ")
                stream.stream[number] = shown + b"<%04x>] TJ" % glyph
                return

    def _soften_hyphen(self, stream: Any) -> None:
        """Let the hyphen of a broken word be read as a soft one (ISO 32000-1, 14.8.2.2.3)."""
        known = self._current_font(stream).to_unicode
        known.update({glyph: SOFT_HYPHEN for glyph, text in known.items() if text == HYPHEN})

    def _current_font(self, stream: Any) -> Any:
        setting = next(item for item in reversed(stream.stream) if _is_operation(item, b" Tf"))
        name = setting[1:].split()[0].decode()
        return next(font for font in stream._fonts.values() if font.hash == name)

    def _space_of(self, font: Any) -> int:
        """Return the glyph of the space in `font`, and let the font in the file have it."""
        if font.hash not in self._spaces:
            outlines = TTFont(io.BytesIO(font.file_content), fontNumber=font.index, lazy=True)
            name = outlines.getBestCmap()[ord(" ")]
            glyph = outlines.getGlyphID(name)
            font.to_unicode.setdefault(glyph, " ")
            font.widths.setdefault(glyph, round(outlines["hmtx"][name][0] * 1000 / font.upem))
            self._spaces[font.hash] = glyph
        return self._spaces[font.hash]


class _Tree:
    """The tree of tags in `pdf` while it is filled."""

    def __init__(self, pdf: pydyf.PDF, reading: _Reading) -> None:
        self.pdf = pdf
        self.reading = reading
        self.tags: dict[int, pydyf.Dictionary] = {}
        self.root = self._new(pydyf.Dictionary({"Type": "/StructTreeRoot"}))
        self.document = self._add("Document", self.root)
        self.places: dict[Any, pydyf.Dictionary] = {}
        self.names: dict[str, bytes] = {}
        self.parent_tree: list[Any] = []

    def add_pages(self, streams: list[Any]) -> None:
        """Tag what each page holds, and say in the catalog that it is tagged."""
        annotations = []
        for number, stream in enumerate(streams):
            content: dict[int, bytes] = {}
            for box in self.reading.boxes[number]:
                if box.link_annotation:
                    place = self._place(box.element)
                    annotations.append((self._add_link(place, number, box), place))
                if box in stream._tags:
                    place = self._place_of_box(box)
                    mark = stream._tags[box]["mcid"]
                    self._add_content(place, number, mark)
                    content[mark] = place.reference
                    if place["S"] == "/Figure":
                        place["A"] = self._bounds(number, box)
            self.parent_tree += [number, pydyf.Array(
                content[mark] for mark in range(len(content)))]
        for number, (annotation, place) in enumerate(annotations, len(streams)):
            annotation["StructParent"] = number
            self.parent_tree += [number, place.reference]
        self.root["ParentTree"] = self._new(
            pydyf.Dictionary({"Nums": pydyf.Array(self.parent_tree)})).reference
        if self.names:
            listed = [item for name in sorted(self.names)
                      for item in (pydyf.String(name), self.names[name])]
            self.root["IDTree"] = self._new(
                pydyf.Dictionary({"Names": pydyf.Array(listed)})).reference
        self.pdf.catalog["StructTreeRoot"] = self.root.reference
        self.pdf.catalog["ViewerPreferences"] = pydyf.Dictionary({"DisplayDocTitle": "true"})
        self.pdf.catalog["MarkInfo"] = pydyf.Dictionary({"Marked": "true"})

    def _place_of_box(self, box: Any) -> pydyf.Dictionary:
        """Return the tag that the content of `box` belongs to."""
        element, (tag, _, pseudo) = box.element, box.element_tag.partition("::")
        if pseudo == "footnote-call":
            # The note itself is read further down the page; its place is here.
            self._place(element)
            return self._label("Reference", self._place(self.reading.parents[element]), element)
        if pseudo == "footnote-marker" or (tag in ("p", "a") and pseudo == "before"):
            return self._label("Lbl", self._place(element), element)
        if pseudo == "marker":
            return self._label("Lbl", self._item(element), element)
        return self._place(element)

    def _label(self, name: str, place: pydyf.Dictionary, element: Any) -> pydyf.Dictionary:
        """Return the tag of the label that layout has made for `element`."""
        key = (name, element)
        if key not in self.places:
            self.places[key] = self._add(name, place)
        return self.places[key]

    def _item(self, element: Any) -> pydyf.Dictionary:
        """Return the LI of a list item, whose body is opened after its label."""
        key = ("LI", element)
        if key not in self.places:
            self.places[key] = self._add("LI", self._place(self.reading.parents[element]))
        return self.places[key]

    def _place(self, element: Any) -> pydyf.Dictionary:
        """Return the tag in which the content of `element` stands, made where it is new."""
        parent = self.reading.parents.get(element)
        if parent is None:
            return self.document
        around = self._place(parent)  # which opens all cells of a row at once
        if element not in self.places:
            self.places[element] = self._open(element, parent, around)
        return self.places[element]

    def _open(self, element: Any, parent: Any, place: pydyf.Dictionary) -> pydyf.Dictionary:
        names = _names(element)
        if continued := element.get("data-continues"):
            return self._place(self.reading.named(continued))
        if names == ["Note"]:
            place = self._container(parent)
        elif names == ["LI", "LBody"]:
            place, names = self._item(element), ["LBody"]
        elif element.tag in ("dd", "fn-dd"):
            place, names = self._definition(element, place)
        for name in names:
            place = self._add(name, place)
        self._describe(element, place)
        return place

    def _definition(
        self, element: Any, place: pydyf.Dictionary
    ) -> tuple[pydyf.Dictionary, list[str]]:
        """Return where the definition `element` goes: into the item of the term before it."""
        siblings = list(self.reading.parents[element])
        before = siblings[:siblings.index(element)]
        term = next((item for item in reversed(before) if item.tag in ("dt", "fn-dt")), None)
        if term is None:
            return self._add("LI", place), ["LBody"]
        key = ("LBody", term)
        if key not in self.places:
            item = self.tags[_number(self._place(term)["P"])]
            self.places[key] = self._add("LBody", item)
        return self.places[key], ["P"] if before[-1] is not term else []

    def _container(self, element: Any) -> pydyf.Dictionary:
        """Return the nearest tag round `element` that can hold a note after its blocks."""
        place = self._place(element)
        while place["S"] not in CONTAINERS:
            place = self.tags[_number(place["P"])]
        return place

    def _describe(self, element: Any, place: pydyf.Dictionary) -> None:
        """Give the tag of `element` what PDF/UA asks for: language, alternative, scope, name."""
        language = element.get("lang")
        if language and element.tag != "html":
            place["Lang"] = pydyf.String(language)
        if place["S"] == "/Figure":
            place["Alt"] = pydyf.String(_alternative(element))
        elif place["S"] == "/L" and element.tag in NUMBERING:
            place["A"] = pydyf.Dictionary(
                {"O": "/List", "ListNumbering": NUMBERING[element.tag]})
        elif place["S"] in ("/TH", "/TD"):
            place["A"] = _cell(element)
        elif place["S"] == "/Note":
            name = f"note-{element.get('id')}"
            place["ID"] = pydyf.String(name)
            self.names[name] = place.reference
        elif place["S"] == "/TR":
            # An empty cell is still a cell.
            self.places[element] = place
            for cell in element:
                self._place(cell)

    def _add_link(self, place: pydyf.Dictionary, page: int, box: Any) -> pydyf.Dictionary:
        """Make the annotation of `box` part of its link, described by the words of the link."""
        annotation = box.link_annotation
        words = " ".join("".join(box.element.itertext()).split())
        if said := words or box.element.get("aria-label"):
            annotation["Contents"] = pydyf.String(said)
        place["K"].append(pydyf.Dictionary({
            "Type": "/OBJR", "Obj": annotation.reference, "Pg": self.pdf.page_references[page]}))
        return annotation

    def _add_content(self, place: pydyf.Dictionary, page: int, mark: int) -> None:
        """Put marked content of a page into a tag."""
        reference = self.pdf.page_references[page]
        if place.setdefault("Pg", reference) == reference:
            place["K"].append(mark)
        else:
            place["K"].append(pydyf.Dictionary({"Type": "/MCR", "Pg": reference, "MCID": mark}))

    def _bounds(self, page: int, box: Any) -> pydyf.Dictionary:
        """Return the place of a picture on its page, in points from the lower left corner."""
        height = self.reading.pages[page].height
        left, top = box.content_box_x(), box.content_box_y()
        edges = (left, height - top - box.height, left + box.width, height - top)
        return pydyf.Dictionary({
            "O": "/Layout", "Placement": "/Block",
            "BBox": pydyf.Array(round(edge * POINTS, 2) for edge in edges)})

    def _add(self, name: str, parent: pydyf.Dictionary) -> pydyf.Dictionary:
        tag = self._new(pydyf.Dictionary({
            "Type": "/StructElem", "S": f"/{name}", "P": parent.reference, "K": pydyf.Array()}))
        parent.setdefault("K", pydyf.Array()).append(tag.reference)
        self.tags[tag.number] = tag
        return tag

    def _new(self, item: pydyf.Dictionary) -> pydyf.Dictionary:
        self.pdf.add_object(item)
        return item


def _is_operation(item: Any, operator: bytes) -> bool:
    return isinstance(item, bytes) and item.endswith(operator)


def _names(element: Any) -> list[str]:
    """Return the tags that `element` opens, outermost first."""
    tag = element.tag.removeprefix("fn-")
    names = ROLES.get(element.get("role") or "") or TAGS.get(tag, [])
    if not names and tag == "div":
        names = ["P"] if _has_text(element) else ["Div"]
    return names or (["Span"] if element.get("lang") and tag not in ("html", "body") else [])


def _has_text(element: Any) -> bool:
    """Tell whether text stands in `element` itself, and not only in blocks within it."""
    pieces = [element.text, *(child.tail for child in element)]
    return any(piece and piece.strip() for piece in pieces)


def _alternative(element: Any) -> str:
    """Return the words that stand for a picture."""
    if element.tag == f"{SVG}svg":
        said = (element.findtext(f"{SVG}title"), element.findtext(f"{SVG}desc"))
        return " ".join(words.strip() for words in said if words)
    return str(element.get("alt") or "")


def _cell(element: Any) -> pydyf.Dictionary:
    """Return what a table says of one of its cells (ISO 32000-1, 14.8.5.7)."""
    about = pydyf.Dictionary({"O": "/Table"})
    if element.tag == "th":
        about["Scope"] = "/Row" if element.get("scope") == "row" else "/Column"
    for attribute, name in (("rowspan", "RowSpan"), ("colspan", "ColSpan")):
        if int(element.get(attribute) or 1) > 1:
            about[name] = int(element.get(attribute))
    return about


def _read_streams(root: Any) -> dict[Any, tuple[str, set[int]]]:
    """Return the characters of the text (None) and of each note, and where white space follows.

    White space after the n-th character of a stream is n, counted from 1.
    """
    streams: dict[Any, tuple[list[str], set[int]]] = {None: ([], set())}

    def add(text: str | None, flow: Any) -> None:
        characters, spaces = streams[flow]
        for character in text or "":
            if counts(character):
                characters.append(character)
            elif character.isspace():
                spaces.add(len(characters))

    def collect(element: Any, flow: Any) -> None:
        if element.tag in ("head", "img", f"{SVG}svg") or not isinstance(element.tag, str):
            return
        if element.tag == "fn-note":
            flow = element
            streams[flow] = ([], set())
        add(element.text, flow)
        for child in element:
            collect(child, flow)
            add(child.tail, flow)

    collect(root, None)
    return {flow: ("".join(characters), spaces) for flow, (characters, spaces) in streams.items()}


def _read_boxes(box: Any, heads: set[Any]) -> Iterator[Any]:
    """Yield the boxes in `box` that are read, in order: no ornaments, no head a second time."""
    if getattr(box, "is_header", False):
        if box.element in heads:
            return
        heads.add(box.element)
    if box.element_tag == "hr::before" or not any(map(counts, getattr(box, "text", "text"))):
        return  # an ornament, or white space, which is not drawn
    yield _own(box)
    for child in getattr(box, "children", ()):
        yield from _read_boxes(child, heads)


def _own(box: Any) -> Any:
    """Return `box`, or the box itself that a placeholder stands for."""
    return getattr(box, "_box", box)


def _number(reference: bytes) -> int:
    """Return the object number in a reference such as b"12 0 R"."""
    return int(reference.split()[0])
