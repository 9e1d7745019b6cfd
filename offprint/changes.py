"""Shows what changed since a release, word by word, with the correction that says why.

The words of both texts are read by the press of today; the pages of the old one are those that
its release recorded. Changes that no correction explains are shown and reported.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from .checks import check_edition
from .command import Build, Command, Options, Report
from .comparison import Pair, compare
from .concordance import Row, follow_pages, follow_paragraphs, render_concordance
from .corrections import Change
from .edition import Edition, read_edition
from .leaflet import name_leaflet, render_leaflet_page, render_leaflet_pdf
from .output import write_output
from .readiness import changes_since, unexplained
from .reading import Passage, Reading, Start, lay_out_reading, page_of, read_reading, read_starts
from .snapshot import Record, read_record, read_released
from .templating import long_date


@dataclass(frozen=True)
class Comparison:
    """A release and the present text, compared, with the pages of both."""

    record: Record
    old: Reading
    new: Reading
    old_starts: tuple[Start, ...]
    new_starts: tuple[Start, ...]
    pairs: tuple[Pair, ...]
    entries: tuple[Change, ...]


def show_changes(options: Options, build: Build, given: argparse.Namespace) -> Report:
    """Write what changed since a release as a page and as PDF, and the concordance as JSON.

    They are written even where a change has no entry, since that is when they are needed most;
    the report then holds a problem for it.
    """
    step = options.progress.step
    with step("Comparing"):
        record = read_record(options.project, given.since)
        edition = read_edition(options.project)
        check_edition(edition)
        found = compare_with(edition, record)
    with step("Setting the pages"):
        rows = follow_paragraphs(found.pairs, found.old_starts, found.new_starts)
        pages = follow_pages(found.pairs, found.old_starts, found.new_starts)
        words = edition.words
        leaflet = name_leaflet(edition, f"{words['changes_since']} {record.version}: "
                               f"{found.new.body.title}")
        body = _render_body(found, rows)
        written = write_output(options.project.output, {
            f"changes-{record.version}.html": render_leaflet_page(
                leaflet, body, "changes-screen.css"),
            f"changes-{record.version}.pdf": render_leaflet_pdf(
                leaflet, body, "changes-print.css"),
            f"concordance-{record.version}.json": render_concordance(
                record, edition, rows, pages)})
    return Report(written, list(unexplained(edition, found.pairs, edition.front.version)))


def compare_with(edition: Edition, record: Record) -> Comparison:
    """Return `edition` compared with the release of `record`, pages and all.

    Raises what reading and laying out raise.
    """
    old = read_reading(read_released(edition.project, record.version))
    new = read_reading(edition)
    entries = changes_since(edition, record.version)
    return Comparison(
        record, old, new, record.starts, read_starts(new, lay_out_reading(new)),
        tuple(compare(old.passages, new.passages, entries)), tuple(entries))


def name_place(edition: Edition, passage: Passage, starts: Sequence[Start]) -> str:
    """Return the place of `passage` as an author cites it: page, and paragraph or note."""
    words = edition.words
    if passage.kind == "source":
        return words["bibliography"]
    page = f"{words['page']}\u00a0{page_of(starts, passage.place)}"
    number = passage.place.paragraph
    if passage.kind == "note":
        return f"{page}, {words['note'].lower()}\u00a0{passage.number}"
    if passage.kind == "paragraph":
        return f"{page}, ¶\u00a0{number}"
    return f"{page}, {words['behind']} ¶\u00a0{number}" if number else (
        f"{page}, {words['before_text'].lower()}")


def _render_body(found: Comparison, rows: Sequence[Row]) -> str:
    edition, record = found.new.edition, found.record
    lang = edition.front.lang
    shown = [pair for pair in found.pairs if pair.changed or pair.moved]
    said = {entry for pair in shown for entry in pair.entries}
    return edition.render(
        "changes.html.j2", words=edition.words, edition=edition, title=found.new.body.title,
        record=record, date=long_date(edition.front.date, lang),
        old_date=long_date(record.date, lang),
        passages=[_describe(found, pair) for pair in shown],
        others=[_describe_entry(found, entry) for entry in found.entries if entry not in said],
        rows=rows, note=edition.words["concordance_note"].format(
            old=record.version, new=edition.version))


def _describe(found: Comparison, pair: Pair) -> dict[str, Any]:
    """Return what the template says of one passage."""
    edition = found.new.edition
    place = (name_place(edition, pair.new, found.new_starts) if pair.new else
             f"{edition.words['formerly']} {_old_place(found, pair)}")
    was = _old_place(found, pair) if pair.new and pair.old else ""
    return {
        "place": place, "was": was if was != place else "",
        "state": "" if pair.new and pair.old else "added" if pair.new else "gone",
        "moved": pair.moved, "note": pair.passage.kind == "note",
        "pieces": [(piece.kind, piece.text.rstrip(), piece.text[len(piece.text.rstrip()):])
                   for piece in pair.pieces],
        "entries": [_describe_entry(found, entry) for entry in pair.entries],
        "unexplained": bool(pair.unexplained)}


def _old_place(found: Comparison, pair: Pair) -> str:
    assert pair.old
    return name_place(found.new.edition, pair.old, found.old_starts)


def _describe_entry(found: Comparison, entry: Change) -> dict[str, str]:
    """Return an entry as the apparatus prints it, its sources in the words of the style."""
    words = found.new.edition.words
    printed = found.new.body.article.findall(
        f".//*[@id='correction-{entry.id}']/p[last()]//span[@class='sources']")
    sources = " ".join("".join(printed[-1].itertext()).split()) if printed else ""
    return {"id": entry.id, "kind": words[entry.kind], "version": entry.version,
            "why": " ".join(entry.why.split()), "sources": sources}


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("since", metavar="VERSION", help="the released version, such as 1.0.0")


CHANGES = Command(
    "changes", "what changed since a released version, and where its pages are now",
    show_changes, "build.py changes 1.0.0   as HTML, PDF and JSON, into output/", _add_arguments)
