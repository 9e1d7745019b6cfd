"""Reads `bibliography/references.bib` for the checks; Pandoc reads it again to format it."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from dataclasses import dataclass

from bibtexparser import model
from bibtexparser.entrypoint import parse_string
from bibtexparser.library import Library

from .manuscript import DOI
from .problems import Problem, suggestion
from .project import Project

# A source is known by whoever is responsible for it; BibLaTeX has several words for that.
RESPONSIBLE = ("author", "editor", "translator", "organization", "institution", "publisher")
TITLES = ("title", "maintitle", "booktitle", "eventtitle")
# The entry types of BibLaTeX 3, with their aliases, and what is often used besides.
KINDS = frozenset((
    "article", "book", "mvbook", "inbook", "bookinbook", "suppbook", "booklet",
    "collection", "mvcollection", "incollection", "suppcollection", "dataset", "manual",
    "misc", "online", "patent", "periodical", "suppperiodical", "proceedings",
    "mvproceedings", "inproceedings", "reference", "mvreference", "inreference", "report",
    "set", "software", "thesis", "unpublished", "xdata", "conference", "electronic",
    "mastersthesis", "phdthesis", "techreport", "www", "artwork", "audio", "bibnote",
    "commentary", "image", "jurisdiction", "legislation", "legal", "letter", "movie",
    "music", "performance", "review", "standard", "video", "archival",
))
DATES = ("date", "year", "pubstate")


@dataclass(frozen=True)
class Entry:
    """One source: its key, the line where it begins, its type and its fields, as written."""

    key: str
    line: int
    kind: str
    fields: dict[str, str]


@dataclass(frozen=True)
class Bibliography:
    """All sources by key, and what is wrong in the file."""

    file: str
    entries: dict[str, Entry]
    problems: tuple[Problem, ...]

    def line_of(self, key: str) -> int:
        """Return the line where the source `key` begins."""
        return self.entries[key].line


def read_bibliography(project: Project) -> Bibliography:
    """Read the bibliography of `project`; a file that is not there is an empty one."""
    file = project.name(project.references)
    if not project.references.exists():
        return Bibliography(file, {}, ())
    try:
        text = project.references.read_bytes().decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        line = error.object[:error.start].count(b"\n") + 1
        return Bibliography(file, {}, (Problem(
            file, line, "this is not UTF-8 text", "save the file as UTF-8"),))
    library = _parse(text)
    # An entry with a field given twice is known all the same; that is a problem of its own.
    doubtful = [block.ignore_error_block for block in library.failed_blocks
                if isinstance(block, model.DuplicateFieldKeyBlock)]
    entries = {entry.key: Entry(
        entry.key, _line(entry), entry.entry_type.lower(),
        {field.key.lower(): str(field.value) for field in entry.fields})
        for entry in [*library.entries, *doubtful] if isinstance(entry, model.Entry) and entry.key}
    problems = [*_check_blocks(file, library), *_check_keys(file, text)]
    for entry in entries.values():
        problems += _check_entry(file, entry)
    return Bibliography(file, entries, tuple(problems))


def _parse(text: str) -> Library:
    # The parser logs each failed block; the blocks themselves say more.
    logging.getLogger("bibtexparser").setLevel(logging.CRITICAL)
    return parse_string(text)


def _line(block: model.Block) -> int:
    return (block.start_line or 0) + 1  # the parser counts from 0


def _check_blocks(file: str, library: Library) -> Iterator[Problem]:
    """Yield a problem for each part of the file that is not a usable entry."""
    for block in library.failed_blocks:
        line = _line(block)
        if isinstance(block, model.DuplicateBlockKeyBlock):
            first = _line(library.entries_dict[block.key])
            yield Problem(file, line, f'the key "{block.key}" is used twice; '
                          f"the first is in line {first}", "give one of the two another key")
        elif isinstance(block, model.DuplicateFieldKeyBlock):
            fields = ", ".join(f'"{key}"' for key in sorted(block.duplicate_keys))
            yield Problem(file, line, f"this entry gives {fields} twice", "keep one of the two")
        else:
            yield Problem(file, line, "this entry is broken: " + _excerpt(block.raw or ""),
                          "check its braces and commas")


def _check_keys(file: str, text: str) -> Iterator[Problem]:
    """Yield a problem for each entry without a key."""
    for found in re.finditer(r"^@(?!comment|string|preamble)\w+\s*\{\s*,", text, re.M | re.I):
        yield Problem(file, text.count("\n", 0, found.start()) + 1,
                      "this entry has no key", "write one after the brace, as in @book{key,")


def _excerpt(raw: str) -> str:
    words = " ".join(raw.split())
    return f"“{words[:50]}…”" if len(words) > 50 else f"“{words}”"


def _check_entry(file: str, entry: Entry) -> Iterator[Problem]:
    """Yield a problem for each thing that readers need and `entry` does not say."""
    if entry.kind not in KINDS:
        yield Problem(file, entry.line, f'"{entry.key}" is of the unknown kind @{entry.kind}',
                      suggestion(entry.kind, KINDS, "use @misc where no other kind fits"))
    if re.search(r"[\s{}\"'~#%\\]", entry.key):
        yield Problem(file, entry.line,
                      f'the key "{entry.key}" has characters that cannot be cited',
                      "use letters, figures, and - or : between them")
    has = {name for name, value in entry.fields.items() if value.strip()}
    if "crossref" in has or "xdata" in has or entry.kind in ("set", "xdata"):
        return
    if not has.intersection(TITLES):
        yield Problem(file, entry.line, f'"{entry.key}" has no title', "add a line title = {…},")
    if not has.intersection(DATES):
        yield Problem(file, entry.line, f'"{entry.key}" has no year',
                      "add date = {…}; for an undated source, year = {n.d.}")
    if not has.intersection(RESPONSIBLE) and "label" not in has and not has & {"howpublished"}:
        yield Problem(file, entry.line, f'"{entry.key}" has no author, editor or organization',
                      "add one; an anonymous source names who published it")
    doi = entry.fields.get("doi", "").strip()
    if doi and not DOI.fullmatch(re.sub(r"^https?://(dx\.)?doi\.org/", "", doi)):
        yield Problem(file, entry.line, f'"{entry.key}": “{doi}” is not a DOI',
                      "write it as 10.1234/abcd, or remove the field")
