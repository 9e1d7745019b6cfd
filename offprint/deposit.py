"""Turns an edition into what archives and registries take in: JATS, DataCite, Crossref, Zenodo.

Every file is a function of the edition and says nothing that the edition does not: a registry
that requires what the front matter lacks gets no file, and `check_deposit` says why.
"""

from __future__ import annotations

import datetime
import json
import re
from collections.abc import Iterator, Sequence
from html import escape
from typing import Any
from urllib.parse import unquote

from babel.core import get_global
from lxml import etree

from . import pandoc
from .document import Element, attribute, elements, has_class, make_part, plain_text, rewrite
from .edition import Edition
from .licenses import license_of
from .manuscript import Author, doi_address
from .metadata import (
    DATACITE,
    FORMATS,
    LINKSET,
    ORCID,
    Item,
    address_of,
    cited_address,
    family_name,
    filled,
    full_title,
    is_person,
    item_date,
    item_family,
    item_title,
    read_abstract,
    typed_links,
)
from .paragraphs import walk_paragraphs
from .problems import Problem
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


# Licences of texts with SPDX identifiers, besides those of Creative Commons.
OTHER_LICENSES = ("GFDL-1.3-only", "GFDL-1.3-or-later", "LAL-1.3", "MIT", "Apache-2.0")


def render_deposit(
    edition: Edition, text: Text, swhid: str, references: Sequence[Item]
) -> dict[str, bytes]:
    """Return the files of the deposit by name, and the pictures that the JATS file names.

    `text` is resolved; `references` are its sources in CSL-JSON; `swhid` names the source
    folder and may be empty.
    """
    jats, files = render_jats(edition, text, swhid, references)
    files["essay.jats.xml"] = jats
    files["zenodo.json"] = _json(describe_for_zenodo(edition, text, swhid, references))
    files |= render_records(edition, text, swhid, references)
    if can_register(edition):
        files["crossref.xml"] = render_crossref(edition, text, references)
    return files


def render_records(
    edition: Edition, text: Text, swhid: str, references: Sequence[Item]
) -> dict[str, bytes]:
    """Return the files that the HTML page links to: DataCite metadata and the link set."""
    files = {}
    if edition.front.publisher:
        files[DATACITE[0]] = _json(describe_for_datacite(edition, text, swhid, references))
    if address_of(edition):
        files[LINKSET[0]] = _json(list_links(edition))
    return files


def can_register(edition: Edition) -> bool:
    """Tell whether the front matter has all that a registration with Crossref requires."""
    front = edition.front
    return bool(not edition.draft and front.doi and address_of(edition) and front.publisher
                and _mailbox(edition))


def check_deposit(edition: Edition) -> Iterator[Problem]:
    """Yield a note for each thing that archives ask for and the front matter does not say."""
    front, file = edition.front, edition.manuscript.file
    missing = (
        (front.license, "no licence: archives ask what readers may do with the text",
         "add a line such as license: CC-BY-4.0"),
        (front.abstract, "no abstract: archives show one to readers who search",
         "add abstract: and a few sentences"),
        (front.keywords, "no keywords: catalogues file the text under them", "add keywords: […]"),
        (front.publisher, "no publisher: datacite.json and crossref.xml, which require one, "
         "were left out", "add publisher: and who publishes the text"),
        (address_of(edition), "no address: linkset.json and crossref.xml, which require one, "
         "were left out", "add url: https://…, where the edition will stand"),
        (front.doi, "no DOI: crossref.xml, which registers one, was left out",
         "add doi: 10.…, once an archive has given one"),
        (_mailbox(edition), "no mail address: crossref.xml, which requires one, was left out",
         "add contact: and the address that answers for the text"))
    for value, what, remedy in missing:
        if not value:
            yield Problem(file, 1, what, remedy, note=True)
    for author in front.author:
        if is_person(author) and not author.orcid:
            yield Problem(file, 1, f"{author.display} has no ORCID: archives tell authors of one "
                          "name apart by it", "add orcid: 0000-… to the author (orcid.org)",
                          note=True)


# ---- JATS ----


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
        replaced=_replaced(edition, references), title_of=item_title, is_person=is_person,
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


# ---- DataCite and Zenodo ----


def describe_for_datacite(
    edition: Edition, text: Text, swhid: str, references: Sequence[Item]
) -> Item:
    """Return the edition in the fields of DataCite 4.5."""
    front, rights = edition.front, license_of(edition.front.license)
    spdx = _spdx(edition)
    withdrawal = edition.withdrawal
    titles = [{"title": text.title, "lang": front.lang}]
    if text.subtitle:
        titles.append({"title": text.subtitle, "titleType": "Subtitle", "lang": front.lang})
    others = [(swhid, "SWHID"), (front.isbn, "ISBN")]
    return filled({
        "schemaVersion": "http://datacite.org/schema/kernel-4",
        "doi": front.doi, "url": address_of(edition),
        "types": {"resourceTypeGeneral": "Text", "resourceType": "Essay"},
        "creators": [_describe_creator(author) for author in front.author],
        "titles": titles, "publisher": {"name": front.publisher},
        "publicationYear": str(front.date.year),
        "dates": [{"date": front.date.isoformat(), "dateType": "Issued"}, *(
            [{"date": withdrawal.date.isoformat(), "dateType": "Withdrawn",
              "dateInformation": " ".join(withdrawal.why.split())}] if withdrawal else [])],
        "language": front.lang, "version": edition.version,
        "subjects": [{"subject": keyword, "lang": front.lang} for keyword in front.keywords],
        "descriptions": [
            {"description": "\n\n".join(read_abstract(text)), "descriptionType": "Abstract",
             "lang": front.lang}] if front.abstract else None,
        "rightsList": [filled({
            "rights": rights.name, "rightsUri": rights.url, "rightsIdentifier": spdx,
            "rightsIdentifierScheme": spdx and "SPDX",
            "schemeUri": spdx and "https://spdx.org/licenses/"})] if rights.name else None,
        "formats": [kind for _, kind in FORMATS] + ["text/html"],
        "alternateIdentifiers": [
            {"alternateIdentifier": value, "alternateIdentifierType": kind}
            for value, kind in others if value],
        "relatedIdentifiers": list(_related_for_datacite(edition, references)),
        "relatedItems": list(_unregistered_for_datacite(edition))})


def _describe_creator(author: Author) -> Item:
    person = is_person(author)
    return filled({
        "name": author.sorted if person else author.display,
        "nameType": "Personal" if person else "Organizational",
        "givenName": person and author.given, "familyName": person and family_name(author),
        "nameIdentifiers": [{
            "nameIdentifier": ORCID + author.orcid, "nameIdentifierScheme": "ORCID",
            "schemeUri": "https://orcid.org"}] if author.orcid else None,
        "affiliation": [{"name": name} for name in dict.fromkeys(author.affiliation)]})


def _related_for_datacite(edition: Edition, references: Sequence[Item]) -> Iterator[Item]:
    """Yield the DOIs of all versions and of earlier ones, the replaced text, and the sources."""
    replaced = _replaced(edition, references)
    related = [(edition.front.concept_doi, "DOI", "IsVersionOf"),
               *((release.doi, "DOI", "IsNewVersionOf") for release in edition.earlier)]
    for item in references:
        relation = "IsDerivedFrom" if item is replaced else "References"
        related.append((item.get("DOI"), "DOI", relation) if item.get("DOI")
                       else (item.get("URL"), "URL", relation))
    for identifier, kind, relation in dict.fromkeys(related):
        if identifier:
            yield {"relatedIdentifier": identifier, "relatedIdentifierType": kind,
                   "relationType": relation}


def _unregistered_for_datacite(edition: Edition) -> Iterator[Item]:
    """Yield earlier versions without a DOI: DataCite 4.5 knows no SWHID but in words."""
    for release in edition.earlier:
        if not release.doi:
            yield {"relatedItemType": "Text", "relationType": "IsNewVersionOf",
                   "titles": [{"title": f"{release.title} ({release.swhid})"}],
                   "publicationYear": str(release.date.year),
                   "number": release.version, "numberType": "Other"}


def describe_for_zenodo(
    edition: Edition, text: Text, swhid: str, references: Sequence[Item]
) -> Item:
    """Return the edition in the fields of a Zenodo deposit, as in a file .zenodo.json."""
    front = edition.front
    replaced = _replaced(edition, references) or {}
    related = [
        (replaced.get("DOI") or replaced.get("URL"), "isDerivedFrom"),
        (front.concept_doi, "isVersionOf"), (address_of(edition), "isIdenticalTo"),
        (swhid, "isVariantFormOf"),
        *((release.doi or release.swhid, "isNewVersionOf") for release in edition.earlier)]
    return filled({
        "upload_type": "publication", "publication_type": "other",
        "title": full_title(text), "publication_date": front.date.isoformat(),
        "creators": [filled({
            "name": author.sorted if is_person(author) else author.display,
            "affiliation": "; ".join(author.affiliation), "orcid": author.orcid})
            for author in front.author],
        # Zenodo takes HTML here.
        "description": "".join(
            f"<p>{escape(words, quote=False)}</p>" for words in read_abstract(text)),
        "notes": edition.withdrawal and " ".join(edition.withdrawal.why.split()),
        "keywords": list(front.keywords), "version": edition.version,
        "language": three_letters(front.lang), "doi": front.doi,
        "license": _spdx(edition).lower(), "imprint_publisher": front.publisher,
        "imprint_isbn": front.isbn,
        "related_identifiers": [{"identifier": identifier, "relation": relation}
                                for identifier, relation in related if identifier],
        "references": [words for _, _, words in _printed_sources(text, references)]})


def three_letters(lang: str) -> str:
    """Return the ISO 639-3 code of a language tag; nothing where Unicode's data has none.

    Some languages have a second code after their English name ("ger" for deu), which keeps
    fewer letters of the two-letter one.
    """
    short = lang.split("-")[0]
    if len(short) == 3:
        return short
    codes = [code for code, known in get_global("language_aliases").items()
             if known == short and len(code) == 3]
    return min(codes, key=lambda code: (not re.search(".*".join(short), code), code), default="")


# ---- Crossref ----


def render_crossref(edition: Edition, text: Text, references: Sequence[Item]) -> bytes:
    """Return the registration of the edition's DOI, in Crossref's deposit schema 5.3.1.

    Its time is the edition's date: Crossref takes a second deposit only with a later one.
    """
    moment = datetime.datetime.fromtimestamp(edition.moment, datetime.UTC)
    xml = render(
        "deposit-crossref.xml.j2", front=edition.front, earlier=edition.earlier,
        # Its schema has no other place that says so.
        title=f"WITHDRAWN: {text.title}" if edition.withdrawal else text.title,
        subtitle=text.subtitle,
        batch=edition.identifier.removeprefix("urn:uuid:"), abstract=read_abstract(text),
        timestamp=f"{moment:%Y%m%d%H%M%S}", language=edition.front.lang.split("-")[0],
        license=license_of(edition.front.license),
        mailbox=_mailbox(edition), address=address_of(edition),
        citations=_printed_sources(text, references),
        is_person=is_person, family_name=family_name)
    return b'<?xml version="1.0" encoding="UTF-8"?>\n' + xml.encode()


def _printed_sources(
    text: Text, references: Sequence[Item]
) -> list[tuple[str, str, str]]:
    """Return each source of the printed bibliography: its key, its DOI, its printed words."""
    dois = {item["id"]: str(item.get("DOI", "")) for item in references}
    keys = [(attribute(div)[0].removeprefix("ref-"), div)
            for div in elements(text.back, "Div") if has_class(div, "csl-entry")]
    return [(key, dois.get(key, ""), plain_text(div)) for key, div in keys]


# ---- Signposting ----


def list_links(edition: Edition) -> Item:
    """Return the typed links of the edition as a link set (RFC 9264)."""
    page: dict[str, list[Item]] = {}
    for relation, address, kind in typed_links(edition):
        if relation != "linkset":
            page.setdefault(relation, []).append(filled({"href": address, "type": kind}))
    home = [{"href": address_of(edition), "type": "text/html"}]
    files = [{"anchor": address_of(edition, name), "collection": home,
              "cite-as": [{"href": cited_address(edition)}]} for name, _ in FORMATS]
    before = [{"anchor": doi_address(release.doi),
               "successor-version": [{"href": cited_address(edition)}]}
              for release in edition.earlier[-1:] if release.doi]
    return {"linkset": [{"anchor": address_of(edition), **page}, *files, *before]}


def _replaced(edition: Edition, references: Sequence[Item]) -> Item | None:
    """Return the source that this edition corrects, where the corrections name it."""
    return next((item for item in references if item["id"] == edition.corrections.replaces), None)


def _mailbox(edition: Edition) -> str:
    """Return the contact where it is a mail address."""
    contact = (edition.front.contact or "").removeprefix("mailto:")
    return contact if re.fullmatch(r"[^@\s/]+@[^@\s/]+", contact) else ""


def _spdx(edition: Edition) -> str:
    """Return the licence's SPDX identifier, where the front matter gives one that we know."""
    name = edition.front.license or ""
    known = license_of(name).url and not name.startswith("http")
    return name if known or name in OTHER_LICENSES else ""


def _json(value: Item) -> bytes:
    return (json.dumps(value, ensure_ascii=False, indent=2) + "\n").encode()
