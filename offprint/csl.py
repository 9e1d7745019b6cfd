"""A work as CSL-JSON describes it: of it, citations, metadata and deposits are made."""

from __future__ import annotations

import re
from typing import Any

Item = dict[str, Any]


def filled(values: Item) -> Item:
    """Return `values` without the fields that have none."""
    return {name: value for name, value in values.items() if value}


def join_title(title: str, subtitle: str) -> str:
    """Return title and subtitle as one title, joined as Chicago joins them.

    No colon follows a question mark or an exclamation mark, unless a quotation ends there.
    """
    if not subtitle:
        return title
    return f"{title} {subtitle}" if title.endswith(tuple("?!？！")) else f"{title}: {subtitle}"


def item_title(item: Item) -> str:
    """Return the title of a source in plain words."""
    return " ".join(re.sub(r"</?(i|b|em|strong|sub|sup|sc|span)\b[^>]*>", "",
                           str(item.get("title", ""))).split())


def item_names(item: Item) -> list[Item]:
    """Return who is responsible for a source: its authors, or else its editors."""
    return list(item.get("author") or item.get("editor") or [])


def item_name(name: Item) -> str:
    """Return a name of a source as an index prints it."""
    family = item_family(name)
    return str(name.get("literal") or
               ", ".join(filter(None, (family, name.get("given"), name.get("suffix")))))


def item_family(name: Item) -> str:
    """Return the family name of a person with its particles."""
    parts = (name.get("dropping-particle"), name.get("non-dropping-particle"), name.get("family"))
    return " ".join(filter(None, parts))


def item_date(item: Item) -> str:
    """Return the date of a source as far as it is known: 1954, 1954-03 or 1954-03-31."""
    issued = item.get("issued") or {}
    dates = issued.get("date-parts") or [[]]
    numbers = [int(part) for part in dates[0] or [] if str(part).lstrip("-").isdigit()]
    if not numbers or not 0 < numbers[0] < 10_000:
        return ""
    month = [part for part in numbers[1:2] if 1 <= part <= 12]  # CSL also counts seasons
    day = numbers[2:3] if month else []
    return "-".join([f"{numbers[0]:04}", *(f"{part:02}" for part in month + day)])


def item_keywords(item: Item) -> list[str]:
    """Return the keywords, which stand in one field with commas or semicolons between them."""
    words = item.get("keyword", "")
    return [word.strip() for word in words.split(";" if ";" in words else ",") if word.strip()]
