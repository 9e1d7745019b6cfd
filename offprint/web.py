"""Turns the body into the HTML edition: one file that needs nothing else, now or later."""

from __future__ import annotations

import base64
from dataclasses import dataclass

from lxml import etree

from .body import Body, embed_pictures, place_notes_at_end
from .edition import Edition
from .fonts import Cut, style_rules
from .pages import PageMap, make_mark, mark_pages
from .tables import mark_table_heads, scroll_wide_blocks
from .templating import read_template
from .tree import Element, outer_html


@dataclass(frozen=True)
class Record:
    """What the page says of its edition to programs: head lines, a citation, files to save."""

    head: str
    citation: str
    files: dict[str, bytes]


def render_web(
    edition: Edition, body: Body, cuts: tuple[Cut, ...], page_map: PageMap | None,
    record: Record,
) -> str:
    """Return the HTML edition of `edition`, with the places where printed pages begin."""
    body = body.copy()
    headings = body.headings
    if page_map:
        mark_pages(page_map, [body.article], make_mark)
    _link_paragraph_numbers(edition, body.article)
    place_notes_at_end(edition, body)
    body.article.set("data-notes", edition.theme.notes)
    _offer_files(edition, body.article, record.files)
    _offer_choice(edition, body.article)
    body.article.set("data-citation", record.citation)
    embed_pictures(edition, body.article)
    mark_table_heads(body.article)
    scroll_wide_blocks(body.article, edition.words["table"], edition.words["code"])
    return edition.render_page(
        "web.html.j2", front=edition.front, edition=edition, words=edition.words,
        plain_title=body.title, headings=headings, body=outer_html(body.article),
        css=_screen_style(edition, cuts),
        script=read_template("screen.js", edition.own_templates), head=record.head)


def _screen_style(edition: Edition, cuts: tuple[Cut, ...]) -> str:
    return (style_rules(cuts, "woff2") + edition.render("type.css")
            + edition.render("screen.css"))


def _link_paragraph_numbers(edition: Edition, article: Element) -> None:
    """Put before each paragraph a link to itself, which the style sheet shows as its number.

    The link knows its place, such as "p. 4, ¶ 12", for the script that copies a citation.
    """
    page = ""
    for element in list(article.iter("p", "span")):
        if element.get("role") == "doc-pagebreak":
            page = element.get("title")
        number = element.get("data-number")
        if number:
            begins = _page_at_beginning(element) or page
            place = [f"{edition.words['page']} {begins}"] if begins else []
            link = etree.Element("a", {
                "class": "number", "href": f"#p{number}", "data-number": number,
                "data-place": ", ".join([*place, f"¶ {number}"]),
                "aria-label": f"{edition.words['paragraph']} {number}"})
            link.tail, element.text = element.text, None
            element.insert(0, link)
            del element.attrib["data-number"]


def _page_at_beginning(paragraph: Element) -> str:
    """Return the page that begins with `paragraph`, or nothing."""
    before = paragraph.text
    for child in paragraph:
        if (before or "").strip():
            break
        if child.get("role") == "doc-pagebreak":
            return str(child.get("title"))
        if child.get("class") != "mark":
            break
        before = child.tail
    return ""


def _offer_files(edition: Edition, article: Element, files: dict[str, bytes]) -> None:
    """Offer `files` for saving, those of the bibliography in it, the others under "cite"."""
    for name, section in (("references", "edition-bibliography"), ("", "edition-cite")):
        chosen = {file: data for file, data in files.items()
                  if file.startswith("references") == bool(name)}
        place = article.find(f".//section[@id='{section}']")
        if place is None or not chosen:
            continue
        listed = etree.SubElement(place, "ul", {
            "class": "files", "aria-label": edition.words["download"]})
        for file, data in chosen.items():
            link = etree.SubElement(etree.SubElement(listed, "li"), "a", {
                "download": file, "href": data_url(data)})
            link.text = file


def _offer_choice(edition: Edition, article: Element) -> None:
    """Offer to choose corrections by kind and by the copy that a reader has.

    Without the script the form stays hidden, and every correction is shown.
    """
    words, entries = edition.words, edition.corrections.all
    section = article.find(".//section[@id='edition-corrections']")
    if section is None or not entries:
        return
    names: list[str] = [entry.verdict for entry in edition.corrections.entries]
    names += [entry.kind for entry in entries if entry.kind]
    copies = [("", words["any_version"])]
    if edition.corrections.entries:
        copies.append(("replaced", words["replaced"]))
    copies += [(version, version) for version in edition.versions]
    form = etree.Element("form", {
        "class": "choice", "hidden": "hidden", "aria-label": words["filter"],
        "data-versions": " ".join(edition.versions), "data-shown": words["shown"]})
    _add_select(form, "held", words["held"], copies)
    _add_select(form, "kind", words["kind"], [
        ("", words["all"]), *((name, words[name]) for name in dict.fromkeys(names))])
    etree.SubElement(form, "p", {"role": "status"})
    first = next(child for child in section
                 if child.get("class") == "correction" or child.tag == "section")
    section.insert(section.index(first), form)


def _add_select(form: Element, name: str, label: str, options: list[tuple[str, str]]) -> None:
    around = etree.SubElement(form, "label")
    around.text = f"{label} "
    select = etree.SubElement(around, "select", {"name": name, "autocomplete": "off"})
    for value, words in options:
        etree.SubElement(select, "option", {"value": value}).text = words


def data_url(data: bytes) -> str:
    """Return `data` as an address of plain text, to be saved by the reader."""
    return "data:text/plain;charset=utf-8;base64," + base64.b64encode(data).decode()
