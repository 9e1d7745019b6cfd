"""Turns an edition into the ways to cite it: printed citations, and files that programs read.

All of them are made from one CSL-JSON item. It is a "report": the one type that citation styles
print as a work of its own, version and all, and that every format and its readers keep.
(A pamphlet would be nearer, but Zotero takes those of RIS for unpublished manuscripts, and
BibLaTeX prints no version of its booklets; Chicago prints nothing at all for a "document"
without an address.)
"""

from __future__ import annotations

import html
import json
import re
import unicodedata
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

from lxml import etree

from . import pandoc
from .bibliography import Entry
from .bibtex import render_bibtex
from .cff import render_cff
from .csl import Item, filled, join_title
from .document import Element, attribute, elements, has_class, plain_text
from .edition import Edition
from .manuscript import Author
from .problems import Problem, ProblemsFoundError
from .project import CALL, PRESS
from .ris import render_ris
from .styles import find_style
from .text import Text

# The styles that readers ask for first, and what they are called.
STYLES = {"chicago-notes-bibliography": "Chicago", "modern-language-association": "MLA",
          "apa": "APA"}
# What a citation does not print, even in the styles that could.
NO_BREAK_HYPHEN = "\u2011"
UNPRINTED = ("abstract", "keyword", "note", "custom")





def csl_item(edition: Edition, text: Text, swhid: str) -> Item:
    """Return the edition as one CSL-JSON item; what the front matter does not say is left out.

    What CSL has no field for stands under `custom`: the licence, the identifier of the source
    (`swhid`, never printed: styles print a `number` with a capital), ORCIDs and affiliations.
    """
    front = edition.front
    authors = [filled({"orcid": author.orcid, "affiliation": list(author.affiliation)})
               for author in front.author]
    withdrawal = edition.withdrawal
    item = {
        "id": _identifier(front.author[0], front.date.year),
        "type": "report",
        "title": join_title(text.title, text.subtitle),
        "author": [_name(author) for author in front.author],
        "issued": {"date-parts": [[front.date.year, front.date.month, front.date.day]]},
        # Every style that prints versions shows what is a draft, or withdrawn.
        "version": "-".join([front.version, *(["draft"] if edition.draft else []),
                             *(["withdrawn"] if withdrawal else [])]),
        "note": withdrawal and f"{edition.words['withdrawn']}, {withdrawal.date}: "
                + " ".join(withdrawal.why.split()),
        "publisher": front.publisher,
        "language": front.lang,
        "DOI": front.doi,
        "ISBN": front.isbn,
        "URL": front.url,
        "abstract": " ".join(plain_text(div) for div in elements(text.front, "Div")
                             if has_class(div, "abstract")),
        "keyword": _join_keywords(front.keywords),
        "custom": filled({
            "license": front.license,
            "swhid": swhid,
            "authors": authors if any(authors) else None}),
    }
    return filled(item)


def render_citations(edition: Edition, text: Text, swhid: str) -> list[tuple[str, str, str]]:
    """Return the edition as bibliographies cite it: each style's name, HTML and plain words.

    The essay's own style comes first. A style that prints no bibliography is left out.
    """
    item = csl_item(edition, text, swhid)
    printed = {name: value for name, value in item.items() if name not in UNPRINTED}
    # Pandoc takes a hyphen for "to", and prints "Versions 1.0.0-draft".
    printed["version"] = item["version"].replace("-", NO_BREAK_HYPHEN)
    styles = {find_style(edition.project, name)[0]: label for name, label in STYLES.items()}
    own = styles.pop(edition.style, None) or _style_title(edition.style)
    styles = {edition.style: own, **styles}

    def cite(style: Path) -> tuple[str, str]:
        try:
            page = pandoc.render_reference(printed, style, edition.front.lang,
                                           edition.manuscript.file)
            return _entry(page.replace(NO_BREAK_HYPHEN, "-"))
        except ProblemsFoundError:
            return "", ""

    with ThreadPoolExecutor() as pool:  # four processes that wait for nobody
        cited = pool.map(cite, styles)
    return [(label, *forms) for label, forms in zip(styles.values(), cited, strict=True)
            if forms[1]]


def render_csl_json(item: Item) -> str:
    """Return `item` as a CSL-JSON file."""
    return json.dumps([item], ensure_ascii=False, indent=2) + "\n"


def render_citation_files(item: Item) -> dict[str, bytes]:
    """Return, by name, the files that cite `item` in the forms that programs read."""
    files = {"essay.bib": render_bibtex(item), "essay.ris": render_ris(item),
             "essay.csl.json": render_csl_json(item), "CITATION.cff": render_cff(item)}
    return {name: content.encode() for name, content in files.items()}


def read_sources(edition: Edition) -> list[Item]:
    """Return the bibliography as CSL-JSON items, titles with the capitals that were written."""
    path, entries = edition.project.references, edition.bibliography.entries
    if not path.exists():
        return []
    return [_as_written(item, entries.get(item["id"]))
            for item in pandoc.read_references(path, edition.bibliography.file)]


def render_references(edition: Edition, sources: list[Item]) -> dict[str, bytes]:
    """Return the bibliography for download: the author's own file, and the same as RIS."""
    if not sources:
        return {}
    return {"references.bib": edition.project.references.read_bytes(),
            "references.ris": "".join(map(render_ris, sources)).encode()}


def add_cite_section(
    edition: Edition, text: Text, citations: Sequence[tuple[str, str, str]]
) -> Text:
    """Return `text` with "How to cite this edition" before its colophon."""
    words = edition.words
    heading = {"t": "Header", "c": [
        2, ["edition-cite", [], []], [{"t": "Str", "c": words["cite"]}]]}
    forms = [_labelled(label, {"t": "RawInline", "c": ["html", page]})
             for label, page, _ in citations]
    pinpoint = words["pinpoint"] if edition.theme.paragraph_numbers else f"{words['page']} …"
    place = _labelled(words["place"], {"t": "Str", "c": pinpoint})
    at = next(number for number, block in enumerate(text.back)
              if block["t"] == "Header" and attribute(block)[0] == "edition-colophon")
    back = [*text.back[:at], heading, *forms, place, *text.back[at:]]
    return replace(text, back=back)


def _labelled(label: str, content: Element) -> Element:
    """Return a paragraph of the section on citing: a label in small capitals, then `content`."""
    span = {"t": "Span", "c": [["", ["side"], []], [{"t": "Str", "c": label}]]}
    return {"t": "Div", "c": [["", ["cite"], []], [
        {"t": "Para", "c": [span, {"t": "Space"}, content]}]]}


def check_citation_file(edition: Edition, item: Item) -> Iterator[Problem]:
    """Yield a note when the press's own CITATION.cff says something else than its edition."""
    path = edition.project.root / "CITATION.cff"
    if edition.draft or edition.project.root != PRESS or not path.is_file():
        return
    if path.read_bytes().replace(b"\r\n", b"\n") != render_cff(item).encode():
        yield Problem(edition.project.name(path), 0, "CITATION.cff is stale",
                      f"{CALL} writes it anew", note=True)


def _identifier(author: Author, year: int) -> str:
    # What has no plain letters, such as Cyrillic, has no place in a key that TeX reads.
    name = unicodedata.normalize("NFKD", (author.family or author.name).casefold())
    return (re.sub("[^a-z0-9]", "", name) or "edition") + str(year)


def _name(author: Author) -> dict[str, str]:
    """Return an author as CSL names one: a person in parts, a corporate author as it is."""
    if not author.family:
        return {"literal": author.name}
    return filled({"family": author.family, "given": author.given,
                    "non-dropping-particle": author.particle, "suffix": author.suffix})


def _join_keywords(keywords: list[str]) -> str:
    mark = "; " if any("," in keyword for keyword in keywords) else ", "
    return mark.join(dict.fromkeys(keywords))


def _style_title(style: Path) -> str:
    name = "{http://purl.org/net/xbiblio/csl}"
    return etree.parse(style).findtext(f"{name}info/{name}title") or style.stem


def _entry(page: str) -> tuple[str, str]:
    """Return the one entry of a bibliography as HTML and as words, without its number."""
    divs = etree.fromstring(f"<div>{page}</div>").iter("div")
    by_class = {div.get("class"): div for div in divs}
    entry = by_class.get("csl-right-inline", by_class.get("csl-entry"))
    if entry is None:
        return "", ""
    inner = html.escape(entry.text or "", quote=False) + "".join(
        etree.tostring(child, encoding="unicode") for child in entry)
    return " ".join(inner.split()), " ".join("".join(map(str, entry.itertext())).split())


def _as_written(item: Item, entry: Entry | None) -> Item:
    """Return a source without markup, its titles with the capitals of the bibliography.

    Pandoc has taken them from English titles, as a citation style wants to find them.
    """
    plain = {name: re.sub(r"</?(i|b|sup|sub|span)\b[^>]*>", "", value)
             if isinstance(value, str) else value for name, value in item.items()}
    fields = entry.fields if entry else {}
    for name, parts in (("title", ("title", "subtitle", "titleaddon")),
                        ("container-title", ("booktitle", "booksubtitle", "booktitleaddon"))):
        if name in plain:
            written = " ".join(filter(None, map(fields.get, parts)))
            plain[name] = _with_capitals(plain[name], written)
    return plain


def _with_capitals(title: str, written: str) -> str:
    """Return `title` with the capitals of the same letters in LaTeX, as `written`."""
    letters = [char for char in re.sub(r"\\[A-Za-z]+", "", written) if char.isalnum()]
    if [char.lower() for char in letters] != [c.lower() for c in title if c.isalnum()]:
        return title
    following = iter(letters)
    return "".join(next(following) if char.isalnum() else char for char in title)
