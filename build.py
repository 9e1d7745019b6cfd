#!/usr/bin/env python3
"""Prints the essay in manuscript/ with the sources in bibliography/ as PDF, EPUB and HTML."""

from __future__ import annotations

import sys
from dataclasses import dataclass

from offprint.bootstrap import enter_environment

if __name__ == "__main__":
    validators_wanted = "test" in sys.argv[1:2] or "--editions" in sys.argv
    enter_environment("test" if validators_wanted else "")

from offprint import citation, deposit, imposition, paper
from offprint.body import Body, render_body
from offprint.changes import CHANGES
from offprint.checks import Checked, check_edition, describe_checks
from offprint.command import CHECK, INFO, Options, Report, main
from offprint.cover import render_cover
from offprint.csl import Item
from offprint.edition import Edition, read_edition
from offprint.epub import render_epub
from offprint.errata import ERRATA
from offprint.fonts import Cut, cut_fonts
from offprint.info import render_build_record
from offprint.layout import Layout
from offprint.metadata import render_head
from offprint.output import replace_files, write_output
from offprint.pages import PageMap, read_page_map
from offprint.pdf import render_pdf
from offprint.preview import WATCH
from offprint.problems import Problem
from offprint.project import PRESS
from offprint.release import RELEASE, VERIFY
from offprint.starter import NEW
from offprint.text import Text, resolve_text
from offprint.web import Record, render_web

COMMANDS = (CHECK, WATCH, INFO, NEW, RELEASE, VERIFY, CHANGES, ERRATA)


@dataclass(frozen=True)
class Words:
    """The words of an edition, before they have pages: what the files are made of."""

    text: Text  # its corrections and citations in place, for the EPUB
    resolved: Text  # the same without the section on how to cite it, for archives
    body: Body
    cuts: tuple[Cut, ...]
    record: Record
    sources: list[Item]
    citations: dict[str, bytes]  # the files that cite it, by name
    accessible: bool


def build(options: Options) -> Report:
    """Build what `options` name, and put it in place at the end.

    Raises ProblemsFoundError before anything is written, ToolError where a tool is missing.
    """
    step = options.progress.step
    with step("Reading and checking"):
        edition = read_edition(options.project, options.draft)
        checked = check_edition(edition)
        item = citation.csl_item(edition, checked.text, edition.swhid)
    notes, checks = [*checked.notes], describe_checks(edition, checked)
    if options.check_only:
        notes += citation.check_citation_file(edition, item)
        return Report([], notes, checks=checks)

    with step("Resolving citations"):
        words = render_words(edition, checked, item)
    if options.on_words:
        options.on_words(edition, words.body, words.cuts, words.record)

    missing = paper.find_missing()
    layout = page_map = None
    if not missing:
        with step("Setting the pages"):
            page = paper.render_print(edition, words.body, words.cuts)
            layout = paper.lay_out(edition, page, options.setting)
            page_map = read_page_map(layout, words.body.article)
        notes += [*layout.notes, *page_map.problems(edition.manuscript.file)]
        checks = (*checks, page_map.description)

    files, notes_on_files = render_files(options, edition, words, layout, page_map)
    written = write_output(options.project.output, files)
    if not options.targets and options.project.root == PRESS and not edition.draft:
        replace_files(PRESS, {"CITATION.cff": files["CITATION.cff"]})
    setting = layout.setting if layout else None
    return Report(written, notes + notes_on_files, missing, page_map, setting, checks)


def render_words(edition: Edition, checked: Checked, item: Item) -> Words:
    """Return the words of `edition`, which `item` describes, with citations in their style."""
    resolved = resolve_text(edition, checked.text)
    citations = citation.render_citations(edition, checked.text, edition.swhid)
    sources = citation.read_sources(edition)
    text = citation.add_cite_section(edition, resolved, citations)
    body = render_body(edition, text)
    files = citation.render_citation_files(item)
    record = Record(
        render_head(edition, text, edition.swhid, sources),
        citations[0][2] if citations else edition.name_of("HTML"),
        files | citation.render_references(edition, sources))
    cuts = cut_fonts(edition.theme.faces(text.has_bold, text.has_code), body.characters)
    return Words(text, resolved, body, cuts, record, sources, files, checked.accessible)


def render_files(
    options: Options, edition: Edition, words: Words, layout: Layout | None,
    page_map: PageMap | None,
) -> tuple[dict[str, bytes], list[Problem]]:
    """Return the files that `options` name, by name, and notes on them.

    Without a layout there is no PDF, and the other editions mark no pages.
    """
    step = options.progress.step
    files: dict[str, bytes] = {}
    notes: list[Problem] = []
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
            cover = render_cover(edition, words.text, words.cuts) if layout else None
            files["essay.epub"] = render_epub(
                edition, words.text, words.cuts, cover, page_map, words.accessible)
    if options.wants("html"):
        with step("Making the HTML page"):
            files["essay.html"] = render_web(
                edition, words.body, words.cuts, page_map, words.record).encode()
    if options.wants("deposit"):
        with step("Making the deposit files"):
            files |= deposit.render_deposit(edition, words.resolved, edition.swhid, words.sources)
            notes += deposit.check_deposit(edition)
    if not options.targets:
        files |= words.citations
        files |= deposit.render_records(edition, words.text, edition.swhid, words.sources)
        files["build.json"] = built_by
    return files, notes


def run() -> int:
    """Carry out the command line; return the exit code. An installed press calls it `offprint`."""
    return main(build, COMMANDS)


if __name__ == "__main__":
    raise SystemExit(run())
