"""Sets the errata slip: for copies already handed out, where which words are to be read.

Places are those of the copy in hand: its pages as its release recorded them, its lines as its
source is laid out again. Slips are narrower than A5 and half-letter pages, and as many as fit
stand on a sheet with crop marks.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from .changes import Comparison, compare_with, name_place
from .checks import check_edition
from .command import Build, Command, Options, Report
from .comparison import Pair, Piece
from .corrections import Change
from .edition import Edition, read_edition
from .layout import Layout, walk
from .leaflet import lay_out_leaflet, name_leaflet, render_leaflet_page, slip_style
from .output import write_output
from .passages import standing_words
from .pdf import render_pdf
from .problems import Problem, ProblemsFoundError
from .project import CALL
from .reading import (
    Passage,
    Reading,
    Start,
    find_line,
    find_words,
    lay_out_reading,
    page_of,
    read_reading,
    read_starts,
)
from .snapshot import read_record
from .templating import long_date

# Sheets, in millimetres, lying.
PAPERS = {"a4": (297.0, 210.0), "letter": (279.4, 215.9)}
# A slip lies inside an A5 or half-letter copy; two side by side leave room for crop marks.
WIDTH, MOST_HEIGHT, PADDING = 132, 190, 8
MARK, MARK_GAP = 4, 2
ENDLESS = 9000  # a page so long that no slip is cut
PIXELS = 96 / 25.4  # in a millimetre
CONTEXT_WORDS = 3


@dataclass(frozen=True)
class Erratum:
    """A line of the slip: where in the copy, which words, and what to read instead.

    Without `was`, `now` is added after the words `after`; without `now`, `was` is left out.
    `note` is small print: where the new words stand, or what the verdict was.
    """

    id: str
    place: str
    was: str = ""
    now: str = ""
    after: str = ""
    note: str = ""


@dataclass(frozen=True)
class Slip:
    """The slip as its templates need it: heading lines, errata, lines at the foot."""

    edition: Edition
    title: str
    head: str
    errata: tuple[Erratum, ...]
    foot: tuple[str, ...]


def print_errata(options: Options, build: Build, given: argparse.Namespace) -> Report:
    """Write the slip for copies of a release, or of the text that circulates, and as a page."""
    step = options.progress.step
    with step("Comparing"):
        edition = read_edition(options.project)
        check_edition(edition)
        if given.since:
            slip, notes = _slip_since(edition, given.since)
        else:
            slip, notes = _slip_circulating(edition), []
    with step("Setting the slips"):
        name = f"errata-{given.since}" if given.since else "errata"
        leaflet = name_leaflet(edition, f"{edition.words['errata']}: {slip.title}")
        page = edition.render("errata.html.j2", slip=slip, edition=edition, words=edition.words)
        files = {f"{name}.html": render_leaflet_page(leaflet, page, "errata-screen.css")}
        heights = _measure(leaflet, slip)
        pages = _cut_into_pages(slip, heights)
        tall = MOST_HEIGHT if len(pages) > 1 else math.ceil(heights["slip"][0] / PIXELS)
        for paper in PAPERS:
            files[f"{name}-{paper}.pdf"] = _render_sheets(leaflet, slip, pages, tall, paper)
        written = write_output(options.project.output, files)
    return Report(written, notes)


def _slip_since(edition: Edition, version: str) -> tuple[Slip, list[Problem]]:
    """Return the slip for copies of `version`, and notes on what could not be placed.

    Raises ProblemsFoundError where nothing is to be corrected in them.
    """
    record = read_record(edition.project, version)
    found = compare_with(edition, record)
    layout = lay_out_reading(found.old)
    errata, notes = [], []
    for entry in found.entries:
        erratum = _erratum(found, layout, entry)
        if erratum:
            errata.append(erratum)
        elif not _is_made_of_new_words(found, entry):
            notes.append(Problem(
                edition.corrections.file, 0,
                f"{entry.id} is not on the slip: its old words are not in {version}",
                "quote under was: what that version says", note=True))
    if not errata:
        raise ProblemsFoundError([Problem(
            edition.corrections.file, 0, f"nothing is to be corrected in copies of {version}",
            "there are no changes after that version; errata without --since is the slip for "
            "the circulating text")])
    words, lang = edition.words, edition.front.lang
    head = words["errata_since"].format(
        old=version, date=long_date(record.date, lang), new=edition.version,
        new_date=long_date(edition.front.date, lang))
    foot = (words["lines_note"], f"{version}: {record.swhid}",
            f"{edition.version}: {edition.swhid}", *_address(edition))
    return Slip(edition, found.old.body.title, head, tuple(errata), foot), notes


def _slip_circulating(edition: Edition) -> Slip:
    """Return the slip for the text that this edition replaces.

    Raises ProblemsFoundError where it replaces none.
    """
    if not edition.corrections.entries:
        raise ProblemsFoundError([Problem(
            edition.corrections.file, 0, "there are no corrections of a circulating text",
            f"for copies of a released version: {CALL} errata --since 1.0.0")])
    reading = read_reading(edition)
    starts = read_starts(reading, lay_out_reading(reading))
    words = edition.words
    errata = tuple(
        Erratum(entry.id, words[entry.verdict], entry.was, entry.now,
                note=_place_of(reading, starts, entry.now))
        for entry in edition.corrections.entries)
    replaced = next((passage.text for passage in reading.passages if passage.kind == "source"
                     and passage.name == edition.corrections.replaces), "")
    date = long_date(edition.front.date, edition.front.lang)
    foot = (words["places_note"].format(new=edition.version),
            f"{edition.version}, {date}: {edition.swhid}", *_address(edition))
    return Slip(edition, reading.body.title, ": ".join(
        filter(None, (words["errata_replaced"], replaced.rstrip(".")))) + ".", errata, foot)


def _address(edition: Edition) -> Iterator[str]:
    front = edition.front
    address = f"https://doi.org/{front.doi}" if front.doi else front.url
    if address:
        yield f"{edition.words['right_text']}: {address}"


def _place_of(reading: Reading, starts: Sequence[Start], quoted: str) -> str:
    """Return where `quoted` stands in the edition that `reading` has read."""
    for passage in reading.passages:
        span = find_words(quoted, passage.text)
        if span:
            return _name(reading.edition, passage, starts, span[0], 0)
    return ""


def _name(
    edition: Edition, passage: Passage, starts: Sequence[Start], position: int, line: int
) -> str:
    """Return the place of a character of `passage`: its page, not that of the beginning."""
    place = name_place(edition, passage, starts)
    page = page_of(starts, passage.place_of(position))
    if passage.kind != "source":
        place = f"{edition.words['page']}\u00a0{page}," + place.partition(",")[2]
    return f"{place}, {edition.words['line']}\u00a0{line}" if line else place


def _erratum(found: Comparison, layout: Layout, entry: Change) -> Erratum | None:
    """Return what the slip says of `entry`, or None where the old copy has no such words."""
    edition = found.new.edition
    if entry.kind == "withdrawal":
        return Erratum(entry.id, edition.words["withdrawn_slip"], note=" ".join(entry.why.split()))
    quoted = _quoted(found, entry)
    if quoted:
        passage, position, was, now = quoted
        return _placed(found, layout, entry, passage, position, was=was, now=now)
    if _is_made_of_new_words(found, entry):
        return None
    for pair in found.pairs:
        tied = [piece for piece in pair.pieces if entry in piece.entries]
        if tied and pair.old and pair.new:
            was, now, position = _in_context(pair, tied)
            if was.strip():
                return _placed(found, layout, entry, pair.old, position, was=was, now=now)
        elif tied and pair.new:
            return _added(found, layout, entry, pair)
    return None


def _quoted(found: Comparison, entry: Change) -> tuple[Passage, int, str, str] | None:
    """Return the old passage, the position in it, and the words that `entry` itself quotes.

    None where the entry quotes a citation, or words that one of the two texts does not have.
    """
    forms = standing_words(found.new.edition.corrections, entry) if entry.now else [""]
    now = next((form for form in reversed(forms) if not form or any(
        find_words(form, passage.text) for passage in found.new.passages)), None)
    if now is None or not entry.was:
        return None
    places = [(pair, span) for pair in found.pairs if pair.old
              for span in [find_words(entry.was, pair.old.text)] if span]
    # Where the same words stand in several places, that of the entry is the one it explains.
    places.sort(key=lambda place: entry not in place[0].entries)
    if not places:
        return None
    pair, span = places[0]
    assert pair.old
    return pair.old, span[0], entry.was, now


def _in_context(pair: Pair, tied: Sequence[Piece]) -> tuple[str, str, int]:
    """Return the old and the new words from the first to the last of `tied`, and where.

    A few words that both texts have stand around them.
    """
    first = next(number for number, piece in enumerate(pair.pieces) if piece is tied[0])
    last = next(number for number, piece in enumerate(pair.pieces) if piece is tied[-1])
    around = [piece.text.split(" ") for piece in pair.pieces]
    before = " ".join(around[first - 1][-CONTEXT_WORDS - 1:]) if first else ""
    after = " ".join(around[last + 1][:CONTEXT_WORDS]) if last + 1 < len(around) else ""
    old, new = ("".join(piece.text for piece in pair.pieces[first:last + 1]
                        if piece.kind != other) for other in ("new", "old"))
    begins = sum(len(piece.text) for piece in pair.pieces[:first] if piece.kind != "new")
    return before + old + after, before + new + after, begins - len(before)


def _added(found: Comparison, layout: Layout, entry: Change, pair: Pair) -> Erratum | None:
    """Return the erratum of a passage that the old copy does not have, after what is before it."""
    number = next(number for number, other in enumerate(found.pairs) if other is pair)
    for before in reversed(found.pairs[:number]):
        if before.old and before.old.kind in ("paragraph", "other"):
            last = " ".join(before.old.text.split()[-CONTEXT_WORDS - 1:])
            assert pair.new
            return _placed(found, layout, entry, before.old, len(before.old.text) - 1,
                           now=pair.new.text, after=last)
    return None


def _placed(
    found: Comparison, layout: Layout, entry: Change, passage: Passage, position: int,
    **words: str,
) -> Erratum:
    line = find_line(layout, passage, position)
    place = _name(found.new.edition, passage, found.old_starts, position, line)
    return Erratum(entry.id, place, **{
        name: " ".join(text.split()) for name, text in words.items()})


def _is_made_of_new_words(found: Comparison, entry: Change) -> bool:
    """Tell whether `entry` corrects words that an earlier change after that version brought."""
    return bool(entry.was) and any(find_words(entry.was, other.now)
                                   for other in found.entries if other is not entry)


def _measure(leaflet: Edition, slip: Slip) -> dict[str, list[float]]:
    """Return the heights, in pixels, of the parts of a slip that is set in one piece."""
    body = leaflet.render("slip.html.j2", slip=slip, edition=leaflet, words=leaflet.words,
                  sheets=[], pages=1, width=WIDTH)
    css = (slip_style(leaflet, body, "errata-print.css")
           + f"@page {{ size: {WIDTH}mm {ENDLESS}mm }}")
    return _heights(lay_out_leaflet(leaflet, body, css))


def _cut_into_pages(slip: Slip, heights: dict[str, list[float]]) -> list[tuple[Erratum, ...]]:
    """Return the errata of each page of the slip, as many as stand on it.

    Raises ProblemsFoundError for an erratum that is longer than a page.
    """
    room = (MOST_HEIGHT - 2 * PADDING) * PIXELS - heights["head"][0] - heights["foot"][0]
    pages: list[list[Erratum]] = [[]]
    left = room
    for erratum, height in zip(slip.errata, heights["erratum"], strict=True):
        if height > room:
            raise ProblemsFoundError([Problem(
                slip.edition.corrections.file, 0, f"{erratum.id} is too long for a slip",
                "quote fewer words")])
        if height > left:
            pages.append([])
            left = room
        pages[-1].append(erratum)
        left -= height
    return [tuple(page) for page in pages]


def _heights(layout: Layout) -> dict[str, list[float]]:
    """Return the heights of the boxes on the first page of `layout`, by their class."""
    found: dict[str, list[float]] = {"head": [], "foot": [], "erratum": [], "slip": []}
    for box in walk(layout.document.pages[0]._page_box):
        element = getattr(box, "element", None)
        name = (element.get("class") if element is not None else "") or ""
        if name in found and type(box).__name__ == "BlockBox" and "::" not in box.element_tag:
            found[name].append(box.margin_height())
    return found


def _render_sheets(
    leaflet: Edition, slip: Slip, pages: Sequence[tuple[Erratum, ...]], tall: int, paper: str
) -> bytes:
    """Return sheets of `paper` with as many slips as fit, each `tall` millimetres high."""
    width, height = PAPERS[paper]
    rows = max(1, MOST_HEIGHT // tall)
    left, top = (width - 2 * WIDTH) / 2, (height - rows * tall) / 2
    places = [(left + column * WIDTH, top + row * tall) for row in range(rows)
              for column in range(2)]
    sheets = [{"errata": page, "number": number, "places": places,
               "marks": _crop_marks(left, top, tall, rows)}
              for number, page in enumerate(pages, 1)]
    body = leaflet.render("slip.html.j2", slip=slip, edition=leaflet, words=leaflet.words,
                  sheets=sheets, pages=len(pages), width=WIDTH, height=tall,
                  sheet_width=width, sheet_height=height)
    css = slip_style(leaflet, body, "errata-print.css") + f"@page {{ size: {width}mm {height}mm }}"
    return render_pdf(leaflet, lay_out_leaflet(leaflet, body, css))


def _crop_marks(
    left: float, top: float, tall: float, rows: int
) -> list[tuple[float, float, float, float]]:
    """Return crop marks as (left, top, width, height) in millimetres, outside the slips."""
    right, bottom = left + 2 * WIDTH, top + rows * tall
    upright = [(left + column * WIDTH, y, 0.0, float(MARK)) for column in range(3)
               for y in (top - MARK_GAP - MARK, bottom + MARK_GAP)]
    level = [(x, top + row * tall, float(MARK), 0.0) for row in range(rows + 1)
             for x in (left - MARK_GAP - MARK, right + MARK_GAP)]
    return upright + level


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--since", metavar="VERSION",
                        help="the slip for copies of this released version "
                             "(default: for the circulating text)")


ERRATA = Command(
    "errata", "a printable slip with the corrections, for copies already handed out",
    print_errata, "build.py errata --since 1.0.0   for readers of that version", _add_arguments)
