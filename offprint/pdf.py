"""Writes the pages as one PDF that is both PDF/A-3a and PDF/UA-1, its own source inside.

WeasyPrint writes PDF/A-3a; `tags` makes the text readable. Added here is what the two standards
ask for beyond that, and what says which edition this is.
"""

from __future__ import annotations

import base64
import datetime
import zlib
from collections.abc import Iterator
from typing import Any

import pydyf

from .edition import Edition
from .fonts import CODE_FAMILY
from .layout import Layout
from .licenses import license_of
from .paper import load_weasyprint
from .problems import Problem, ProblemsFoundError
from .tags import own_tags
from .templating import render

KINDS = {"md": "text/markdown", "bib": "application/x-bibtex", "yaml": "application/yaml",
         "json": "application/json"}


def render_pdf(edition: Edition, layout: Layout, record: bytes = b"") -> bytes:
    """Return the pages of `layout` as PDF/A-3a (ISO 19005-3) and PDF/UA-1 (ISO 14289-1).

    With `record`, the build's record as JSON, that and the sources are attached. The edition's
    identifier becomes that of the file, so that the same edition has the same one.
    Raises ProblemsFoundError for letters that came from a font of this machine.
    """
    _keep_one_annotation_a_link(layout)
    with own_tags(layout):
        data: bytes = layout.document.write_pdf(
            pdf_variant="pdf/a-3a", pdf_identifier=edition.identifier.encode(),
            attachments=_attachments(edition, record) if record else None,
            finisher=lambda document, pdf: _finish(edition, pdf))
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
    """Drop the links that WeasyPrint sees again in elements inside a link."""
    for page in layout.document.pages:
        kept = [link for link in page.links if getattr(link[3], "element_tag", "") == "a"]
        for *_, box in page.links:
            if box is not None:
                box.link_annotation = None  # of a PDF that was written before
        page.links = kept


def _attachments(edition: Edition, record: bytes) -> list[Any]:
    """Return the source and the record of `edition` as files to go into the PDF."""
    project, words = edition.project, edition.words
    files = [(path.name, path.read_bytes(), "Source", words[what])
             for path, what in ((project.essay, "attached_essay"),
                                (project.references, "attached_references"),
                                (project.corrections, "attached_corrections"))
             if path.is_file()]
    files.append(("build.json", record, "Data", words["attached_record"]))
    files.sort()  # as the name tree of a PDF must be
    attachment = load_weasyprint().Attachment
    # A data address, because the kind of a file on disk is guessed from the machine's own tables.
    return [attachment(url=_data_address(name, data), name=name, description=description,
                       relationship=relationship, created=_moment(edition),
                       modified=_moment(edition))
            for name, data, relationship, description in files]


def _data_address(name: str, data: bytes) -> str:
    return f"data:{KINDS[name.rpartition('.')[2]]};base64,{base64.b64encode(data).decode()}"


def _moment(edition: Edition) -> datetime.datetime:
    return datetime.datetime.fromtimestamp(edition.moment, datetime.UTC)


def _finish(edition: Edition, pdf: pydyf.PDF) -> None:
    """Say which standards `pdf` keeps and which edition it is, and make its streams sound."""
    _add_metadata(edition, pdf)
    for item in pdf.objects:
        if isinstance(item, pydyf.Stream) and item.compress:
            _compress(item)


def _add_metadata(edition: Edition, pdf: pydyf.PDF) -> None:
    """Add the claim of PDF/UA, identifier, version and rights to the XMP metadata.

    Dublin Core and PRISM 3.0; properties that PDF/A does not know are described in it
    (ISO 19005-3, 6.6.2.3). The stream is not compressed, so that any program can find it.
    """
    stream = _object(pdf, pdf.catalog["Metadata"])
    ours = render("xmp.xml.j2", edition=edition, front=edition.front,
                  license=license_of(edition.front.license)).encode()
    stream.stream = [b"".join(stream.stream).replace(b"</rdf:RDF>", ours + b"</rdf:RDF>")]
    stream.compress = False


def _compress(stream: pydyf.Stream) -> None:
    """Compress `stream`, unless it would then end in a byte that is read as a line end.

    Some readers take that byte for a part of the line end that follows every stream, and find
    the stream too short.
    """
    data = zlib.compress(b"\n".join(map(pydyf._to_bytes, stream.stream)), 9)
    if not data.endswith((b"\r", b"\n")):
        stream.stream = [data]
        stream.extra = {**stream.extra, "Filter": "/FlateDecode"}
    stream.compress = False


def _object(pdf: pydyf.PDF, reference: bytes) -> Any:
    number = int(reference.split()[0])
    return next(item for item in pdf.objects if item.number == number)
