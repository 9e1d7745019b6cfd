#!/usr/bin/env python3
"""Prints the essay in manuscript/ with the sources in bibliography/ as PDF, EPUB and HTML."""

from __future__ import annotations

import sys

from offprint.bootstrap import enter_environment

if __name__ == "__main__":
    enter_environment("test" if "test" in sys.argv[1:2] else "")

from offprint import citation, deposit, paper
from offprint.body import render_body
from offprint.checks import check_edition
from offprint.command import CHECK, INFO, Options, Report, main
from offprint.cover import render_cover
from offprint.edition import read_edition
from offprint.epub import render_epub
from offprint.fonts import cut_fonts, faces_for
from offprint.info import render_build_record
from offprint.metadata import render_head
from offprint.output import replace_files, write_output
from offprint.pages import read_page_map
from offprint.pdf import render_pdf
from offprint.project import PRESS
from offprint.starter import NEW
from offprint.text import resolve_text
from offprint.web import Record, render_web

COMMANDS = (CHECK, INFO, NEW)


def build(options: Options) -> Report:
    """Build what `options` name, and put it in place at the end.

    Raises ProblemsFoundError before anything is written, ToolError where a tool is missing.
    """
    step = options.progress.step
    with step("Reading and checking"):
        edition = read_edition(options.project, options.draft)
        text, notes = check_edition(edition)
        item = citation.csl_item(edition, text, edition.swhid)
    if options.check_only:
        return Report([], [*notes, *citation.check_citation_file(edition, item)])

    with step("Resolving citations"):
        resolved = resolve_text(edition, text)
        citations = citation.render_citations(edition, text, edition.swhid)
        sources = citation.read_sources(edition)
        text = citation.add_cite_section(edition, resolved, citations)
        body = render_body(edition, text)
        cuts = cut_fonts(faces_for(text, edition.theme), body.characters)

    missing = paper.find_missing()
    layout = page_map = None
    if not missing:
        with step("Setting the pages"):
            layout = paper.lay_out(edition, paper.render_print(edition, body, cuts))
            page_map = read_page_map(layout, body.article)
            notes += page_map.problems(edition.manuscript.file)

    files = {}
    if options.wants("pdf") and layout:
        with step("Writing the PDF"):
            files["essay.pdf"] = render_pdf(edition, layout)
    if options.wants("epub"):
        with step("Making the EPUB"):
            cover = render_cover(edition, text, cuts) if layout else None
            files["essay.epub"] = render_epub(edition, text, cuts, cover, page_map)
    cite_files = citation.render_citation_files(item)
    if options.wants("html"):
        with step("Making the HTML page"):
            record = Record(
                render_head(edition, text, edition.swhid, sources),
                citations[0][2] if citations else edition.name_of("HTML"),
                cite_files | citation.render_references(edition, sources))
            files["essay.html"] = render_web(edition, body, cuts, page_map, record).encode()
    if options.wants("deposit"):
        with step("Making the deposit files"):
            files |= deposit.render_deposit(edition, resolved, edition.swhid, sources)
            notes += deposit.check_deposit(edition)
    if not options.targets:
        files |= cite_files | deposit.render_records(edition, text, edition.swhid, sources)
        files["build.json"] = render_build_record(edition)
    written = write_output(options.project.output, files)
    if not options.targets and options.project.root == PRESS and not edition.draft:
        replace_files(PRESS, {"CITATION.cff": cite_files["CITATION.cff"]})
    return Report(written, notes, missing)


def run() -> int:
    """Carry out the command line; return the exit code. An installed press calls it `offprint`."""
    return main(build, COMMANDS)


if __name__ == "__main__":
    raise SystemExit(run())
