"""Compares the essay with its corrections: new words stand, old ones do not, all is in order.

The essay is compared as it is now. Words of a change that a later change has replaced again need
not stand any more; everything that an entry says of this very version must be true of it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from .corrections import Change, Correction
from .edition import Edition
from .manuscript import version_order
from .paragraphs import find_paragraphs
from .passages import (
    Entry,
    Unit,
    changes_after,
    find_new_words,
    find_passages,
    is_replaced_again,
    make_plain,
    read_units,
    standing_words,
)
from .problems import Problem, suggestion
from .text import Text

# What may stand between two words of the Markdown: marks, spaces, citations, calls of notes.
BETWEEN = r"(?:[^\w\[]|\[(?:[@^-][^\]]*\])?)+"


def check_corrections(edition: Edition, text: Text) -> Iterator[Problem]:
    """Each entry's new words stand in the essay, its old words do not, its sources exist."""
    corrections = edition.corrections
    units = read_units(text.front, text.essay)
    aside = _words_aside(edition, text)
    for line, entry in _numbered(edition):
        yield from _check_new_words(edition, line, entry, units, aside)
        yield from _check_old_words(edition, line, entry, units)
        for key in entry.keys:
            if key not in edition.bibliography.entries:
                yield missing_key(edition, corrections.file, line, key)
        if (isinstance(entry, Correction) or entry.sources) and not entry.keys:
            yield Problem(corrections.file, line, f"{entry.id}: no source is named",
                          'write sources: "@key, p. 1"')
    if corrections.replaces and corrections.replaces not in edition.bibliography.entries:
        yield missing_key(edition, corrections.file, 1, corrections.replaces)


def check_changes(edition: Edition, text: Text) -> Iterator[Problem]:
    """Every entry has an id of its own; versions, dates and paragraphs are possible, in order."""
    corrections = edition.corrections
    first: dict[str, int] = {}
    for line, entry in _numbered(edition):
        if entry.id in first:
            yield Problem(corrections.file, line, f'the id "{entry.id}" is used twice; '
                          f"the first is in line {first[entry.id]}", "give one of them another id")
        first.setdefault(entry.id, line)
        if edition.manuscript.front:  # without it, there is no version to compare with
            yield from _check_version(edition, line, entry)
            yield from _check_date(edition, line, entry)
    count = len(find_paragraphs(text.essay))
    before: Change | None = None
    for line, change in corrections.numbered_changes():
        if before:
            yield from _check_order(edition, line, before, change)
        if change.version == edition.front.version and (change.paragraph or 0) > count:
            yield Problem(corrections.file, line,
                          f"{change.id}: there is no paragraph {change.paragraph}; "
                          f"the essay has {count}", "look up its number in an edition")
        before = change


def missing_key(edition: Edition, file: str, line: int, key: str) -> Problem:
    """Return the problem of a key that is cited at `line` and is in no bibliography."""
    remedy = suggestion(key, edition.bibliography.entries, "add the source, or cite another")
    if re.match(r"(fig|tbl|tab|sec|eq|lst|thm)[-:]", key):
        remedy = f"to refer to a place of this text, write a link: [words](#{key})"
    return Problem(file, line, f'no source has the key "{key}" in {edition.bibliography.file}',
                   remedy)


def _numbered(edition: Edition) -> list[tuple[int, Entry]]:
    return [*edition.corrections.numbered(), *edition.corrections.numbered_changes()]


def _check_new_words(
    edition: Edition, line: int, entry: Entry, units: list[Unit], aside: dict[str, str]
) -> Iterator[Problem]:
    file = edition.corrections.file
    found = find_new_words(edition.corrections, entry, units)
    if not found and entry.now and not is_replaced_again(edition.corrections, entry):
        kinds = ("timeline", "bibliography") if entry.kind == "source" else ("timeline",)
        forms = [make_plain(form).text for form in standing_words(edition.corrections, entry)]
        if not any(True for kind in kinds for form in forms
                   for _ in make_plain(aside[kind]).find(form)):
            yield Problem(file, line, f"{entry.id}: the essay does not say “{entry.now}”",
                          "now: holds words of one paragraph of the essay, exactly")
    number = entry.paragraph if isinstance(entry, Change) else None
    if found and number and entry.version == edition.front.version:
        numbers = sorted({passage.unit.number for passage in found})
        if number not in numbers:
            where = "outside the numbered paragraphs" if numbers == [0] else (
                "in paragraph " + " and ".join(str(place) for place in numbers if place))
            yield Problem(file, line, f"{entry.id}: “{entry.now}” does not stand in paragraph "
                          f"{number}, but {where}", "write the number that it has now")


def _check_old_words(
    edition: Edition, line: int, entry: Entry, units: list[Unit]
) -> Iterator[Problem]:
    """Yield a problem where the old words stand, other than as a part of new ones."""
    corrections = edition.corrections
    meant = [form for later in (entry, *changes_after(corrections, entry), *(
        corrections.changes if isinstance(entry, Correction) else ()))
        for form in standing_words(corrections, later)]
    allowed = [passage for form in meant for passage in find_passages(units, form)]
    for old in find_passages(units, entry.was):
        if not any(old.unit is new.unit and new.start <= old.start and old.end <= new.end
                   for new in allowed):
            places = _lines_of(edition, entry.was, meant)
            where = f", in {edition.manuscript.file}:{places[0]}" if places else ""
            yield Problem(corrections.file, line,
                          f"{entry.id}: the essay still says “{entry.was}”{where}",
                          "correct the essay, or quote other words under was:")
            return


def _lines_of(edition: Edition, old: str, meant: list[str]) -> list[int]:
    """Return the lines of the manuscript where the words `old` begin outside those `meant`."""
    body = edition.manuscript.source
    spans = [found.span() for form in meant for found in _in_markdown(form).finditer(body)]
    return [body.count("\n", 0, found.start()) + 1 for found in _in_markdown(old).finditer(body)
            if not any(start <= found.start() and found.end() <= end for start, end in spans)]


def _in_markdown(words: str) -> re.Pattern[str]:
    """Return what finds `words` in Markdown, whatever marks stand between them."""
    if not re.search(r"\w", words):
        return re.compile(re.escape(words))
    return re.compile(
        r"(?<!\w)" + BETWEEN.join(map(re.escape, re.findall(r"\w+", words))) + r"(?!\w)")


def _words_aside(edition: Edition, text: Text) -> dict[str, str]:
    """Return the words that editions print and that are not in the tree of the essay."""
    timelines = [f"{timeline.title}\n" + "\n".join(event.label for event in timeline.events)
                 for timeline in text.timelines.values()]
    sources = [value for entry in edition.bibliography.entries.values()
               for value in entry.fields.values()]
    return {"timeline": "\n".join(timelines), "bibliography": "\n".join(sources)}


def _check_version(edition: Edition, line: int, entry: Entry) -> Iterator[Problem]:
    file, front = edition.corrections.file, edition.front
    if not entry.version:
        return
    known = [release.version for release in edition.earlier]
    if version_order(entry.version) > version_order(front.version):
        yield Problem(file, line, f"{entry.id} is made in version {entry.version}; "
                      f"this is version {front.version}",
                      f"write version: {entry.version} in {edition.manuscript.file}, "
                      "or the right one here")
    elif known and entry.version not in (*known, front.version):
        yield Problem(file, line, f"{entry.id} is made in version {entry.version}, "
                      "which was never released",
                      "write one of " + ", ".join([*known, front.version]))
    elif isinstance(entry, Change) and known and entry.version == known[0]:
        yield Problem(file, line, f"{entry.id} is made in version {entry.version}, "
                      "the first, before which there was nothing to change",
                      "write the version that makes the change")


def _check_date(edition: Edition, line: int, entry: Entry) -> Iterator[Problem]:
    if not entry.date:
        return
    dates = {release.version: release.date for release in edition.earlier}
    made = dates.get(entry.version or "", edition.front.date)
    if entry.date > made:
        version = entry.version if entry.version in dates else edition.front.version
        yield Problem(edition.corrections.file, line,
                      f"{entry.id} is dated {entry.date}, and version {version} {made}",
                      "a version is dated when its last correction is made, or later")


def _check_order(edition: Edition, line: int, before: Change, change: Change) -> Iterator[Problem]:
    values: tuple[tuple[str, str, Callable[[Change], object]], ...] = (
        ("version", "versions", lambda entry: version_order(entry.version)),
        ("date", "dates", lambda entry: entry.date))
    for name, plural, order in values:
        if order(change) < order(before):  # type: ignore[operator]
            yield Problem(edition.corrections.file, line,
                          f"{change.id} has the {name} {getattr(change, name)}, and {before.id} "
                          f"before it {getattr(before, name)}",
                          f"put the changes in the order of their {plural}, the oldest first")
            return
