#!/usr/bin/env python3
"""Prints the essay in manuscript/ with the sources in bibliography/ as PDF, EPUB and HTML."""

from __future__ import annotations

import sys

from offprint.bootstrap import enter_environment

if __name__ == "__main__":
    validators_wanted = "test" in sys.argv[1:2] or "--editions" in sys.argv
    enter_environment("test" if validators_wanted else "")

from offprint import citation, deposit, imposition, paper
from offprint.accessibility import find_barriers
from offprint.body import render_body
from offprint.changes import CHANGES
from offprint.checks import check_edition
from offprint.command import CHECK, INFO, Options, Report, main
from offprint.cover import render_cover
from offprint.edition import read_edition
from offprint.epub import render_epub
from offprint.errata import ERRATA
from offprint.fonts import cut_fonts, faces_for
from offprint.info import render_build_record
from offprint.metadata import render_head
from offprint.output import replace_files, write_output
from offprint.pages import read_page_map
from offprint.pdf import render_pdf
from offprint.preview import WATCH
from offprint.project import PRESS
from offprint.release import RELEASE, VERIFY
from offprint.starter import NEW
from offprint.text import resolve_text
from offprint.web import Record, render_web

COMMANDS = (CHECK, WATCH, INFO, NEW, RELEASE, VERIFY, CHANGES, ERRATA)


def build(options: Options) -> Report:
    """Build what `options` name, and put it in place at the end.

    Raises ProblemsFoundError before anything is written, ToolError where a tool is missing.
    """
    step = options.progress.step
    with step("Reading and checking"):
        edition = read_edition(options.project, options.draft)
        text, notes = check_edition(edition)
        accessible = not find_barriers(edition, text)
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
        cite_files = citation.render_citation_files(item)
        record = Record(
            render_head(edition, text, edition.swhid, sources),
            citations[0][2] if citations else edition.name_of("HTML"),
            cite_files | citation.render_references(edition, sources))
    if options.on_words:
        options.on_words(edition, body, cuts, record)

    missing = paper.find_missing()
    layout = page_map = None
    if not missing:
        with step("Setting the pages"):
            layout = paper.lay_out(edition, paper.render_print(edition, body, cuts))
            page_map = read_page_map(layout, body.article)
            notes += layout.notes
            notes += page_map.problems(edition.manuscript.file)

    files = {}
    built_by = render_build_record(edition)
    forms = [form for form in imposition.FORMS if options.wants(form)]
    if layout and (options.wants("pdf") or forms):
        with step("Writing the PDF"):
            pdf = render_pdf(edition, layout, built_by)
        if options.wants("pdf"):
            files["essay.pdf"] = pdf
        for form in forms:
            with step(f"Making the {form}"):
                sheets, notes_on_sheets = imposition.render_sheets(
                    edition, form, pdf, options.thickness)
            files |= sheets
            notes += notes_on_sheets
    if options.wants("epub"):
        with step("Making the EPUB"):
            cover = render_cover(edition, text, cuts) if layout else None
            files["essay.epub"] = render_epub(edition, text, cuts, cover, page_map, accessible)
    if options.wants("html"):
        with step("Making the HTML page"):
            files["essay.html"] = render_web(edition, body, cuts, page_map, record).encode()
    if options.wants("deposit"):
        with step("Making the deposit files"):
            files |= deposit.render_deposit(edition, resolved, edition.swhid, sources)
            notes += deposit.check_deposit(edition)
    if not options.targets:
        files |= cite_files | deposit.render_records(edition, text, edition.swhid, sources)
        files["build.json"] = built_by
    written = write_output(options.project.output, files)
    if not options.targets and options.project.root == PRESS and not edition.draft:
        replace_files(PRESS, {"CITATION.cff": cite_files["CITATION.cff"]})
    return Report(written, notes, missing, page_map)


def run() -> int:
    """Carry out the command line; return the exit code. An installed press calls it `offprint`."""
    return main(build, COMMANDS)


if __name__ == "__main__":
    raise SystemExit(run())
