"""Turns an edition into what archives and registries take in: DataCite, Crossref, Zenodo, `jats`.

Every file is a function of the edition and says nothing that the edition does not: a registry
that requires what the front matter lacks gets no file, and `check_deposit` says why.
"""

from __future__ import annotations

import datetime
import json
import re
from collections.abc import Iterator, Sequence
from html import escape

from babel.core import get_global

from .csl import Item, filled
from .document import attribute, elements, has_class, plain_text
from .edition import Edition
from .jats import render_jats
from .licenses import license_of
from .manuscript import Author, doi_address
from .metadata import (
    DATACITE,
    FORMATS,
    LINKSET,
    ORCID,
    address_of,
    cited_address,
    family_name,
    full_title,
    is_person,
    read_abstract,
    replaced_source,
    typed_links,
)
from .problems import Problem
from .templating import render
from .text import Text

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
    replaced = replaced_source(edition, references)
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
    replaced = replaced_source(edition, references) or {}
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
