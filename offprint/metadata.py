"""Turns an edition into the lines of an HTML head that machines read.

Reference managers read the Highwire names, catalogues Dublin Core, search engines schema.org,
and archives follow the typed links (FAIR Signposting). A field without a value is left out.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from html import escape
from urllib.parse import urljoin, urlsplit

from .csl import (
    Item,
    filled,
    item_date,
    item_family,
    item_name,
    item_names,
    item_title,
    join_title,
)
from .document import attribute, elements, has_class, plain_text
from .edition import Edition
from .history import Release
from .licenses import license_of
from .manuscript import Author, doi_address, version_order
from .text import Text

ORCID = "https://orcid.org/"
# What the press writes beside the page, and the media type of each.
FORMATS = (("essay.pdf", "application/pdf"), ("essay.epub", "application/epub+zip"))
# The two that describe an edition to archives; `deposit` writes them.
DATACITE = ("datacite.json", "application/vnd.datacite.datacite+json")
LINKSET = ("linkset.json", "application/linkset+json")
# What schema.org calls the kinds of sources that CSL knows; any other is a CreativeWork.
KINDS = {
    "article": "Article", "article-journal": "ScholarlyArticle", "article-magazine": "Article",
    "article-newspaper": "NewsArticle", "book": "Book", "chapter": "Chapter",
    "dataset": "Dataset", "map": "Map", "motion_picture": "Movie",
    "paper-conference": "ScholarlyArticle", "post-weblog": "BlogPosting", "report": "Report",
    "review": "Review", "software": "SoftwareSourceCode", "thesis": "Thesis",
    "webpage": "WebPage"}


def render_head(edition: Edition, text: Text, swhid: str, references: Sequence[Item]) -> str:
    """Return what the head of a page says of `edition` to machines, a line each.

    `references` are the sources in CSL-JSON, `swhid` names the source folder and may be empty.
    """
    data = json.dumps(describe(edition, text, swhid, references), ensure_ascii=False)
    lines = [
        *(_meta(name, value) for name, value in _highwire(edition, text, references)),
        '<link rel="schema.DC" href="http://purl.org/dc/elements/1.1/">',
        *(_meta(name, value) for name, value in _dublin_core(edition, text, swhid)),
        *(_link(relation, address, kind) for relation, address, kind in typed_links(edition)),
        # "<" would let a title end the script or begin a comment in it.
        '<script type="application/ld+json">' + data.replace("<", "\\u003c") + "</script>"]
    return "\n".join(lines)


def address_of(edition: Edition, name: str = "") -> str:
    """Return the address of the edition, or of a file beside it; nothing where it has none.

    An address whose last step has no ending, such as ".html", is that of a folder.
    """
    url = (edition.front.url or "").strip()
    if urlsplit(url).scheme not in ("http", "https"):
        return ""
    if not name:
        return url
    parts = urlsplit(url)._replace(query="", fragment="")
    if "." not in parts.path.rpartition("/")[2]:
        parts = parts._replace(path=parts.path.rstrip("/") + "/")
    return urljoin(parts.geturl(), name)


def cited_address(edition: Edition) -> str:
    """Return the address by which the edition is to be cited: its DOI, or where it stands."""
    return doi_address(edition.front.doi) if edition.front.doi else address_of(edition)


def full_title(text: Text) -> str:
    """Return title and subtitle as a catalogue writes them."""
    return join_title(text.title, text.subtitle)


def read_abstract(text: Text) -> list[str]:
    """Return the paragraphs of the abstract in plain words."""
    return [words for div in elements(text.front, "Div") if has_class(div, "abstract")
            for block in div["c"][1] if (words := plain_text(block))]


def is_person(author: Author) -> bool:
    """Tell whether an author is a person; a corporate author has one undivided name."""
    return bool(author.family and not author.name)


def family_name(author: Author) -> str:
    """Return the family name of a person with its particle."""
    return " ".join(filter(None, (author.particle, author.family)))


def typed_links(edition: Edition) -> list[tuple[str, str, str]]:
    """Return the typed links of the page: relation, address, media type (may be empty)."""
    cited, page = cited_address(edition), address_of(edition)
    links = [("cite-as", cited, ""), ("type", "https://schema.org/ScholarlyArticle", ""),
             ("type", "https://schema.org/AboutPage", "")] if cited else []
    links += [("author", ORCID + author.orcid, "") for author in edition.front.author
              if author.orcid]
    if license_of(edition.front.license).url:
        links.append(("license", license_of(edition.front.license).url, ""))
    links += [("predecessor-version", doi_address(release.doi), "")
              for release in edition.earlier[-1:] if release.doi]
    if page:
        links += [("item", address_of(edition, name), kind) for name, kind in FORMATS]
        described = [DATACITE] if edition.front.publisher else []  # DataCite asks for one
        links += [("describedby", address_of(edition, name), kind) for name, kind in described]
        links.append(("linkset", address_of(edition, LINKSET[0]), LINKSET[1]))
    return links


def _meta(name: str, value: str) -> str:
    return f'<meta name="{name}" content="{escape(" ".join(value.split()))}">'


def _link(relation: str, address: str, kind: str) -> str:
    media = f' type="{kind}"' if kind else ""
    return f'<link rel="{relation}" href="{escape(address)}"{media}>'


def _highwire(
    edition: Edition, text: Text, references: Sequence[Item]
) -> Iterator[tuple[str, str]]:
    """Yield what Google Scholar, Zotero and their like look for."""
    front = edition.front
    yield "citation_title", full_title(text)
    for author in front.author:
        yield "citation_author", author.sorted
        for affiliation in author.affiliation:
            yield "citation_author_institution", affiliation
        if author.orcid:
            yield "citation_author_orcid", ORCID + author.orcid
    yield "citation_publication_date", front.date.strftime("%Y/%m/%d")
    yield "citation_language", front.lang
    for keyword in front.keywords:
        yield "citation_keywords", keyword
    for name, value in (
            ("doi", front.doi), ("isbn", front.isbn), ("publisher", front.publisher),
            ("public_url", address_of(edition)), ("pdf_url", address_of(edition, "essay.pdf"))):
        if value:
            yield f"citation_{name}", value
    for item in references:
        if item_title(item):
            yield "citation_reference", _reference(item)


def _reference(item: Item) -> str:
    fields = [("title", item_title(item)),
              *(("author", item_name(name)) for name in item_names(item)),
              ("publication_date", item_date(item).replace("-", "/")),
              ("doi", str(item.get("DOI", "")))]
    # A semicolon ends a field.
    return "; ".join(f"citation_{name}={value.replace(';', ',')}" for name, value in fields
                     if value)


def _dublin_core(edition: Edition, text: Text, swhid: str) -> Iterator[tuple[str, str]]:
    front, rights = edition.front, license_of(edition.front.license)
    yield "DC.title", full_title(text)
    for author in front.author:
        yield "DC.creator", author.sorted
    yield "DC.date", front.date.isoformat()
    yield "DC.language", front.lang
    yield "DC.type", "Text"
    if front.publisher:
        yield "DC.publisher", front.publisher
    for identifier in (
            front.doi and doi_address(front.doi), address_of(edition),
            front.isbn and f"urn:isbn:{front.isbn}", swhid):
        if identifier:
            yield "DC.identifier", identifier
    if rights.url or rights.name:
        yield "DC.rights", rights.url or rights.name


def describe(edition: Edition, text: Text, swhid: str, references: Sequence[Item]) -> Item:
    """Return the edition as schema.org describes an article."""
    front, rights = edition.front, license_of(edition.front.license)
    by_key = {item["id"]: item for item in references}
    base = describe_source(by_key[edition.corrections.replaces]) if (
        edition.corrections.replaces in by_key) else {}
    corrected = describe_corrections(edition, text)
    earlier = describe_earlier(edition, text)
    return filled({
        "@context": "https://schema.org", "@type": "ScholarlyArticle",
        "@id": cited_address(edition) or edition.identifier,
        "headline": text.title, "name": full_title(text), "alternativeHeadline": text.subtitle,
        "author": [_describe_author(author) for author in front.author],
        "datePublished": front.date.isoformat(), "version": edition.version,
        "inLanguage": front.lang, "abstract": "\n\n".join(read_abstract(text)),
        "keywords": list(front.keywords), "license": rights.url or rights.name,
        "isAccessibleForFree": "creativecommons.org" in rights.url or None,
        "publisher": front.publisher and {"@type": "Organization", "name": front.publisher},
        "url": address_of(edition), "sameAs": front.doi and doi_address(front.doi),
        "identifier": list(_identifiers(edition, swhid)),
        "exampleOfWork": front.concept_doi and {
            "@type": "CreativeWork", "@id": doi_address(front.concept_doi)},
        "encoding": [{"@type": "MediaObject", "encodingFormat": kind,
                      "contentUrl": address_of(edition, name)}
                     for name, kind in FORMATS if address_of(edition)],
        "isBasedOn": _one_or_all([*([{**base, "correction": corrected}] if base else []),
                                  *earlier]),
        "correction": None if base else corrected,
        "creativeWorkStatus": edition.withdrawal and "Withdrawn",
        "citation": [describe_source(item) for item in references]})


def describe_source(item: Item) -> Item:
    """Return a source of the bibliography as schema.org describes it."""
    container, doi = item.get("container-title"), item.get("DOI")
    return filled({
        "@type": KINDS.get(str(item.get("type")), "CreativeWork"),
        "@id": doi_address(str(doi)) if doi else item.get("URL"),
        "name": item_title(item),
        "author": [_describe_name(name) for name in item.get("author") or []],
        "editor": [_describe_name(name) for name in item.get("editor") or []],
        "datePublished": item_date(item),
        "isPartOf": container and {
            "@type": "Periodical" if item.get("type") == "article-journal" else "CreativeWork",
            "name": container},
        "pagination": item.get("page") and str(item["page"]),
        "publisher": item.get("publisher") and {
            "@type": "Organization", "name": item["publisher"]},
        "url": item.get("URL")})


def describe_corrections(edition: Edition, text: Text) -> list[Item]:
    """Return each correction as a comment on the text that it corrects, in the printed words."""
    printed = _printed_corrections(text)
    return [_describe_correction(edition, printed, entry.id, entry.verdict)
            for entry in edition.corrections.entries]


def describe_earlier(edition: Edition, text: Text) -> list[Item]:
    """Return each earlier version, with the changes that the version after it made."""
    versions = [*(release.version for release in edition.earlier), edition.front.version]
    printed = _printed_corrections(text)
    return [filled({
        **_describe_release(release),
        "correction": [
            _describe_correction(edition, printed, change.id, change.kind)
            for change in edition.corrections.changes
            if version_order(release.version) < version_order(change.version)
            <= version_order(following)]})
        for release, following in zip(edition.earlier, versions[1:], strict=True)]


def _describe_release(release: Release) -> Item:
    return {
        "@type": "ScholarlyArticle", "@id": release.doi and doi_address(release.doi),
        "name": release.title, "version": release.version,
        "datePublished": release.date.isoformat(),
        "identifier": [{"@type": "PropertyValue", "propertyID": kind, "value": value}
                       for kind, value in (("DOI", release.doi), ("SWHID", release.swhid))
                       if value]}


def _printed_corrections(text: Text) -> dict[str, str]:
    """Return the words of the parts of the back matter, by their identifier."""
    return {attribute(div)[0]: plain_text(div["c"][1][1:]) for div in elements(text.back, "Div")
            if has_class(div, "correction")}


def _describe_correction(
    edition: Edition, printed: dict[str, str], entry: str, kind: str
) -> Item:
    address = address_of(edition)
    return filled({
        "@type": "CorrectionComment", "identifier": entry, "name": edition.words[kind],
        "text": printed.get(f"correction-{entry}"),
        "url": address and f"{address}#correction-{entry}"})


def _one_or_all(items: list[Item]) -> Item | list[Item]:
    return items[0] if len(items) == 1 else items


def _describe_author(author: Author) -> Item:
    person = is_person(author)
    return filled({
        "@type": "Person" if person else "Organization",
        "@id": author.orcid and ORCID + author.orcid, "name": author.display,
        "givenName": person and author.given, "familyName": person and family_name(author),
        "honorificSuffix": person and author.suffix,
        "affiliation" if person else "parentOrganization": [
            {"@type": "Organization", "name": name} for name in author.affiliation]})


def _describe_name(name: Item) -> Item:
    if "literal" in name:
        return {"@type": "Organization", "name": name["literal"]}
    parts = (name.get("given"), item_family(name), name.get("suffix"))
    return filled({"@type": "Person", "name": " ".join(filter(None, parts)),
                    "givenName": name.get("given"), "familyName": item_family(name)})


def _identifiers(edition: Edition, swhid: str) -> Iterator[Item]:
    front = edition.front
    for kind, value in (("DOI", front.doi), ("ISBN", front.isbn), ("SWHID", swhid)):
        if value:
            yield {"@type": "PropertyValue", "propertyID": kind, "value": value}


def replaced_source(edition: Edition, references: Sequence[Item]) -> Item | None:
    """Return the source that this edition corrects, where the corrections name it."""
    return next((item for item in references if item["id"] == edition.corrections.replaces), None)


