"""Makes the cover of the EPUB: a page from a template, laid out and turned into a picture."""

from __future__ import annotations

import io

import pypdfium2

from .edition import Edition
from .fonts import Cut, style_rules
from .paper import lay_out
from .templating import long_date
from .text import Text

DOTS_PER_POINT = 1600 / (160 / 25.4 * 72)  # 1600 pixels across 160 mm


def render_cover(edition: Edition, text: Text, cuts: tuple[Cut, ...]) -> bytes:
    """Return the cover as a PNG of 1600 by 2400 pixels.

    Raises ToolError where pages cannot be laid out.
    """
    front = edition.front
    html = edition.render(
        "cover.html.j2", front=front, title=text.title, subtitle=text.subtitle,
        authors=edition.authors, words=edition.words, state=edition.state,
        date=long_date(front.date, front.lang),
        css=style_rules(cuts, "truetype") + edition.render("cover.css"))
    page = pypdfium2.PdfDocument(lay_out(edition, html).document.write_pdf())[0]
    picture = io.BytesIO()
    page.render(scale=DOTS_PER_POINT).to_pil().quantize(64).save(picture, "PNG")
    return picture.getvalue()
