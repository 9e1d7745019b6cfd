"""Turns authors as Pandoc, Quarto, JOSS and R Markdown write them into authors as we do.

An author may be a name, or fields; a name may be one string, or its parts; affiliations may
stand in place, or be named there by number or identifier and listed apart.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from .manuscript import ORCID
from .problems import Problem
from .records import Path, YamlData

Fields = dict[str, Any]

# What others call our fields.
NAMES = {
    "given": ("given", "given-names", "given_names", "first", "firstname"),
    "particle": ("particle", "dropping-particle", "non-dropping-particle"),
    "family": ("family", "surname", "family-names", "last", "lastname"),
    "suffix": ("suffix",)}
WHOLE_NAMES = ("literal", "collective", "corporate")
PLACES = ("affiliation", "affiliations", "institute", "institutes")
KNOWN = {"name", "orcid", "email", "id", *WHOLE_NAMES, *PLACES,
         *(name for names in NAMES.values() for name in names)}
# The parts of an affiliation that make its name, in the order of an address.
PLACE_PARTS = ("department", "group", "name", "institution", "city", "region", "state", "country")
SUFFIXES = ("jr", "jr.", "sr", "sr.", "ii", "iii", "iv")
# Words that no person is called by.
CORPORATE = re.compile(
    r"\b(universit|institut|associat|committee|consorti|collaborat|department|foundation"
    r"|collective|group|society|team|project|laborator|press|museum|library|ministry|council)"
    r"|^the ", re.I)


def translate_authors(data: YamlData) -> tuple[list[Fields], list[Problem]]:
    """Return the authors in `data`, the front matter of another tool, and notes on them."""
    field = next((name for name in ("author", "authors") if name in data.value), "")
    if not field:
        return [], []
    places = _read_places(data.value)
    authors: list[Fields] = []
    notes: list[Problem] = []
    divided: list[str] = []
    for path, item in _items(field, data.value[field]):
        author = _as_fields(item)
        name, is_divided = _translate_name(author)
        if is_divided and "family" in name:
            family = f"{name.get('particle', '')} {name['family']}".strip()
            divided.append(", ".join(filter(None, (
                family, name.get("given"), name.get("suffix")))))
        stand, unknown = _translate_places(author, places)
        notes += [_note(data, path, f"there is no affiliation “{key}”", "name it in words")
                  for key in unknown]
        dropped = sorted(author.keys() - KNOWN)
        notes += [_note(data, path, f"“{key}” of an author is left out",
                        "an edition has no place for it") for key in dropped]
        orcid = re.search(ORCID, str(author.get("orcid") or ""))
        authors.append({key: value for key, value in {
            **name, "orcid": orcid[0] if orcid else author.get("orcid"),
            "affiliation": stand if len(stand) > 1 else "".join(stand),
            "email": author.get("email")}.items() if value})
    if divided:
        notes.append(_note(data, (field,), "names were divided into family and given: "
                           + "; ".join(divided), "correct them where they are others"))
    return authors, notes


def divide_name(name: str) -> Fields:
    """Return the parts of a name written in one; what cannot be a person's stays whole."""
    name = " ".join(name.split())
    if " " not in name or CORPORATE.search(name):
        return {"name": name}
    head, _, last = name.replace(",", ", ").rpartition(" ")
    suffix = last if last.lower() in SUFFIXES and " " in head else ""
    if suffix:
        name = head.rstrip(", ")
    family, comma, given = name.partition(",")
    words = given.split() + family.split() if comma else name.split()
    # The particles, such as "de la", stand before the family name or behind the given one.
    last_given = next((number for number, word in enumerate(words) if number and word.islower()),
                      len(given.split()) or len(words) - 1)
    rest = words[last_given:]
    particles = next((number for number, word in enumerate(rest) if not word.islower()), 0)
    return {"given": " ".join(words[:last_given]), "particle": " ".join(rest[:particles]),
            "family": " ".join(rest[particles:]), "suffix": suffix}


def _items(field: str, value: Any) -> Iterator[tuple[Path, Any]]:
    """Yield each author with its path; one string may name several."""
    if isinstance(value, str):
        for name in _split_names(value):
            yield (field,), name
        return
    for number, item in enumerate(value if isinstance(value, list) else [value]):
        yield (field, number), item


def _split_names(names: str) -> list[str]:
    """Return the names in a string; between brackets it says other things."""
    found: list[str] = []
    for part in re.split(r"\s*(?:;|\band\b|&|\n)\s*(?![^\[]*\])", names):
        pieces = re.split(r"\s*,\s*(?![^\[]*\])", part.strip(" ,"))
        whole = all(" " in piece.partition("^[")[0] for piece in pieces)
        found += pieces if whole else [part.strip(" ,")]
    return [name for name in found if name]


def _as_fields(item: Any) -> Fields:
    """Return one author as fields, whatever shape it has."""
    if isinstance(item, dict):
        if len(item) == 1:
            (name, inner), = item.items()
            if isinstance(inner, dict) and name not in KNOWN:
                return {"name": name, **inner}
        return item
    name, _, note = str(item or "").partition("^[")
    return {"name": name.strip(), "affiliation": note.rstrip("] ")}


def _translate_name(author: Fields) -> tuple[Fields, bool]:
    """Return the name of an author in our fields, and whether it had to be divided."""
    inner = author.get("name")
    fields = {**author, **inner} if isinstance(inner, dict) else author
    parts = {ours: " ".join(str(fields[name]) for name in theirs if fields.get(name))
             for ours, theirs in NAMES.items()}
    if parts["family"]:
        return {ours: words for ours, words in parts.items() if words}, False
    whole = next((str(fields[name]) for name in WHOLE_NAMES if fields.get(name)), "")
    if whole:
        return {"name": whole}, False
    divided = divide_name(str(fields.get("name") or ""))
    return {name: words for name, words in divided.items() if words}, True


def _read_places(fields: Fields) -> dict[str, str]:
    """Return the affiliations that are listed apart, by their number and identifier."""
    lists = (fields[name] for name in PLACES if isinstance(fields.get(name), list))
    listed: list[Any] = next(lists, [])
    places: dict[str, str] = {}
    for number, item in enumerate(listed, 1):
        if isinstance(item, dict) and len(item) == 1 and not item.keys() & set(PLACE_PARTS):
            (key, inner), = item.items()
            places[str(key)] = _place_name(inner)
        elif isinstance(item, dict) and ("index" in item or "id" in item):
            places |= {str(item[key]): _place_name(item) for key in ("index", "id") if key in item}
        else:
            places[str(number)] = _place_name(item)
    return places


def _place_name(item: Any) -> str:
    if isinstance(item, dict):
        return ", ".join(str(item[part]) for part in PLACE_PARTS if item.get(part))
    return str(item or "").strip()


def _translate_places(author: Fields, places: dict[str, str]) -> tuple[list[str], list[str]]:
    """Return the affiliations of an author in words, and references that lead nowhere."""
    found: list[str] = []
    unknown: list[str] = []
    for value in (author[name] for name in PLACES if author.get(name)):
        for item in value if isinstance(value, list) else [value]:
            if isinstance(item, dict) and "ref" not in item:
                found.append(_place_name(item))
                continue
            reference = item["ref"] if isinstance(item, dict) else str(item)
            keys = [key.strip() for key in str(reference).split(",")]
            if all(key in places for key in keys):
                found += [places[key] for key in keys]
            elif isinstance(item, dict) or all(key.isdigit() for key in keys):
                found += [places[key] for key in keys if key in places]
                unknown += [key for key in keys if key not in places]
            else:
                found.append(str(item))
    return [name for name in found if name], unknown


def _note(data: YamlData, path: Path, what: str, remedy: str) -> Problem:
    return Problem(data.file, data.line(path), what, remedy, note=True)
