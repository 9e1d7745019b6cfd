"""Booklet, handout and large print show the pages of the edition, in order and in their place."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pikepdf
import pypdfium2
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageChops, ImageOps

from offprint import imposition
from offprint.project import PRESS

from .conftest import SAMPLE, Built, Publication, run
from .validators import pdf_findings, qpdf_messages

MILLIMETRE = 72 / 25.4
SHEETS = {"a4": (210, 297), "letter": (215.9, 279.4)}  # millimetres
SIDES = [f"essay-{form}-{paper}.pdf" for form in ("booklet", "handout") for paper in SHEETS]
LARGE = [f"essay-large-print-{paper}.pdf" for paper in SHEETS]


@pytest.fixture(scope="module", params=[PRESS, SAMPLE], ids=["essay", "sample"])
def printed(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Built:
    """The essay of this repository, and the sample: the PDF and all sheets."""
    output = tmp_path_factory.mktemp("printed")
    assert run("pdf", "booklet", "handout", "large-print", "--project", request.param,
               "--output", output, "--quiet") == 0
    return Built(request.param, output)


def words_of(page: pypdfium2.PdfPage, area: tuple[float, float, float, float]) -> str:
    """Return the words in an area (left, bottom, right, top) of a page, without white space."""
    return re.sub(r"\s+|[\u00ad\ufffe\u2010-]", "", page.get_textpage().get_text_bounded(*area))


def all_words(page: pypdfium2.PdfPage) -> str:
    width, height = page.get_size()
    return words_of(page, (0, 0, width, height))


def halves(page: pypdfium2.PdfPage) -> tuple[str, str]:
    """Return the words at the left and at the right of the middle of a side."""
    width, height = page.get_size()
    return (words_of(page, (0, 0, width / 2, height)),
            words_of(page, (width / 2, 0, width, height)))


def folded(sides: list[tuple[str, str]]) -> list[str]:
    """Return the pages of a booklet in the order in which a reader turns them."""
    sheets = list(zip(sides[::2], sides[1::2], strict=True))
    first = [page for outer, inner in sheets for page in (outer[1], inner[0])]
    second = [page for outer, inner in reversed(sheets) for page in (inner[1], outer[0])]
    return first + second


@given(st.integers(1, 400))
def test_a_folded_booklet_has_its_pages_in_order(count: int) -> None:
    """Whatever their number, each page is there once, blanks last, odd pages at the right."""
    sides = imposition.booklet_sides(count)

    assert len(sides) % 2 == 0
    assert folded([(str(left), str(right)) for left, right in sides]) == [
        *map(str, range(1, count + 1)), *["0"] * (-count % 4)]
    assert all(right % 2 == 1 for _, right in sides if right)
    assert {left + right for left, right in sides if left and right} <= {count + -count % 4 + 1}


@given(st.integers(1, 400))
def test_a_handout_has_the_openings_of_the_essay(count: int) -> None:
    """Whatever their number, pages face each other as in the essay, odd pages at the right."""
    sides = imposition.handout_sides(count)

    assert [page for side in sides for page in side if page] == list(range(1, count + 1))
    assert all(right == left + 1 for left, right in sides if right)
    assert all(left % 2 == 0 for left, _ in sides)


@given(st.integers(1, 400), st.floats(0, 1), st.sampled_from(imposition.PAPERS))
def test_margins_are_even_in_a_trimmed_booklet(
    count: int, thickness: float, paper: imposition.Paper
) -> None:
    """A page is nearer to the fold by the thickness of a leaf for each sheet round its own."""
    page = imposition.Rectangle(0, 0, 148 * MILLIMETRE, 210 * MILLIMETRE)
    fold = paper.halves[1].llx
    even = imposition.place_booklet(count, page, paper, 0)
    crept = imposition.place_booklet(count, page, paper, thickness)

    for number, (before, after) in enumerate(zip(even, crept, strict=True)):
        for placed, moved in zip(before, after, strict=True):
            towards_fold = 1 if placed.matrix.e + page.width / 2 < fold else -1
            assert moved.matrix.e - placed.matrix.e == pytest.approx(
                towards_fold * thickness * (number // 2))


@pytest.mark.parametrize("paper", SHEETS)
def test_booklet_folds_into_the_essay(printed: Built, paper: str) -> None:
    """Printed on both sides and folded, the sheets show the words of the pages in order."""
    pages = [all_words(page) for page in pypdfium2.PdfDocument(printed.pdf)]
    sides = pypdfium2.PdfDocument(printed.output / f"essay-booklet-{paper}.pdf")

    turned = folded([halves(side) for side in sides])
    assert turned == pages + [""] * (-len(pages) % 4)


@pytest.mark.parametrize("paper", SHEETS)
def test_handout_shows_opening_after_opening(printed: Built, paper: str) -> None:
    """The first page is at the right; then come the openings, left and right."""
    pages = [all_words(page) for page in pypdfium2.PdfDocument(printed.pdf)]
    sides = pypdfium2.PdfDocument(printed.output / f"essay-handout-{paper}.pdf")

    shown = [page for side in sides for page in halves(side)]
    assert shown == ["", *pages, *[""] * (len(shown) - len(pages) - 1)]
    assert len(shown) - len(pages) <= 2


@pytest.mark.parametrize("paper", SHEETS)
def test_large_print_has_the_same_pages(printed: Built, paper: str) -> None:
    """Each sheet of large print has the words of one page."""
    pages = [all_words(page) for page in pypdfium2.PdfDocument(printed.pdf)]
    sheets = pypdfium2.PdfDocument(printed.output / f"essay-large-print-{paper}.pdf")

    assert [all_words(sheet) for sheet in sheets] == pages


@pytest.mark.parametrize("name", [*SIDES, *LARGE])
def test_sheets_have_the_size_of_the_paper(printed: Built, name: str) -> None:
    """Every sheet is A4 or Letter, in landscape but for large print, and none is turned."""
    short, long = SHEETS[name.rsplit("-", 1)[1].removesuffix(".pdf")]
    width, height = (short, long) if name in LARGE else (long, short)
    with pikepdf.open(printed.output / name) as pdf:
        for page in pdf.pages:
            box = [float(value) / MILLIMETRE for value in page.mediabox]
            assert box == pytest.approx([0, 0, width, height], abs=0.01)
            assert page.trimbox == page.cropbox == page.mediabox
            assert "/Rotate" not in page
            assert "/UserUnit" not in page


@pytest.mark.parametrize("name", [*SIDES, *LARGE])
def test_nothing_is_printed_where_printers_do_not_print(printed: Built, name: str) -> None:
    """There are 6 mm of white round large print, and 4 mm round everything else."""
    least = 6 if name in LARGE else 4
    for picture in pictures(printed.output / name):
        left, top, right, bottom = ImageOps.invert(picture.convert("L")).getbbox()
        nearest = min(left, top, picture.width - right, picture.height - bottom)
        assert nearest / 3 / MILLIMETRE > least - 0.3  # a picture has 3 dots a point


def test_letters_keep_their_size_but_in_large_print(printed: Built) -> None:
    """Letters are as wide as in the edition; in large print all are larger, text 16 points."""
    widths = widths_of_letters(printed.pdf)

    for name in SIDES:
        assert widths_of_letters(printed.output / name) == pytest.approx(widths, abs=0.02)
    for name in LARGE:
        enlarged = widths_of_letters(printed.output / name)
        scale = sum(enlarged) / sum(widths)
        assert enlarged == pytest.approx([width * scale for width in widths], abs=0.02)
        assert scale * 10.5 >= 16
    style = (PRESS / "templates/print.css").read_text(encoding="utf-8")
    assert "html { font-size: 10.5pt;" in style


def widths_of_letters(path: Path) -> list[float]:
    """Return the widths of all letters M in a PDF, the smallest first, in points."""
    widths = []
    for page in pypdfium2.PdfDocument(path):
        words = page.get_textpage()
        for number, letter in enumerate(words.get_text_range()):
            if letter == "M":
                left, _, right, _ = words.get_charbox(number)
                widths.append(right - left)
    return sorted(widths)


@pytest.mark.parametrize("name", LARGE)
def test_large_print_is_as_conformant_as_the_edition(printed: Built, name: str) -> None:
    """Large print is PDF/UA-1, and whatever else it claims to be."""
    path = printed.output / name
    assert "ua1" in claims(path)

    assert claims(path) == claims(printed.pdf)
    for profile in claims(path):
        assert pdf_findings(path, profile) == []
    assert qpdf_messages(path) == []


def claims(path: Path) -> list[str]:
    """Return the profiles that a PDF claims to conform to, by their names at the judge."""
    with pikepdf.open(path) as pdf, pdf.open_metadata() as metadata:
        archive = metadata.get("pdfaid:part", "") + metadata.get("pdfaid:conformance", "").lower()
        accessible = metadata.get("{http://www.aiim.org/pdfua/ns/id/}part")
    return [*(["ua" + accessible] if accessible else []), *([archive] if archive else [])]


@pytest.mark.parametrize("name", LARGE)
def test_links_of_large_print_stand_on_their_words(printed: Built, name: str) -> None:
    """Every link covers the words that it covers in the edition, and leads to the same words."""
    assert links(printed.output / name) == links(printed.pdf)


def links(path: Path) -> list[tuple[str, str, str]]:
    """Return each link: the words it covers, its target, and the words that stand there."""
    found = []
    document = pypdfium2.PdfDocument(path)
    with pikepdf.open(path) as pdf:
        names = pikepdf.NameTree(pdf.Root.Names.Dests)
        numbers = {page.objgen: number for number, page in enumerate(pdf.pages)}
        scale = float(pdf.pages[0].mediabox[3]) / 210 / MILLIMETRE
        for number, page in enumerate(pdf.pages):
            for link in page.get("/Annots", []):
                left, top, right, bottom = (float(value) for value in link.Rect)
                covered = words_of(document[number], (left, bottom, right, top))
                target = str(link.get("/Dest", link.get("/A", {}).get("/URI")))
                there = ""
                if "/Dest" in link:
                    leads_to = names[target]
                    there = line_below(document[numbers[leads_to[0].objgen]],
                                       float(leads_to[2]), float(leads_to[3]), scale)
                found.append((covered, target, there))
    return found


def line_below(page: pypdfium2.PdfPage, left: float, top: float, scale: float) -> str:
    return words_of(page, (left - 1, top - 14 * scale, page.get_width(), top))


@pytest.mark.parametrize("name", LARGE)
def test_outline_of_large_print_leads_to_the_headings(printed: Built, name: str) -> None:
    """Every entry of the outline leads to the place where the heading stands."""
    document = pypdfium2.PdfDocument(printed.output / name)

    entries = list(document.get_toc())
    assert len(entries) > 4
    for entry in entries:
        destination = entry.get_dest()
        _, place = destination.get_view()
        page = document[destination.get_index()]
        words = words_of(page, (0, place[1] - 110, page.get_width(), place[1] + 1))
        assert re.sub(r"\s|-", "", entry.get_title())[:12] in words


@pytest.mark.parametrize("name", SIDES)
def test_a_file_for_a_printer_claims_nothing_else(printed: Built, name: str) -> None:
    """Booklet and handout have no tags, no links and no claims, and say what they are."""
    path = printed.output / name
    assert qpdf_messages(path) == []
    assert claims(path) == []
    with pikepdf.open(path) as pdf:
        assert set(pdf.Root.keys()) == {
            "/Type", "/Pages", "/Lang", "/Metadata", "/ViewerPreferences"}
        assert pdf.Root.ViewerPreferences.Duplex == "/DuplexFlipShortEdge"
        assert pdf.Root.ViewerPreferences.PrintScaling == "/None"
        for thing in pdf.objects:
            if isinstance(thing, pikepdf.Stream) and thing.get("/Subtype") == "/Form":
                assert "/StructParents" not in thing
                assert b"MCID" not in thing.read_bytes()
        assert not any("/Annots" in page for page in pdf.pages)


@pytest.mark.parametrize("name", [*SIDES, *LARGE])
def test_sheets_say_what_they_are(printed: Built, name: str) -> None:
    """The title names the form; identifier, date and version are those of the edition."""
    form = name.removeprefix("essay-").rsplit("-", 1)[0].replace("-", " ")
    with pikepdf.open(printed.pdf) as edition, pikepdf.open(printed.output / name) as sheets:
        assert str(sheets.docinfo.Title) == f"{edition.docinfo.Title} ({form})"
        assert sheets.trailer.ID[0] == edition.trailer.ID[0]
        assert sheets.docinfo.ModDate == edition.docinfo.ModDate
        assert sheets.Root.Lang == edition.Root.Lang
        with sheets.open_metadata() as ours, edition.open_metadata() as theirs:
            assert ours["dc:title"] == str(sheets.docinfo.Title)
            for field in ("dc:identifier", "dc:source", "xmp:ModifyDate"):
                assert ours[field] == theirs[field]


def test_fold_marks_are_on_the_outer_sides(printed: Built) -> None:
    """The outer side of each sheet of a booklet has a line at the fold, at top and bottom."""
    for number, picture in enumerate(pictures(printed.output / "essay-booklet-a4.pdf")):
        middle = ImageOps.invert(picture.convert("L")).crop(
            (picture.width // 2 - 2, 0, picture.width // 2 + 2, picture.height))
        for strip in (middle.crop((0, 0, 4, 60)),
                      middle.crop((0, middle.height - 60, 4, middle.height))):
            assert bool(strip.getbbox()) == (number % 2 == 0)


def test_grey_printing_loses_nothing(essay: Built) -> None:
    """The essay is printed in black and greys alone."""
    for picture in pictures(essay.pdf):
        red, green, blue = picture.split()
        assert ImageChops.difference(red, green).getbbox() is None
        assert ImageChops.difference(green, blue).getbbox() is None


def pictures(path: Path) -> Iterator[Image.Image]:
    """Yield the pages of a PDF as pictures of three dots a point."""
    for page in pypdfium2.PdfDocument(path):
        yield page.render(scale=3).to_pil().convert("RGB")


def test_what_a_printer_would_cut_off_is_noted(
    write_essay: Callable[[str], Publication], capsys: pytest.CaptureFixture[str]
) -> None:
    """A page that reaches to the edge of a sheet is named, and the sheets are made."""
    word = "W" * 39
    publication = write_essay(f"Text.\n\n| Head |\n|---|\n| {word} |\n")

    assert run("large-print", "--project", publication.root) == 0

    said = capsys.readouterr().err
    assert "essay-large-print-letter.pdf: note: page 1 comes nearer than 4 mm to an edge" in said


@pytest.mark.parametrize("thickness", ["-1", "80", "thick", "nan"])
def test_thickness_is_in_millimetres(
    thickness: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """What cannot be the thickness of a leaf is a wrong command line."""
    with pytest.raises(SystemExit) as stopped:
        run("booklet", "--thickness", thickness)

    assert stopped.value.code == 2
    assert "is not the thickness of a leaf in millimetres, from 0 to 1" in capsys.readouterr().err
