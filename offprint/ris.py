"""Turns a work into RIS, the lines of tags that reference managers exchange."""

from __future__ import annotations

import re

from .csl import Item, item_date, item_keywords, item_name

# What RIS calls the types of CSL.
TYPES = {
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


def render_ris(item: Item) -> str:
    """Return `item` as RIS, whose lines end with CR LF, as its specification asks."""
    first, _, last = re.sub("[–—]", "-", str(item.get("page", ""))).partition("-")
    number = item.get("issue") or item.get("number")
    tags = [
        ("TY", TYPES.get(item["type"], "GEN")),
        ("ID", item["id"]),
        *(("AU", item_name(name)) for name in item.get("author", [])),
        *(("A2", item_name(name)) for name in item.get("editor", [])),
        *(("A4", item_name(name)) for name in item.get("translator", [])),
        ("TI", item.get("title")),
        ("T2", item.get("container-title")),
        ("T3", item.get("collection-title")),
        ("PY", item_date(item).partition("-")[0]),
        ("DA", item_date(item).replace("-", "/")),
        ("VL", item.get("volume")), ("IS", number), ("SP", first), ("EP", last),
        ("ET", item.get("version") or item.get("edition")),
        ("PB", item.get("publisher")), ("CY", item.get("publisher-place")),
        ("SN", item.get("ISBN") or item.get("ISSN")),
        ("M3", item.get("genre")),
        ("LA", item.get("language")),
        ("AB", item.get("abstract")),
        *(("KW", keyword) for keyword in item_keywords(item)),
        ("DO", item.get("DOI")),
        ("UR", item.get("URL")),
        ("N1", item.get("note")),
        ("C1", item.get("custom", {}).get("swhid")),
    ]
    lines = [f"{tag}  - {' '.join(str(value).split())}\r\n" for tag, value in tags if value]
    return f"{''.join(lines)}ER  - \r\n"
