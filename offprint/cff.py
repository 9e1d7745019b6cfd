"""Turns a work into CITATION.cff (Citation File Format 1.2.0): the press, and what to cite."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import quote

import yaml

from . import __version__
from .csl import Item, filled, item_date, item_keywords
from .licenses import license_of

# Licences that CITATION.cff knows by name; others are named by their address.
CFF_LICENSE = re.compile(r"CC0-1\.0|CC-BY(-NC)?(-ND|-SA)?-(1\.0|2\.0|2\.5|3\.0|4\.0)")
# CITATION.cff allows fewer characters in a DOI than a DOI does.
CFF_DOI = re.compile(r"10\.\d{4,9}(\.\d+)?/[A-Za-z0-9:/_;\-.()\[\]\\]+")


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
    return filled({
        "type": "report",
        "title": item["title"],
        "authors": [_cff_name(name, more)
                    for name, more in zip(item["author"], about, strict=True)],
        "version": item["version"],
        "date-published": item_date(item),
        "year": year,
        "month": month,
        "languages": [item["language"].split("-")[0]],
        "doi": doi if CFF_DOI.fullmatch(doi) else "",
        "identifiers": [] if not doi or CFF_DOI.fullmatch(doi) else [
            {"type": "url", "value": f"https://doi.org/{quote(doi)}"}],
        "isbn": item.get("ISBN"),
        "url": item.get("URL"),
        "publisher": filled({"name": item.get("publisher")}),
        "license": license_name if known else "",
        "license-url": "" if known else license_of(license_name).url,
        "abstract": item.get("abstract"),
        "keywords": item_keywords(item),
        "notes": item.get("note"),
    })


def _cff_name(name: dict[str, str], about: dict[str, Any]) -> dict[str, str]:
    orcid = about.get("orcid")
    address = f"https://orcid.org/{orcid}" if orcid else ""
    if "literal" in name:
        return filled({"name": name["literal"], "orcid": address})
    return filled({
        "family-names": name["family"],
        "given-names": name.get("given"),
        "name-particle": name.get("non-dropping-particle"),
        "name-suffix": name.get("suffix"),
        "orcid": address,
        "affiliation": "; ".join(about.get("affiliation", []))})
