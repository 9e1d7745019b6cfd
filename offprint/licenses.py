"""Names the licence of a text: from its SPDX identifier to the words and address to print."""

from __future__ import annotations

import re
from dataclasses import dataclass

PARTS = {"BY": "Attribution", "NC": "NonCommercial", "ND": "NoDerivatives", "SA": "ShareAlike"}


@dataclass(frozen=True)
class License:
    """A licence as readers know it; either part may be empty."""

    name: str = ""
    url: str = ""


def license_of(identifier: str | None) -> License:
    """Return the licence with that SPDX identifier, address or name.

    Creative Commons identifiers are spelled out as their deeds are titled; others stay as
    they are.
    """
    if not identifier:
        return License()
    if re.fullmatch(r"https?://[^\s<>\"\\]+", identifier):
        return License(identifier, identifier)
    if identifier == "CC0-1.0":
        return License("CC0 1.0 Universal", "https://creativecommons.org/publicdomain/zero/1.0/")
    found = re.fullmatch(r"CC-((?:BY|NC|ND|SA)(?:-(?:NC|ND|SA))*)-(\d\.\d)", identifier)
    if not found:
        return License(identifier)
    parts, version = found[1], found[2]
    words = "-".join(PARTS[part] for part in parts.split("-"))
    return License(f"Creative Commons {words} {version} International (CC {parts} {version})",
                   f"https://creativecommons.org/licenses/{parts.lower()}/{version}/")
