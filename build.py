#!/usr/bin/env python3
"""Prints the essay in manuscript/ with the sources in bibliography/ as PDF, EPUB and HTML."""

from __future__ import annotations

import sys

from offprint.bootstrap import enter_environment

if __name__ == "__main__":
    enter_environment("test" if "test" in sys.argv[1:2] else "")

from offprint import paper
from offprint.body import render_body
from offprint.checks import check_edition
from offprint.command import Options, Report, main
from offprint.cover import render_cover
from offprint.edition import read_edition
from offprint.epub import render_epub
from offprint.fonts import cut_fonts, faces_for
from offprint.output import write_output
from offprint.pages import read_page_map
from offprint.pdf import render_pdf
from offprint.text import resolve_text
from offprint.web import render_web


def build(options: Options) -> Report:
    """Build the editions that `options` name, and put them in place at the end.

    Raises ProblemsFoundError before anything is written, ToolError where a tool is missing.
    """
    step = options.progress.step
    with step("Reading and checking"):
        edition = read_edition(options.project, options.draft)
        text, notes = check_edition(edition)
    if options.check_only:
        return Report([], notes)
    with step("Resolving citations"):
        text = resolve_text(edition, text)
        body = render_body(edition, text)
        cuts = cut_fonts(faces_for(text), body.characters)
    missing = paper.find_missing()
    layout = page_map = cover = None
    if not missing:
        with step("Setting the pages"):
            layout = paper.lay_out(edition, paper.render_print(edition, body, cuts))
            page_map = read_page_map(layout, body.article)
            notes += page_map.problems(edition.manuscript.file)

    files = {}
    if "pdf" in options.editions and layout:
        with step("Writing the PDF"):
            files["essay.pdf"] = render_pdf(edition, layout)
    if "epub" in options.editions:
        with step("Making the EPUB"):
            cover = render_cover(edition, text, cuts) if layout else None
            files["essay.epub"] = render_epub(edition, text, cuts, cover, page_map)
    if "html" in options.editions:
        with step("Making the HTML page"):
            files["essay.html"] = render_web(edition, body, cuts, page_map).encode()
    return Report(write_output(options.project.output, files), notes, missing)


if __name__ == "__main__":
    raise SystemExit(main(build))
