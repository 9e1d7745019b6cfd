"""Writes the pages as a tagged PDF/UA-1, with what WeasyPrint leaves for its user to do.

WeasyPrint tags what HTML names. Added here: notes as Note with their numbers as Lbl, list items
with a body, one annotation a link, and its description in words.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pydyf

from .edition import Edition
from .fonts import CODE_FAMILY
from .licenses import license_of
from .paper import Layout, load_weasyprint
from .problems import Problem, ProblemsFoundError
from .templating import render

# Our own elements, which HTML has no names for, and their PDF tags (ISO 32000-1, 14.8.4).
TAGS = {
    "fn-note": "Note", "fn-note::footnote-call": "Reference", "fn-note::footnote-marker": "Lbl",
    "fn-p": "P", "fn-ul": "L", "fn-ol": "L", "fn-li": "LI", "fn-li::marker": "Lbl",
    "fn-blockquote": "BlockQuote", "code": "Code", "q": "Quote", "figure": "Sect"}


def render_pdf(edition: Edition, layout: Layout) -> bytes:
    """Return the pages of `layout` as PDF/UA-1.

    The edition's identifier becomes that of the file, so that the same edition has the same one.
    Raises ProblemsFoundError for letters that came from a font of this machine.
    """
    _keep_one_annotation_a_link(layout)
    with _own_tags():
        data: bytes = layout.document.write_pdf(
            pdf_variant="pdf/ua-1", pdf_identifier=edition.identifier.encode(),
            finisher=lambda document, pdf: _finish(edition, document, pdf))
    problems = list(_check_fonts(edition, layout))
    if problems:
        raise ProblemsFoundError(problems)
    return data


def _check_fonts(edition: Edition, layout: Layout) -> Iterator[Problem]:
    """Yield a problem for each font in the finished pages that is not one of ours."""
    families = {font.family.decode() if isinstance(font.family, bytes) else font.family
                for font in layout.document.fonts.values()}
    for family in sorted(families - {edition.theme.typeface, CODE_FAMILY}):
        yield Problem(edition.manuscript.file, 0,
                      f"a character was set in “{family}”, a font of this machine",
                      "find the character that no typeface of the edition has")


def _keep_one_annotation_a_link(layout: Layout) -> None:
    """Drop the links that WeasyPrint sees in elements inside a link, which are not tagged."""
    for page in layout.document.pages:
        page.links = [link for link in page.links
                      if getattr(link[3], "element_tag", "").split(":")[0] == "a"]


@contextmanager
def _own_tags() -> Iterator[None]:
    """Teach WeasyPrint the tags of our own elements while the block runs."""
    load_weasyprint()
    from weasyprint.pdf import tags

    original = tags._get_pdf_tag
    tags._get_pdf_tag = lambda tag: TAGS.get(tag) or original(tag)
    try:
        yield
    finally:
        tags._get_pdf_tag = original


def _finish(edition: Edition, document: Any, pdf: pydyf.PDF) -> None:
    """Mend the annotations and the structure tree in `pdf`, and say which edition it is."""
    _add_metadata(edition, pdf)
    for page in document.pages:
        for _, target, _, box in page.links:
            words = " ".join("".join(box.element.itertext()).split())
            box.link_annotation["Contents"] = pydyf.String(words or target)
    structure = {item.number: item for item in pdf.objects
                 if isinstance(item, pydyf.Dictionary) and item.get("Type") == "/StructElem"}
    for element in list(structure.values()):
        if element["S"] == "/LI":
            _wrap_list_body(pdf, element, structure)
        elif element["S"] == "/Note" and structure[_number(element["P"])]["S"] == "/Note":
            element["S"] = "/NonStruct"  # a box that layout has put inside the note
        elif element["S"] == "/Note":
            element["ID"] = pydyf.String(f"note-{element.number}")


def _add_metadata(edition: Edition, pdf: pydyf.PDF) -> None:
    """Add identifier, version and rights to the XMP metadata (Dublin Core, PRISM 3.0)."""
    number = _number(pdf.catalog["Metadata"])
    stream = next(item for item in pdf.objects if item.number == number)
    ours = render("xmp.xml.j2", edition=edition, front=edition.front,
                  license=license_of(edition.front.license)).encode()
    stream.stream = [b"".join(stream.stream).replace(b"</rdf:RDF>", ours + b"</rdf:RDF>")]


def _wrap_list_body(
    pdf: pydyf.PDF, item: pydyf.Dictionary, structure: dict[int, pydyf.Dictionary]
) -> None:
    """Put what follows the label of a list item into a body (ISO 14289-1, 7.6)."""
    kids = [(kid, structure.get(_number(kid))) for kid in item["K"]]
    if all(kid and kid["S"] in ("/Lbl", "/LBody") for _, kid in kids):
        return
    body = pydyf.Dictionary({
        "Type": "/StructElem", "S": "/LBody", "K": pydyf.Array([]), "P": item.reference})
    if "Pg" in item:
        body["Pg"] = item["Pg"]
    pdf.add_object(body)
    labels = pydyf.Array([])
    for reference, kid in kids:
        if kid and kid["S"] == "/Lbl":
            labels.append(reference)
            continue
        body["K"].append(reference)
        if kid:
            kid["P"] = body.reference
    item["K"] = pydyf.Array([*labels, body.reference])


def _number(reference: Any) -> int:
    """Return the object number in a reference such as b"12 0 R"; 0 for marked content."""
    return int(reference.split()[0]) if isinstance(reference, bytes) else 0
