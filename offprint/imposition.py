"""Turns the pages of the PDF edition into sheets for other papers: booklet, handout, large print.

There is no second layout. A sheet shows finished pages, moved or enlarged: the same lines, the
same page numbers, letters that stay letters. Booklet and handout are files for a printer and
claim nothing else; large print is for reading, and keeps its tags, its links and its outline.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import pikepdf
import pypdfium2
from pikepdf import Array, Dictionary, Matrix, Name, Object, Pdf, Rectangle
from PIL import ImageOps

from .edition import Edition
from .problems import Problem

MILLIMETRE = 72 / 25.4  # in points, the unit of everything below
BODY, LARGE = 10.5, 16.0  # size of the text, as templates/print.css has it and as large print
# White at the edges of a sheet: what large print keeps, and what printers do not print on.
MARGIN, UNPRINTABLE = 6 * MILLIMETRE, 4 * MILLIMETRE
MARK = 4 * MILLIMETRE  # length of a fold mark
DOTS = 4  # dots a point in which the printed area of a page is looked for

# What a document says of its pages as an edition to read, and a file for a printer does not.
OF_THE_EDITION = ("/StructTreeRoot", "/MarkInfo", "/Outlines", "/Names", "/OutputIntents", "/AF",
                  "/PageLabels", "/PageMode", "/OpenAction")
CLAIMS = ("{http://www.aiim.org/pdfua/ns/id/}part", "{http://www.aiim.org/pdfa/ns/id/}part",
          "{http://www.aiim.org/pdfa/ns/id/}conformance",
          "{http://www.aiim.org/pdfa/ns/extension/}schemas")
MARKED_CONTENT = ("BMC", "BDC", "EMC", "MP", "DP")


@dataclass(frozen=True)
class Paper:
    """A kind of paper, upright; its measures are in millimetres."""

    name: str
    width: float
    height: float

    @property
    def upright(self) -> Rectangle:
        """The sheet with its short edge at the top."""
        return Rectangle(0, 0, self.width * MILLIMETRE, self.height * MILLIMETRE)

    @property
    def halves(self) -> tuple[Rectangle, Rectangle]:
        """The left and the right half of the sheet with its long edge at the top."""
        width, height = self.height * MILLIMETRE, self.width * MILLIMETRE
        return Rectangle(0, 0, width / 2, height), Rectangle(width / 2, 0, width, height)


PAPERS = (Paper("a4", 210, 297), Paper("letter", 215.9, 279.4))
# What can be made, each with the word for it in templates/words.yaml.
FORMS = {"booklet": "booklet", "handout": "handout", "large-print": "large_print"}


@dataclass(frozen=True)
class Placed:
    """A page, counted from 1, on a sheet: how it is moved, and the part of the sheet it has."""

    page: int
    matrix: Matrix
    room: Rectangle


def render_sheets(
    edition: Edition, form: str, pdf: bytes, thickness: float
) -> tuple[dict[str, bytes], list[Problem]]:
    """Return the PDF edition as `form` for each paper, by file name, and notes on it.

    `form` is one of FORMS, `pdf` the PDF edition, `thickness` that of a leaf in millimetres.
    A note tells of pages with something so near the edge that a printer would not print it.
    """
    areas = read_printed_areas(pdf)
    files: dict[str, bytes] = {}
    notes: list[Problem] = []
    for paper in PAPERS:
        name = f"essay-{form}-{paper.name}.pdf"
        with pikepdf.open(io.BytesIO(pdf)) as file:
            page = Rectangle(file.pages[0].mediabox)
            if form == "large-print":
                enlarged = place_enlarged(areas, page, paper)
                _enlarge(file, enlarged, paper.upright)
                sides = [[placed] for placed in enlarged]
            else:
                sides = (place_booklet(len(areas), page, paper, thickness * MILLIMETRE)
                         if form == "booklet" else place_handout(len(areas), page, paper))
                _impose(file, sides, paper, form)
            _describe(file, edition.words[FORMS[form]], is_edition=form == "large-print")
            data = io.BytesIO()
            # The identifier of the file is made from its content, not from the clock.
            file.save(data, deterministic_id=True)
        files[name] = data.getvalue()
        notes += _check_margins(sides, areas, name)
    return files, notes


def read_printed_areas(pdf: bytes) -> list[Rectangle]:
    """Return, for each page, the smallest rectangle that holds all that is printed on it."""
    areas = []
    for page in pypdfium2.PdfDocument(pdf):
        picture = ImageOps.invert(page.render(scale=DOTS, grayscale=True).to_pil().convert("L"))
        left, top, right, bottom = picture.getbbox() or (0, 0, 0, 0)
        areas.append(Rectangle(
            left / DOTS, (picture.height - bottom) / DOTS,
            right / DOTS, (picture.height - top) / DOTS))
    return areas


def booklet_sides(count: int) -> list[tuple[int, int]]:
    """Return the pages at the left and the right of each side of a booklet of `count` pages.

    Sheets lie in one another and are folded together; sides are in the order of printing, outer
    sheet first, and of each sheet the outer side first. 0 is a blank; blanks come last.
    """
    room = -(-count // 4) * 4
    sides = []
    for first in range(1, room // 2, 2):
        sides += [(room + 1 - first, first), (first + 1, room - first)]
    return [(left if left <= count else 0, right if right <= count else 0)
            for left, right in sides]


def handout_sides(count: int) -> list[tuple[int, int]]:
    """Return the pages at the left and the right of each side: the openings of the essay."""
    return [(left, left + 1 if left < count else 0) for left in range(0, count + 1, 2)]


def place_booklet(
    count: int, page: Rectangle, paper: Paper, thickness: float
) -> list[list[Placed]]:
    """Return the sides of a booklet of `count` pages on `paper`, leaves of `thickness` points.

    Each sheet is pushed out of the fold by those around it; its pages move as far towards the
    fold, so that all margins are the same when the booklet has been trimmed.
    """
    return [_place_pair(pair, page, paper, number // 2 * thickness)
            for number, pair in enumerate(booklet_sides(count))]


def place_handout(count: int, page: Rectangle, paper: Paper) -> list[list[Placed]]:
    """Return the sides of a handout of `count` pages: left and right pages as they face."""
    return [_place_pair(pair, page, paper, 0) for pair in handout_sides(count)]


def place_enlarged(
    areas: Sequence[Rectangle], page: Rectangle, paper: Paper
) -> list[Placed]:
    """Return the pages of large print: what is printed fills the height or the width of `paper`.

    All pages are enlarged alike, and never less than to the size of large print.
    """
    sheet = paper.upright
    bottom, top = min(area.lly for area in areas), max(area.ury for area in areas)
    middle = page.width / 2
    widest = max(max(middle - area.llx, area.urx - middle) for area in areas) * 2
    scale = max(LARGE / BODY, min((sheet.height - 2 * MARGIN) / (top - bottom),
                                  (sheet.width - 2 * MARGIN) / widest))
    matrix = Matrix(scale, 0, 0, scale, sheet.width / 2 - middle * scale,
                    sheet.height / 2 - (bottom + top) / 2 * scale)
    return [Placed(number, matrix, sheet) for number in range(1, len(areas) + 1)]


def _place_pair(
    pair: tuple[int, int], page: Rectangle, paper: Paper, creep: float
) -> list[Placed]:
    """Return a left and a right page in the middle of their halves, `creep` nearer the fold."""
    placed = []
    for number, room, shift in zip(pair, paper.halves, (creep, -creep), strict=True):
        x = room.llx + (room.width - page.width) / 2 + shift
        y = room.lly + (room.height - page.height) / 2
        if number:
            placed.append(Placed(number, Matrix(1, 0, 0, 1, x, y), room))
    return placed


def _check_margins(
    sides: Iterable[list[Placed]], areas: Sequence[Rectangle], file: str
) -> Iterator[Problem]:
    """Yield a note for each page that is printed where a printer leaves the sheet white."""
    for placed in (placed for side in sides for placed in side):
        printed, room = placed.matrix.transform(areas[placed.page - 1]), placed.room
        nearest = min(printed.llx - room.llx, printed.lly - room.lly,
                      room.urx - printed.urx, room.ury - printed.ury)
        if nearest < UNPRINTABLE:
            yield Problem(
                file, 0, f"page {placed.page} comes nearer than 4 mm to an edge or to the fold",
                "a printer may cut it off: make the table or figure there narrower", note=True)


def _impose(file: Pdf, sides: list[list[Placed]], paper: Paper, form: str) -> None:
    """Replace the pages of `file` by sheets on which they are drawings, without tags or links."""
    drawings = [_as_drawing(file, page) for page in file.pages]
    del file.pages[:]
    sheet = paper.halves[1]
    for number, side in enumerate(sides):
        content = b"".join(b"q %s cm /P%d Do Q\n" % (placed.matrix.encode(), placed.page)
                           for placed in side)
        if form == "booklet" and number % 2 == 0:
            content += _fold_marks(sheet)
        file.pages.append(pikepdf.Page(file.make_indirect(Dictionary(
            Type=Name.Page, MediaBox=Array([0, 0, round(sheet.urx, 4), round(sheet.ury, 4)]),
            Resources=Dictionary(XObject=Dictionary({
                f"/P{placed.page}": drawings[placed.page - 1] for placed in side})),
            Contents=file.make_stream(content)))))
    for key in OF_THE_EDITION:
        if key in file.Root:
            del file.Root[key]
    # How a viewer is to print the sheets (ISO 32000-1, table 150).
    file.Root.ViewerPreferences = Dictionary(
        DisplayDocTitle=True, PrintScaling=Name("/None"), PickTrayByPDFSize=True,
        Duplex=Name.DuplexFlipShortEdge)


def _as_drawing(file: Pdf, page: pikepdf.Page) -> Object:
    """Return `page` as a form (ISO 32000-1, 8.10) that no structure tree knows of."""
    content = [instruction for instruction in pikepdf.parse_content_stream(page)
               if str(instruction.operator) not in MARKED_CONTENT]
    drawing = file.make_stream(pikepdf.unparse_content_stream(content))
    drawing.Type, drawing.Subtype = Name.XObject, Name.Form
    drawing.BBox, drawing.Resources = page.mediabox, page.resources
    return drawing


def _fold_marks(right: Rectangle) -> bytes:
    """Return two short lines where the sheet is folded, at its top and at its bottom."""
    fold, low, high = right.llx, UNPRINTABLE, right.ury - UNPRINTABLE
    return b"0.3 w %.3f %.3f m %.3f %.3f l %.3f %.3f m %.3f %.3f l S\n" % (
        fold, low, fold, low + MARK, fold, high, fold, high - MARK)


def _enlarge(file: Pdf, enlarged: list[Placed], sheet: Rectangle) -> None:
    """Enlarge the pages of `file` to `sheet`, and with them all that names a place on them."""
    matrix = enlarged[0].matrix
    for page in file.pages:
        clip = b"%g %g %g %g re W n" % tuple(map(float, page.mediabox))
        page.contents_add(b"q %s cm %s\n" % (matrix.encode(), clip), prepend=True)
        page.contents_add(b"\nQ")
        page.mediabox = Array([0, 0, round(sheet.urx, 4), round(sheet.ury, 4)])
        for box in ("/CropBox", "/TrimBox", "/BleedBox", "/ArtBox"):
            if box in page:
                del page[box]
        for annotation in page.get("/Annots", ()):
            for key in ("/Rect", "/QuadPoints"):
                if key in annotation:
                    annotation[key] = _moved(annotation[key], matrix)
    for pattern in _page_patterns(file):
        pattern.Matrix = Array(_rounded(
            (Matrix(pattern.get("/Matrix", Matrix())) @ matrix).shorthand))
    for destination in _destinations(file):
        # The only kind that WeasyPrint writes: a page, /XYZ, left, top, zoom.
        destination[2:4] = list(_moved(destination[2:4], matrix))
    for element in file.objects:
        if isinstance(element, Dictionary) and element.get("/Type") == Name.StructElem:
            attributes = element.get("/A")
            if isinstance(attributes, Dictionary) and "/BBox" in attributes:
                attributes.BBox = _moved(attributes.BBox, matrix)
    file.Root.ViewerPreferences = Dictionary(DisplayDocTitle=True, PrintScaling=Name("/None"))


def _page_patterns(file: Pdf) -> list[Object]:
    """Return the patterns of the pages: they keep their size while the page is enlarged."""
    found = {pattern.objgen: pattern for page in file.pages
             for pattern in page.resources.get("/Pattern", Dictionary()).values()}
    return list(found.values())


def _destinations(file: Pdf) -> Iterator[Array]:
    """Yield each place that a name, an outline entry or a link leads to."""
    names = file.Root.get("/Names", Dictionary()).get("/Dests")
    entries = [*(pikepdf.NameTree(names).values() if names is not None else ()),
               *_outline_items(file.Root.get("/Outlines", Dictionary()).get("/First")),
               *(link for page in file.pages for link in page.get("/Annots", ()))]
    for entry in entries:
        if isinstance(entry, Dictionary):
            entry = entry.get("/D", entry.get("/Dest", entry.get("/A", Dictionary()).get("/D")))
        if isinstance(entry, Array):
            yield entry


def _outline_items(item: Object | None) -> Iterator[Object]:
    while item is not None:
        yield item
        yield from _outline_items(item.get("/First"))
        item = item.get("/Next")


def _moved(numbers: Iterable[Object], matrix: Matrix) -> Array:
    """Return points, written as x and y in turn, as `matrix` moves them."""
    flat = [float(number) for number in numbers]
    points = zip(flat[::2], flat[1::2], strict=True)
    return Array(_rounded(value for point in points for value in matrix.transform(point)))


def _rounded(numbers: Iterable[float]) -> list[float]:
    return [round(number, 4) for number in numbers]


def _describe(file: Pdf, form: str, is_edition: bool) -> None:
    """Name the form in the title of `file`; what is only for a printer claims no conformance."""
    title = f"{file.docinfo.Title} ({form})"
    file.docinfo["/Title"] = title
    with file.open_metadata(set_pikepdf_as_editor=False, update_docinfo=False) as metadata:
        metadata["dc:title"] = title
        for claim in () if is_edition else CLAIMS:
            if claim in metadata:
                del metadata[claim]
