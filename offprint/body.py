"""The converted text as an HTML tree, from which the printed page and the web page are made.

The tree is one `article`: a header (title block), the sections, and the notes apart, because
paper sets them at the foot of the page and a screen beside the text.
"""

from __future__ import annotations

import base64
import copy
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote

from lxml import etree

from . import pandoc
from .edition import Edition
from .paragraphs import number_paragraphs
from .text import Text
from .tree import Element, break_addresses, inner_html, remove, unwrap

PICTURE_TYPES = {
    ".png": "image/png", ".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".svg": "image/svg+xml",
    ".gif": "image/gif", ".webp": "image/webp"}
TITLE_BLOCK = ("subtitle", "byline", "imprint", "withdrawn", "abstract")
BACK_MATTER = (
    "edition-corrections", "edition-bibliography", "edition-cite", "edition-colophon")
HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")

@dataclass(frozen=True)
class Heading:
    """A heading of the contents: where it leads, its words as HTML, its level from 2."""

    id: str
    html: str
    level: int


@dataclass(frozen=True)
class Body:
    """The article, and the content of each note by number: a `li` of block elements."""

    article: Element
    notes: dict[int, Element]

    def copy(self) -> Body:
        """Return a body that can be changed without changing this one."""
        return Body(copy.deepcopy(self.article), copy.deepcopy(self.notes))

    @property
    def characters(self) -> str:
        """All the text, notes included, in no particular order."""
        return "".join(text for part in (self.article, *self.notes.values())
                       for text in part.itertext())

    @property
    def headings(self) -> list[Heading]:
        """The headings of the sections, in order, those of levels 2 and 3."""
        found = []
        for heading in self.article.iter("h2", "h3"):
            section = heading.getparent()
            if section is not None and section.get("id"):
                found.append(Heading(section.get("id"), inner_html(heading), int(heading.tag[1])))
        return found

    @property
    def title(self) -> str:
        """The title in plain words."""
        return " ".join("".join(self.article[0][0].itertext()).split())

    def calls(self) -> list[tuple[int, Element]]:
        """Return the call of each note in reading order, with its number."""
        return [(int(call.get("href", "#n0")[2:]), call)
                for call in self.article.iter("a") if call.get("role") == "doc-noteref"]


def render_body(edition: Edition, text: Text) -> Body:
    """Return the converted text of `edition` as a tree."""
    html = pandoc.render_html(text.as_document(text.blocks), edition.manuscript.file)
    root = etree.fromstring(f"<div>{html}</div>", etree.XMLParser(resolve_entities=False))
    unwrap_citations(root)
    break_addresses(root)
    notes = _take_notes(root)
    article = root[0]
    article.tag = "article"
    article.attrib.clear()
    _group_title_block(article)
    number_paragraphs(article)
    return Body(article, notes)


def embed_pictures(edition: Edition, article: Element) -> None:
    """Put each image file into `article` itself, as a data address."""
    for image in article.iter("img"):
        path = edition.project.manuscript / unquote(image.get("src", ""))
        image.set("src", data_address(path))


def data_address(path: Path) -> str:
    """Return the content of a file as a data address."""
    kind = PICTURE_TYPES[path.suffix.lower()]
    return f"data:{kind};base64,{base64.b64encode(path.read_bytes()).decode()}"


def unwrap_citations(root: Element) -> None:
    """Take away the spans round citations, so that a call stands next to its word."""
    for span in list(root.iter("span")):
        if span.get("class") == "citation":
            unwrap(span)


def _take_notes(root: Element) -> dict[int, Element]:
    """Take the notes out of `root`; calls and notes get the identifiers rN and nN."""
    for call in root.iter("a"):
        if call.get("role") == "doc-noteref":
            number = call.get("href", "")[3:]
            call.set("href", f"#n{number}")
            call.set("id", f"r{number}")
    notes: dict[int, Element] = {}
    for section in root.findall(".//section[@role='doc-endnotes']"):
        for item in section.findall("ol/li"):
            number = item.get("id", "")[2:]
            item.set("id", f"n{number}")
            for back in item.findall(".//a[@role='doc-backlink']"):
                remove(back)
            notes[int(number)] = item
        remove(section)
    return notes


def _group_title_block(article: Element) -> None:
    """Put the title and what belongs to it into a header."""
    header = etree.Element("header", {"class": "title-block"})
    for child in list(article):
        if child.tag != "h1" and child.get("class") not in TITLE_BLOCK:
            break
        header.append(child)
    article.insert(0, header)


def place_notes_at_end(edition: Edition, body: Body) -> None:
    """Put the notes, with their ways back, between the essay and the back matter."""
    if not body.notes:
        return
    section = etree.Element("section", {
        "id": "edition-notes", "class": "notes", "role": "doc-endnotes",
        "aria-labelledby": "edition-notes-title"})
    etree.SubElement(section, "h2", {"id": "edition-notes-title"}).text = edition.words["notes"]
    listed = etree.SubElement(section, "ol")
    for number, note in body.notes.items():
        _add_way_back(note, number, edition.words["back"])
        listed.append(note)
    for number, call in body.calls():
        call.set("aria-label", f"{edition.words['note']} {number}")
    _insert_before_back_matter(body.article, section)


def _add_way_back(note: Element, number: int, words: str) -> None:
    last = note[-1] if len(note) and note[-1].tag == "p" else etree.SubElement(note, "p")
    back = etree.SubElement(last, "a", {
        "href": f"#r{number}", "class": "back", "role": "doc-backlink",
        "aria-label": f"{words} {number}"})
    back.text = "↑"


def _insert_before_back_matter(article: Element, section: Element) -> None:
    for number, child in enumerate(article):
        if child.get("id") in BACK_MATTER:
            article.insert(number, section)
            return
    article.append(section)
