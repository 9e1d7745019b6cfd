"""Dresses values in the templates of `templates/`: Markdown for Pandoc, HTML, SVG.

Templates hold `if`, `for` and words; data comes to them ready. None is ever the manuscript.
"""

from __future__ import annotations

import datetime
import re
from functools import cache
from typing import Any

import jinja2
import yaml
from babel import Locale, UnknownLocaleError
from babel.dates import format_date
from markupsafe import Markup

from .project import TEMPLATES


def render(template: str, **values: Any) -> str:
    """Return the template of that name, filled with `values`; an unknown name is an error."""
    return _environment().get_template(template).render(**values)


def read_template(name: str) -> str:
    """Return a file of `templates/` as it is, such as a style sheet."""
    return (TEMPLATES / name).read_text(encoding="utf-8")


@cache
def words(lang: str) -> dict[str, str]:
    """Return the words that the press itself prints, in `lang` where it knows them."""
    known: dict[str, dict[str, str]] = yaml.safe_load(read_template("words.yaml"))
    return known["en"] | known.get(lang.split("-")[0], {})


def forget_words() -> None:
    """Read the press's own words again the next time, because they may have changed."""
    words.cache_clear()
    languages.cache_clear()


@cache
def languages() -> list[str]:
    """Return the languages in which the press has words of its own."""
    return sorted(yaml.safe_load(read_template("words.yaml")))


def long_date(date: datetime.date, lang: str) -> str:
    """Return a date in words, as `lang` writes it."""
    return format_date(date, "long", locale=locale(lang))


def short_date(text: str, lang: str) -> str:
    """Return an ISO date, or only its year or year and month, in short words of `lang`."""
    year, month, day = ([*map(int, text.split("-")), 0, 0])[:3]
    if not month:
        return str(year)
    pattern = "medium" if day else "LLL y"
    return format_date(datetime.date(year, month, day or 1), pattern, locale=locale(lang))


@cache
def locale(lang: str) -> Locale:
    """Return the conventions of `lang`, or of English where Babel does not know it."""
    try:
        return Locale.parse(lang, sep="-")
    except (UnknownLocaleError, ValueError):
        return Locale("en")


def escape_markdown(text: str) -> str:
    """Return `text` so that Pandoc reads it as these very characters on one line."""
    return re.sub(r"([!-/:-@\[-`{-~])", r"\\\1", " ".join(str(text).split()))


@cache
def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        autoescape=lambda name: name is not None and ".md." not in name,
        undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True,
        # Pandoc's identifiers, {#id}, look like Jinja's usual comments.
        comment_start_string="{%#", comment_end_string="#%}", keep_trailing_newline=True)
    environment.filters |= {
        "md": escape_markdown, "one_line": lambda text: " ".join(text.split()), "safe": Markup}
    return environment
