"""Turns an edition into JATS 1.3 (Archiving and Interchange), in which archives keep texts.

Pandoc writes the text; the frame is a template; what Pandoc has no JATS for is mended here.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import unquote

from lxml import etree

from . import pandoc
from .csl import Item, item_date, item_family, item_title
from .document import Element, attribute, elements, has_class, make_part, plain_text, rewrite
from .edition import Edition
from .licenses import license_of
from .metadata import (
    FORMATS,
    address_of,
    family_name,
    is_person,
    replaced_source,
)
from .paragraphs import walk_paragraphs
from .project import TEMPLATES
from .templating import render
from .text import Text

JATS_DOCTYPE = (
    '<!DOCTYPE article PUBLIC "-//NLM//DTD JATS (Z39.96) Journal Archiving and Interchange DTD '
    'with MathML3 v1.3 20210610//EN" "JATS-archivearticle1-3-mathml3.dtd">')
XLINK = "{http://www.w3.org/1999/xlink}"
BREAK = "* * *"  # a break between scenes
TITLE, SUBTITLE, ABSTRACT = "edition-part-title", "edition-part-subtitle", "edition-part-abstract"

# What JATS calls the kinds of sources that CSL knows under other names.
KINDS = {"article-journal": "journal", "article-magazine": "magazine",
         "article-newspaper": "newspaper", "chapter": "book", "paper-conference": "confproc",
         "personal_communication": "letter"}


def render_jats(
    edition: Edition, text: Text, swhid: str, references: Sequence[Item]
) -> tuple[bytes, dict[str, bytes]]:
    """Return the edition as JATS 1.3 (Archiving), and the pictures in it by name."""
    essay, pictures = _name_pictures(edition, text.essay)
    parts = _write_parts(edition, text, essay)
    root: Any = etree.fromstring(_render_frame(edition, text, swhid, references).encode(),
                                 etree.XMLParser(remove_blank_text=True))
    _move_front(root, parts)
    _mend_body(parts)
    _name_alternatives(parts, pictures)
    _add_sources(parts, text, references)
    _arrange_back(parts, text)
    _number_paragraphs(parts)
    for name in ("body", "back"):
        part = parts.find(name)
        if len(part):
            root.replace(root.find(name), part)
        else:
            root.remove(root.find(name))
    etree.cleanup_namespaces(root, keep_ns_prefixes=["mml", "xlink"])
    data: bytes = etree.tostring(
        root, xml_declaration=True, encoding="UTF-8", doctype=JATS_DOCTYPE)
    return data + b"\n", {name: content for name, (content, _, _) in pictures.items()}


def _name_pictures(
    edition: Edition, blocks: list[Element]
) -> tuple[list[Element], dict[str, tuple[bytes, str, str]]]:
    """Return `blocks` with every picture a file beside them, and these files.

    A file is known by its name: its content, what it shows in words, and the same at length.
    """
    pictures: dict[str, tuple[bytes, str, str]] = {}

    def change(element: Element) -> list[Element] | None:
        if element["t"] == "Image":
            old, (source, title) = attribute(element), element["c"][2]
            path = edition.project.manuscript / unquote(source)
            words = dict(old[2]).get("alt", "") or plain_text(element["c"][1])
            picture, suffix = (path.read_bytes(), words, ""), path.suffix.lower()
        elif element["t"] == "RawInline" and "<svg" in element["c"][1]:
            old, title, suffix = ["", [], []], "", ".svg"
            svg = etree.fromstring(element["c"][1])
            words, listed = (svg.findtext(f"{{*}}{name}") or "" for name in ("title", "desc"))
            picture = (etree.tostring(svg, xml_declaration=True, encoding="UTF-8"), words, listed)
        else:
            return None
        name = f"essay-g{len(pictures) + 1:03}{suffix}"
        pictures[name] = picture
        return [{"t": "Image", "c": [old, [], [name, title]]}]

    named: list[Element] = rewrite(blocks, change)
    return named, pictures


def _write_parts(edition: Edition, text: Text, essay: list[Element]) -> Any:
    """Return all words of the edition as Pandoc writes them in JATS, not yet in their places."""
    front = [make_part(TITLE, [{"t": "Para", "c": next(elements(text.front, "Header"))["c"][2]}])]
    for div in elements(text.front, "Div"):
        for name, identifier in (("subtitle", SUBTITLE), ("abstract", ABSTRACT)):
            if has_class(div, name):
                front.append(make_part(identifier, div["c"][1]))
    document = text.as_document(rewrite([*front, *essay, *text.back], _keep_lines))
    return etree.fromstring(pandoc.render_jats(
        document, TEMPLATES / "deposit-parts.xml", edition.manuscript.file))


def _number_paragraphs(parts: Any) -> None:
    """Give the paragraphs of the body the identifiers that they have in every edition."""
    paragraphs = [p for p in walk_paragraphs(parts.find("body")) if p.text != BREAK]
    for number, paragraph in enumerate(paragraphs, 1):
        paragraph.set("id", f"p{number}")


def _keep_lines(element: Element) -> list[Element] | None:
    """Keep what Pandoc has no JATS for: the lines of a verse, and a break between scenes."""
    if element["t"] == "LineBlock":
        lines = [{"t": "Para", "c": line} for line in element["c"]]
        return [{"t": "Div", "c": [["", [], [["content-type", "verse"]]], lines]}]
    if element["t"] == "HorizontalRule":
        return [{"t": "Para", "c": [{"t": "Str", "c": BREAK}]}]
    return None


def _render_frame(
    edition: Edition, text: Text, swhid: str, references: Sequence[Item]
) -> str:
    """Return the JATS article with its front matter, its title and text still to come."""
    front = edition.front
    affiliations = list(dict.fromkeys(
        place for author in front.author for place in author.affiliation))
    authors = [(author, [affiliations.index(place) + 1 for place in author.affiliation])
               for author in front.author]
    addresses = [(address_of(edition), "text/html"),
                 *((address_of(edition, name), kind) for name, kind in FORMATS)]
    return render(
        "deposit-jats.xml.j2", edition=edition, front=front, swhid=swhid, authors=authors,
        affiliations=affiliations, license=license_of(front.license),
        addresses=addresses if address_of(edition) else [],
        replaced=replaced_source(edition, references), title_of=item_title, is_person=is_person,
        family_name=family_name)


def _move_front(root: Any, parts: Any) -> None:
    """Move title, subtitle and abstract from the text to the front matter."""
    for identifier, place in ((TITLE, "article-title"), (SUBTITLE, "subtitle"),
                              (ABSTRACT, "abstract")):
        box, target = parts.find(f".//boxed-text[@id='{identifier}']"), root.find(f".//{place}")
        if box is None or target is None:
            continue
        box.getparent().remove(box)
        source = box if place == "abstract" else box[0]
        target.text = None if place == "abstract" else source.text
        target.extend(list(source))


def _mend_body(parts: Any) -> None:
    """Set verse as verse."""
    for box in parts.findall(".//boxed-text[@content-type='verse']"):
        box.tag = "verse-group"
        del box.attrib["content-type"]
        for line in box.findall("p"):
            line.tag = "verse-line"


def _name_alternatives(parts: Any, pictures: dict[str, tuple[bytes, str, str]]) -> None:
    """Give each picture the words that say what it shows."""
    for graphic in (*parts.iter("graphic"), *parts.iter("inline-graphic")):
        _, words, listed = pictures[graphic.get(f"{XLINK}href")]
        del graphic[:]
        graphic.text = None
        etree.SubElement(graphic, "alt-text").text = words
        if listed:
            etree.SubElement(graphic, "long-desc").text = listed


def _add_sources(parts: Any, text: Text, references: Sequence[Item]) -> None:
    """Set the fields of each source beside its printed words."""
    by_key = {f"ref-{item['id']}": item for item in references}
    entries = [div for div in elements(text.back, "Div") if has_class(div, "csl-entry")]
    for ref, entry in zip(parts.iter("ref"), entries, strict=True):
        item = by_key.get(attribute(entry)[0])
        if item:
            printed = ref.find("mixed-citation")
            both = etree.Element("citation-alternatives")
            ref.replace(printed, both)
            printed.tail = None
            both.extend([printed, etree.fromstring(
                render_source(item), etree.XMLParser(remove_blank_text=True))])


def render_source(item: Item) -> str:
    """Return a source as the fields of a JATS element-citation."""
    kind, container = str(item.get("type", "")), item.get("container-title")
    title = item_title(item)
    titles = [("chapter-title" if kind == "chapter" else "article-title", title),
              ("source", container)] if container else [("source", title)]
    first, _, last = str(item.get("page", "")).partition("-")
    fields = [*titles, *((tag, item.get(name)) for tag, name in (
        ("edition", "edition"), ("volume", "volume"), ("issue", "issue"),
        ("publisher-name", "publisher"), ("publisher-loc", "publisher-place"))),
        ("fpage", first), ("lpage", last)]
    return render(
        "deposit-source.xml.j2", kind=KINDS.get(kind, kind or "other"), family_of=item_family,
        groups=[(role, item[role]) for role in ("author", "editor", "translator")
                if item.get(role)],
        fields=[(tag, str(value)) for tag, value in fields if value],
        date=item_date(item).split("-") if item_date(item) else [],
        doi=item.get("DOI"), isbn=item.get("ISBN"), url=item.get("URL"))


def _arrange_back(parts: Any, text: Text) -> None:
    """Make the corrections an appendix and the colophon a note; name the list of sources."""
    back = parts.find("back")
    corrections = parts.find(".//sec[@id='edition-corrections']")
    if corrections is not None:
        corrections.getparent().remove(corrections)
        corrections.tag, corrections.tail = "app", None
        group = etree.Element("app-group")
        group.append(corrections)
        back.insert(0, group)
    headings = {attribute(header)[0]: plain_text(header) for header in
                elements(text.back, "Header")}
    for listed in back.findall("ref-list"):
        title = listed.find("title")
        if title is not None:
            title.text = headings.get("edition-bibliography")
    for empty in parts.findall(".//sec[@id='edition-bibliography']"):
        if len(empty) < 2:
            empty.getparent().remove(empty)
    colophon = parts.find(".//sec[@id='edition-colophon']")
    if colophon is not None:
        colophon.getparent().remove(colophon)
        colophon.tag, colophon.tail = "notes", None
        colophon.set("notes-type", "colophon")
        back.append(colophon)
