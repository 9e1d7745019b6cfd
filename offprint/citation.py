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
from typing import Any
from urllib.parse import quote

import yaml
from babel import Locale, UnknownLocaleError
from lxml import etree

from . import __version__, pandoc
from .bibliography import Entry
from .document import Element, attribute, elements, has_class, plain_text
from .edition import Edition
from .licenses import license_of
from .manuscript import Author
from .problems import Problem, ProblemsFoundError
from .project import PRESS
from .styles import find_style
from .text import Text

Item = dict[str, Any]

# The styles that readers ask for first, and what they are called.
STYLES = {"chicago-notes-bibliography": "Chicago", "modern-language-association": "MLA",
          "apa": "APA"}
# What a citation does not print, even in the styles that could.
NO_BREAK_HYPHEN = "\u2011"
UNPRINTED = ("abstract", "keyword", "note", "custom")

# Where BibLaTeX has a name for a language that is not the English one.
LANGIDS = {
    "en-US": "american", "en-GB": "british", "en-CA": "canadian", "en-AU": "australian",
    "en-NZ": "newzealand", "de": "ngerman", "de-AT": "naustrian", "de-CH": "nswissgerman",
    "fr-CA": "canadien", "pt-BR": "brazilian", "nb": "norsk", "no": "norsk", "nn": "nynorsk",
    "sr-Cyrl": "serbianc"}
LATEX = {
    "\\": r"\textbackslash{}", "{": r"\{", "}": r"\}", "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}", "`": r"\`{}", **{char: f"\\{char}" for char in "&%#$_"}}

RIS_TYPES = {
    "article-journal": "JOUR", "article-magazine": "MGZN", "article-newspaper": "NEWS",
    "bill": "BILL", "book": "BOOK", "broadcast": "VIDEO", "chapter": "CHAP", "classic": "CLSWK",
    "collection": "AGGR", "dataset": "DATA", "entry": "ENCYC", "entry-dictionary": "DICT",
    "entry-encyclopedia": "ENCYC", "figure": "FIGURE", "graphic": "ART", "hearing": "HEAR",
    "interview": "PCOMM", "legal_case": "CASE", "legislation": "STAT", "manuscript": "MANSCPT",
    "map": "MAP", "motion_picture": "MPCT", "musical_score": "MUSIC", "pamphlet": "PAMP",
    "paper-conference": "CPAPER", "patent": "PAT", "periodical": "JFULL",
    "personal_communication": "PCOMM", "post": "BLOG", "post-weblog": "BLOG",
    "regulation": "STAT", "report": "RPRT", "review": "JOUR", "review-book": "JOUR",
    "software": "COMP", "song": "SOUND", "speech": "SLIDE", "standard": "STAND",
    "thesis": "THES", "treaty": "LEGAL", "webpage": "ELEC"}

# Licences that CITATION.cff knows by name; others are named by their address.
CFF_LICENSE = re.compile(r"CC0-1\.0|CC-BY(-NC)?(-ND|-SA)?-(1\.0|2\.0|2\.5|3\.0|4\.0)")
# CITATION.cff allows fewer characters in a DOI than a DOI does.
CFF_DOI = re.compile(r"10\.\d{4,9}(\.\d+)?/[A-Za-z0-9:/_;\-.()\[\]\\]+")


def csl_item(edition: Edition, text: Text, swhid: str) -> Item:
    """Return the edition as one CSL-JSON item; what the front matter does not say is left out.

    What CSL has no field for stands under `custom`: the licence, the identifier of the source
    (`swhid`, never printed: styles print a `number` with a capital), ORCIDs and affiliations.
    """
    front = edition.front
    authors = [_filled({"orcid": author.orcid, "affiliation": list(author.affiliation)})
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
        "custom": _filled({
            "license": front.license,
            "swhid": swhid,
            "authors": authors if any(authors) else None}),
    }
    return _filled(item)


def join_title(title: str, subtitle: str) -> str:
    """Return title and subtitle as one title, joined as Chicago joins them.

    No colon follows a question mark or an exclamation mark, unless a quotation ends there.
    """
    if not subtitle:
        return title
    return f"{title} {subtitle}" if title.endswith(tuple("?!？！")) else f"{title}: {subtitle}"


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


def render_bibtex(item: Item) -> str:
    """Return `item` as BibLaTeX."""
    names = item["author"]
    particles = any("non-dropping-particle" in name for name in names)
    fields = {
        "author": " and ".join(map(_bibtex_name, names)),
        "options": "useprefix=true" if particles else "",
        "title": _bibtex_title(item),
        "date": _date(item, "-"),
        "version": _latex(item["version"]),
        "institution": _latex(item.get("publisher", "")),
        "langid": _langid(item["language"]),
        # Not escaped: BibLaTeX takes these three letter by letter.
        "doi": item.get("DOI", ""),
        "isbn": item.get("ISBN", ""),
        "url": quote(item.get("URL", ""), safe="/:?#[]@!$&'()*+,;=%~"),
        "abstract": _latex(item.get("abstract", "")),
        "keywords": _latex(", ".join(_keywords(item))),
        "note": _latex(item.get("note", "")),
        "swhid": item.get("custom", {}).get("swhid", ""),
    }
    lines = [f"  {name} = {{{value}}},\n" for name, value in fields.items() if value]
    return f"@report{{{item['id']},\n{''.join(lines)}}}\n"


def render_ris(item: Item) -> str:
    """Return `item` as RIS, whose lines end with CR LF, as its specification asks."""
    first, _, last = re.sub("[–—]", "-", str(item.get("page", ""))).partition("-")
    number = item.get("issue") or item.get("number")
    tags = [
        ("TY", RIS_TYPES.get(item["type"], "GEN")),
        ("ID", item["id"]),
        *(("AU", _ris_name(name)) for name in item.get("author", [])),
        *(("A2", _ris_name(name)) for name in item.get("editor", [])),
        *(("A4", _ris_name(name)) for name in item.get("translator", [])),
        ("TI", item.get("title")),
        ("T2", item.get("container-title")),
        ("T3", item.get("collection-title")),
        ("PY", _date(item, "/").split("/")[0]),
        ("DA", _date(item, "/")),
        ("VL", item.get("volume")), ("IS", number), ("SP", first), ("EP", last),
        ("ET", item.get("version") or item.get("edition")),
        ("PB", item.get("publisher")), ("CY", item.get("publisher-place")),
        ("SN", item.get("ISBN") or item.get("ISSN")),
        ("M3", item.get("genre")),
        ("LA", item.get("language")),
        ("AB", item.get("abstract")),
        *(("KW", keyword) for keyword in _keywords(item)),
        ("DO", item.get("DOI")),
        ("UR", item.get("URL")),
        ("N1", item.get("note")),
        ("C1", item.get("custom", {}).get("swhid")),
    ]
    lines = [f"{tag}  - {' '.join(str(value).split())}\r\n" for tag, value in tags if value]
    return f"{''.join(lines)}ER  - \r\n"


def render_csl_json(item: Item) -> str:
    """Return `item` as a CSL-JSON file."""
    return json.dumps([item], ensure_ascii=False, indent=2) + "\n"


def render_cff(item: Item) -> str:
    """Return CITATION.cff: the press as software, the essay as what to cite.

    The file has no SWHID, because it lies beside the source that a SWHID is computed from.
    """
    return yaml.dump(_quoted({
        "cff-version": "1.2.0",
        "message": "Please cite the essay, under preferred-citation; the software is its press.",
        "type": "software",
        "title": "Offprint",
        "version": __version__,
        "authors": [{"name": "The Offprint founders"}],
        "license": "MIT",
        "preferred-citation": _cff_reference(item),
    }), Dumper=_CffDumper, allow_unicode=True, sort_keys=False, width=99)


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
                      "python3 build.py writes it anew", note=True)


def _filled(values: dict[str, Any]) -> dict[str, Any]:
    """Return `values` without those that say nothing."""
    return {name: value for name, value in values.items() if value}


def _identifier(author: Author, year: int) -> str:
    # What has no plain letters, such as Cyrillic, has no place in a key that TeX reads.
    name = unicodedata.normalize("NFKD", (author.family or author.name).casefold())
    return (re.sub("[^a-z0-9]", "", name) or "edition") + str(year)


def _name(author: Author) -> dict[str, str]:
    """Return an author as CSL names one: a person in parts, a corporate author as it is."""
    if not author.family:
        return {"literal": author.name}
    return _filled({"family": author.family, "given": author.given,
                    "non-dropping-particle": author.particle, "suffix": author.suffix})


def _join_keywords(keywords: list[str]) -> str:
    mark = "; " if any("," in keyword for keyword in keywords) else ", "
    return mark.join(dict.fromkeys(keywords))


def _keywords(item: Item) -> list[str]:
    words = item.get("keyword", "")
    return [word.strip() for word in words.split(";" if ";" in words else ",") if word.strip()]


def _date(item: Item, mark: str) -> str:
    """Return the date, or as much of it as is known, as numbers with `mark` between them."""
    dates: list[list[int | str]] = item.get("issued", {}).get("date-parts", [])
    return mark.join(f"{int(part):0{4 if number == 0 else 2}}"
                     for number, part in enumerate(dates[0] if dates else []))


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


def _latex(text: str) -> str:
    """Return `text` on one line so that LaTeX, and what reads it, sees these very characters."""
    escaped = "".join(LATEX.get(char, char) for char in " ".join(text.split()))
    if not _balanced(text):
        # BibTeX counts even those braces that are escaped.
        escaped = (escaped.replace(r"\{", r"\textbraceleft{}")
                   .replace(r"\}", r"\textbraceright{}"))
    return re.sub("([-'])(?=\\1)", r"\1{}", escaped)


def _balanced(text: str) -> bool:
    depth = 0
    for char in text:
        depth += (char == "{") - (char == "}")
        if depth < 0:
            return False
    return depth == 0


def _bibtex_title(item: Item) -> str:
    """Return the title; an English one in braces of its own, which keep its capitals."""
    title = _latex(item["title"])
    return f"{{{title}}}" if item["language"].split("-")[0] == "en" else title


def _bibtex_name(name: dict[str, str]) -> str:
    if "literal" in name:
        return f"{{{_latex(name['literal'])}}}"
    # Small letters would be taken for a particle, words without a comma for given names.
    whole = name["family"][0].islower() or ("given" not in name and " " in name["family"])
    family = " ".join(filter(None, (
        _latex(name.get("non-dropping-particle", "")), _bibtex_part(name["family"], whole))))
    others = [_bibtex_part(name[part]) for part in ("suffix", "given") if part in name]
    return ", ".join([family, *others])


def _bibtex_part(part: str, whole: bool = False) -> str:
    """Return a part of a name, in braces where BibTeX would take it apart."""
    latex = _latex(part)
    return f"{{{latex}}}" if whole or re.search(r",|\band\b", part, re.I) else latex


def _langid(lang: str) -> str:
    """Return the name that BibLaTeX has for a language, or nothing."""
    for tag in (lang, lang.rpartition("-")[0], lang.split("-")[0]):
        if tag in LANGIDS:
            return LANGIDS[tag]
    try:
        return (Locale.parse(lang.split("-")[0]).get_language_name("en") or "").lower()
    except (UnknownLocaleError, ValueError):
        return ""


def _ris_name(name: dict[str, str]) -> str:
    if "literal" in name:
        return name["literal"]
    particles = (name.get("dropping-particle"), name.get("non-dropping-particle"))
    family = " ".join(filter(None, (*particles, name.get("family"))))
    return ", ".join(filter(None, (family, name.get("given"), name.get("suffix"))))


class _Quoted(str):
    """A value that YAML 1.1 and 1.2 both read as text: 1e3 is a number in one of them only."""


class _CffDumper(yaml.SafeDumper):
    """Writes CITATION.cff: values in quotes, names of fields without."""


_CffDumper.add_representer(_Quoted, lambda dumper, text: dumper.represent_scalar(
    "tag:yaml.org,2002:str", str(text), style="'"))


def _quoted(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _quoted(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_quoted(item) for item in value]
    return _Quoted(value) if isinstance(value, str) else value


def _cff_reference(item: Item) -> dict[str, Any]:
    """Return `item` as a reference of CITATION.cff."""
    custom = item.get("custom", {})
    doi, license_name = item.get("DOI", ""), custom.get("license", "")
    known = bool(CFF_LICENSE.fullmatch(license_name))
    year, month, _ = item["issued"]["date-parts"][0]
    about = custom.get("authors") or [{}] * len(item["author"])
    return _filled({
        "type": "report",
        "title": item["title"],
        "authors": [_cff_name(name, more)
                    for name, more in zip(item["author"], about, strict=True)],
        "version": item["version"],
        "date-published": _date(item, "-"),
        "year": year,
        "month": month,
        "languages": [item["language"].split("-")[0]],
        "doi": doi if CFF_DOI.fullmatch(doi) else "",
        "identifiers": [] if not doi or CFF_DOI.fullmatch(doi) else [
            {"type": "url", "value": f"https://doi.org/{quote(doi)}"}],
        "isbn": item.get("ISBN"),
        "url": item.get("URL"),
        "publisher": _filled({"name": item.get("publisher")}),
        "license": license_name if known else "",
        "license-url": "" if known else license_of(license_name).url,
        "abstract": item.get("abstract"),
        "keywords": _keywords(item),
        "notes": item.get("note"),
    })


def _cff_name(name: dict[str, str], about: dict[str, Any]) -> dict[str, str]:
    orcid = about.get("orcid")
    address = f"https://orcid.org/{orcid}" if orcid else ""
    if "literal" in name:
        return _filled({"name": name["literal"], "orcid": address})
    return _filled({
        "family-names": name["family"],
        "given-names": name.get("given"),
        "name-particle": name.get("non-dropping-particle"),
        "name-suffix": name.get("suffix"),
        "orcid": address,
        "affiliation": "; ".join(about.get("affiliation", []))})


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
