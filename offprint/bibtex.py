"""Turns a work into BibLaTeX, so that what reads it sees the very characters of its record."""

from __future__ import annotations

import re
from urllib.parse import quote

from babel import Locale, UnknownLocaleError

from .csl import Item, item_date, item_keywords

# Where BibLaTeX has a name for a language that is not the English one.
LANGIDS = {
    "en-US": "american", "en-GB": "british", "en-CA": "canadian", "en-AU": "australian",
    "en-NZ": "newzealand", "de": "ngerman", "de-AT": "naustrian", "de-CH": "nswissgerman",
    "fr-CA": "canadien", "pt-BR": "brazilian", "nb": "norsk", "no": "norsk", "nn": "nynorsk",
    "sr-Cyrl": "serbianc"}
LATEX = {
    "\\": r"\textbackslash{}", "{": r"\{", "}": r"\}", "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}", "`": r"\`{}", **{char: f"\\{char}" for char in "&%#$_"}}


def render_bibtex(item: Item) -> str:
    """Return `item` as BibLaTeX."""
    names = item["author"]
    particles = any("non-dropping-particle" in name for name in names)
    fields = {
        "author": " and ".join(map(_bibtex_name, names)),
        "options": "useprefix=true" if particles else "",
        "title": _bibtex_title(item),
        "date": item_date(item),
        "version": _latex(item["version"]),
        "institution": _latex(item.get("publisher", "")),
        "langid": _langid(item["language"]),
        # Not escaped: BibLaTeX takes these three letter by letter.
        "doi": item.get("DOI", ""),
        "isbn": item.get("ISBN", ""),
        "url": quote(item.get("URL", ""), safe="/:?#[]@!$&'()*+,;=%~"),
        "abstract": _latex(item.get("abstract", "")),
        "keywords": _latex(", ".join(item_keywords(item))),
        "note": _latex(item.get("note", "")),
        "swhid": item.get("custom", {}).get("swhid", ""),
    }
    lines = [f"  {name} = {{{value}}},\n" for name, value in fields.items() if value]
    return f"@report{{{item['id']},\n{''.join(lines)}}}\n"


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
