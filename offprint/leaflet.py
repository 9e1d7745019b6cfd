"""Sets the press's own small documents, about an edition and not of it: as a page and as PDF."""

from __future__ import annotations

from dataclasses import replace

from lxml import html

from .edition import Edition
from .fonts import Cut, cut_fonts, style_rules
from .layout import Layout
from .paper import lay_out, print_style
from .pdf import render_pdf
from .templating import long_date


def name_leaflet(edition: Edition, title: str) -> Edition:
    """Return `edition` under the title of a leaflet, without what names the essay alone."""
    front = edition.front.model_copy(update={
        "title": title, "subtitle": None, "abstract": None, "keywords": [], "doi": None,
        "concept_doi": None, "isbn": None, "url": None})
    return replace(edition, front=front)


def render_leaflet_page(leaflet: Edition, body: str, style: str) -> bytes:
    """Return `body`, an article in HTML, as a page that needs nothing else.

    `style` names the style sheet of the leaflet, for the screen.
    """
    css = (style_rules(_cuts(leaflet, body), "woff2") + leaflet.render("type.css")
           + leaflet.render("screen.css") + leaflet.render(style))
    return leaflet.render(
        "web.html.j2", front=leaflet.front, edition=leaflet, words=leaflet.words,
        plain_title=leaflet.front.title, headings=[], body=body, css=css, script="",
        head="").encode()


def render_leaflet_pdf(leaflet: Edition, body: str, style: str) -> bytes:
    """Return `body`, an article in HTML, on paper; `style` names its style sheet.

    Raises what `paper.lay_out` raises.
    """
    css = print_style(leaflet, _cuts(leaflet, body)) + leaflet.render(style)
    return render_pdf(leaflet, lay_out_leaflet(leaflet, body, css))


def lay_out_leaflet(leaflet: Edition, body: str, css: str) -> Layout:
    """Return the pages of `body`, dressed by the style sheet `css` with its fonts in it."""
    return lay_out(leaflet, leaflet.render(
        "print.html.j2", edition=leaflet, front=leaflet.front, words=leaflet.words,
        date=long_date(leaflet.front.date, leaflet.front.lang), body=body, css=css,
        plain_title=leaflet.front.title))


def slip_style(leaflet: Edition, body: str, style: str) -> str:
    """Return the style sheet named `style` with the fonts for `body`, and no rules for pages."""
    return (style_rules(_cuts(leaflet, body), "truetype") + leaflet.render("type.css")
            + leaflet.render(style))


def _cuts(leaflet: Edition, body: str) -> tuple[Cut, ...]:
    page = html.fromstring(body)
    has_bold, has_code = (next(page.iter(*tags), None) is not None
                          for tags in (("strong", "b"), ("code", "pre")))
    return cut_fonts(leaflet.theme.faces(has_bold, has_code), page.text_content())
