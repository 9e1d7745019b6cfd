"""Turns a manuscript for Pandoc, Quarto or JOSS into the sources of a publication.

Its words stay as they are. Front matter is translated, the files that it needs come along, and
what is not understood is listed: fields of other tools are kept under names that begin with x-.
"""

from __future__ import annotations

import datetime
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import yaml
from babel.dates import get_month_names

from .authors import PLACES, translate_authors
from .body import PICTURE_TYPES
from .problems import Problem, ProblemsFoundError, UsageError
from .records import YamlData
from .templating import locale

MARKDOWN_FILES = (".md", ".markdown", ".qmd", ".rmd", ".txt")
# Fields that mean the same here; the value is looked at by the check.
SAME = ("title", "subtitle", "version", "abstract", "publisher", "url", "contact", "doi",
        "concept-doi", "isbn", "reference-section-title")
KEYWORDS = ("keywords", "tags", "categories", "keyword", "subject")
TRANSLATED = {"author", "authors", "date", "lang", "language", "license", "licence", "csl",
              "bibliography", "nocite", *SAME, *KEYWORDS, *PLACES}
KEY = re.compile(r"@\{?(\*|[^\W_](?:[\w:.#$%&+?<>~/-]*\w)?)")
# A path to a picture where Markdown may have one: in a link, or where its target is defined.
PICTURE = re.compile(
    r"(?P<before>\]\(\s*<?|^ {0,3}\[[^\]\n]+\]:\s+<?)"
    rf"(?P<path>[^()<>\n]+?(?:{'|'.join(map(re.escape, PICTURE_TYPES))}))(?=[>)\s])", re.M | re.I)
QUARTO_BLOCK = re.compile(r":{3,}.*?\b(callout-\w+|panel-\w+|columns?\b[\w-]*|layout[\w-]*)")
LAST_HEADING = re.compile(r"\n#{1,2}[ \t]+(?P<words>[^\n{]+?)[ \t]*(\{[^}\n]*\})?\s*\Z")
PLACE_OF_REFERENCES = re.compile(r"^:{3,}[ \t]*\{#refs[^}\n]*\}\s*?\n\s*:{3,}[ \t]*$\n?", re.M)


@dataclass(frozen=True)
class Source:
    """A manuscript as read: where it is, its front matter, and the text below."""

    path: Path
    data: YamlData
    body: str

    @property
    def fields(self) -> dict[str, Any]:
        """The front matter as plain values."""
        return dict(self.data.value)

    def note(self, field: str, what: str, remedy: str) -> Problem:
        """Return a note placed at a field of the front matter."""
        return Problem(self.data.file, self.data.line((field,)), what, remedy, note=True)


def take_over(
    path: Path, references: Path | None, today: datetime.date
) -> tuple[dict[str, bytes], list[Problem]]:
    """Return the sources made of the manuscript at `path`, by their paths, and notes on them.

    `references` is its bibliography; without it, the one that the front matter names. `today`
    stands in for a date that cannot be read. Raises UsageError where `path` is no Markdown file,
    ProblemsFoundError where its front matter or bibliography cannot be read.
    """
    source = read_source(path)
    bibliography = read_references(source, references)
    pictures, body = take_pictures(source)
    body, heading = drop_heading_of_references(body) if bibliography else (body, "")
    front, notes = translate_front(source, today)
    if heading:
        front.setdefault("reference-section-title", heading)
    style, style_file = translate_style(source)
    front["csl"] = style
    essay = render_essay(front, body)
    files = {"manuscript/essay.md": essay.encode(), **pictures, **style_file}
    if bibliography:
        files["bibliography/references.bib"] = bibliography
    notes += [*_list_settings(path), *_list_callouts(essay)]
    return files, notes


def read_source(path: Path) -> Source:
    """Read a manuscript; raise UsageError or ProblemsFoundError where that cannot be done."""
    if not path.is_file():
        raise UsageError(f"there is no manuscript {path}")
    if path.suffix.lower() not in MARKDOWN_FILES:
        raise UsageError(f"{path} is not Markdown; convert it first, for example with: "
                         f"pandoc {path} -t markdown -o {path.with_suffix('.md')}")
    file = path.as_posix()
    try:
        text = path.read_bytes().decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        line = error.object[:error.start].count(b"\n") + 1
        raise ProblemsFoundError([Problem(
            file, line, "this is not UTF-8 text", "save the file as UTF-8")]) from None
    front = re.match(r"---[ \t]*\n(.*?\n)?(---|\.\.\.)[ \t]*(\n|\Z)", text, re.DOTALL)
    if front:
        data = YamlData(front[1] or "", file, first_line=2)
        text = text[front.end():]
    else:
        title, text = _split_title_block(text)
        data = YamlData(title, file)
    if not data.problems and not isinstance(data.value or {}, dict):
        data.problems.append(Problem(file, 1, "the front matter is not a list of fields",
                                     "write a line for each field: name: value"))
    if data.problems:
        raise ProblemsFoundError(data.problems)
    data.value = data.value or {}
    return Source(path, data, text)


def read_references(source: Source, given: Path | None) -> bytes:
    """Return the bibliography of a manuscript, several files as one; nothing where it has none."""
    named = source.fields.get("bibliography")
    paths = [given] if given else [
        source.path.parent / str(name)
        for name in ([named] if isinstance(named, str) else named or [])]
    problems = []
    for path in paths:
        if not path.is_file():
            problems.append(source.data.problem(
                ("bibliography",), f"there is no bibliography {path.as_posix()}",
                "name it with --bib FILE"))
        elif path.suffix.lower() not in (".bib", ".bibtex", ".biblatex"):
            problems.append(source.data.problem(
                ("bibliography",), f"{path.as_posix()} is not BibTeX or BibLaTeX",
                "export it as BibLaTeX, and name that file with --bib FILE"))
    if problems:
        raise ProblemsFoundError(problems)
    return b"\n".join(path.read_bytes() for path in paths)


def take_pictures(source: Source) -> tuple[dict[str, bytes], str]:
    """Return the pictures of a manuscript by their new paths, and the text that names these.

    A picture that is not there, or of a kind that is not printed, is left to the check.
    """
    files: dict[str, bytes] = {}
    names: dict[Path, str] = {}

    def take(found: re.Match[str]) -> str:
        path = source.path.parent / unquote(found["path"])
        if "://" in found["path"] or not path.is_file():
            return found[0]
        if path not in names:
            names[path] = _free_name(path, files)
            files[f"manuscript/{names[path]}"] = path.read_bytes()
        return found["before"] + names[path]

    return files, re.sub(r"(\{[^{}\n]*)\bfig-alt=", r"\1alt=", PICTURE.sub(take, source.body))


def drop_heading_of_references(body: str) -> tuple[str, str]:
    """Return the text without the place that it keeps for the bibliography, and its heading."""
    body = PLACE_OF_REFERENCES.sub("", body)
    found = LAST_HEADING.search(body)
    return (body[:found.start()] + "\n", found["words"]) if found else (body, "")


def translate_front(
    source: Source, today: datetime.date
) -> tuple[dict[str, Any], list[Problem]]:
    """Return the front matter in our fields, and notes on what was guessed or not understood."""
    fields = source.fields
    authors, notes = translate_authors(source.data)
    front: dict[str, Any] = {name: fields[name] for name in SAME if fields.get(name)}
    front["author"] = authors
    front["lang"] = fields.get("lang") or fields.get("language")
    front["keywords"] = _translate_keywords(fields)
    front["license"] = _translate_license(fields.get("license") or fields.get("licence"))
    front["nocite"] = ", ".join(f"@{key}" for key in KEY.findall(str(fields.get("nocite") or "")))
    front["date"] = read_date(str(fields.get("date") or ""), str(front["lang"] or "en"))
    if fields.get("date") and not front["date"]:
        front["x-date"] = fields["date"]
        notes.append(source.note("date", f"“{fields['date']}” is not a day; {today} was written",
                                 "correct date: in the new front matter"))
    for name, value in (("version", "1.0.0"), ("lang", "en"), ("date", today)):
        if not front.get(name):
            front[name] = value
            if not fields.get(name):
                notes.append(source.note(name, f"there is no “{name}”; {value} was written",
                                         "correct it in the new front matter"))
    for name in sorted(fields.keys() - TRANSLATED):
        kept = name if name.startswith("x-") else f"x-{name}"
        front[kept] = fields[name]
        if kept != name:
            notes.append(source.note(name, f"“{name}” is not understood",
                                     f"it was kept as {kept}, which is not read"))
    return {name: value for name, value in front.items() if value}, notes


def read_date(text: str, lang: str = "en") -> datetime.date | None:
    """Return the day that `text` names in figures or in words of `lang` or English, if it does."""
    months = {name.lower().rstrip("."): number for tag in ("en", lang)
              for width in ("wide", "abbreviated")
              for number, name in get_month_names(width, locale=locale(tag)).items()}
    words = re.findall(r"\d+|[^\W\d]+", text.lower())
    words = [word for word in words if word not in ("st", "nd", "rd", "th", "de", "of")]
    if words[3:] and not re.match(r"\d{4}-\d\d-\d\d[T ]", text):
        return None
    found = [months.get(word, word) for word in words[:3]]
    if len(found) != 3 or not all(str(part).isdigit() for part in found):
        return None
    numbers = [int(part) for part in found]
    named = [place for place, word in enumerate(words[:3]) if word in months]
    if numbers[0] > 31:
        year, month, day = numbers
    elif named == [0] or (not named and numbers[1] > 12):
        month, day, year = numbers
    elif named == [1] or numbers[0] > 12:
        day, month, year = numbers
    else:
        return None  # 3/4/2020 is in March here, and in April there
    try:
        return datetime.date(year, month, day)
    except ValueError:
        return None


def translate_style(source: Source) -> tuple[str, dict[str, bytes]]:
    """Return the citation style under which the manuscript was written, and its file, if own.

    Where none is named, it is the one that Pandoc and Quarto, or JOSS, would take.
    """
    named = str(source.fields.get("csl") or "")
    path = source.path.parent / named
    stem = Path(named).stem if named.endswith(".csl") else Path(named).name
    if named and path.is_file():
        name = f"bibliography/{path.name}"
        return f"../{name}", {name: path.read_bytes()}
    if named:
        return stem, {}
    places = source.fields.get("affiliations")
    is_joss = isinstance(places, list) and any(
        isinstance(place, dict) and "index" in place for place in places)
    return "apa" if is_joss else "chicago-author-date", {}


def render_essay(front: dict[str, Any], body: str) -> str:
    """Return an essay of front matter and text."""
    order = ("title", "subtitle", "author", "version", "date", "lang", "abstract", "keywords")
    known = [name for name in front if not name.startswith("x-")]
    ordered = {name: front[name] for name in (*order, *known) if name in front} | front
    fields = yaml.dump(ordered, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=10_000)
    return f"---\n{fields}---\n\n{body.strip(chr(10))}\n"


class _Dumper(yaml.SafeDumper):
    """Writes YAML as an author would: lists indented, several lines as they are."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        super().increase_indent(flow, False)


def _represent_text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    style = "|" if "\n" in text else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _represent_text)


def _split_title_block(text: str) -> tuple[str, str]:
    """Return the title block of Pandoc, lines that begin with %, as YAML, and the text below.

    The YAML has as many lines, so that line numbers hold.
    """
    found = re.match(r"(?:%.*\n(?:[ \t]+\S.*\n)*){1,3}", text)
    if not found:
        return "", text
    block = ""
    entries = re.findall(r"^%(.*\n(?:[ \t]+\S.*\n)*)", found[0], re.M)
    for name, entry in zip(("title", "author", "date"), entries, strict=False):
        joint = "; " if name == "author" else " "
        words = joint.join(filter(None, map(str.strip, entry.splitlines())))
        block += f"{name}: {json.dumps(words)}" if words else ""
        block += "\n" * entry.count("\n")
    return block, text[found.end():]


def _translate_keywords(fields: dict[str, Any]) -> list[str]:
    found: list[str] = []
    for value in (fields[name] for name in KEYWORDS if fields.get(name)):
        found += re.split(r"\s*[,;]\s*", value) if isinstance(value, str) else map(str, value)
    return list(dict.fromkeys(word for word in found if word))


def _translate_license(value: Any) -> str | None:
    """Return a licence by its SPDX name where it is a Creative Commons licence of Quarto."""
    if isinstance(value, dict):
        value = value.get("type") or value.get("url") or value.get("text")
    if isinstance(value, str) and re.fullmatch(r"CC[ -]BY(-(NC|ND|SA))*", value):
        return f"{value.replace(' ', '-')}-4.0"
    return "CC0-1.0" if value == "CC0" else value


def _free_name(path: Path, files: dict[str, bytes]) -> str:
    """Return a path below figures/ for a picture that none of `files` has."""
    stem = re.sub(r"[^\w.-]+", "-", path.stem)
    name, number = f"figures/{stem}{path.suffix}", 1
    while f"manuscript/{name}" in files:
        number += 1
        name = f"figures/{stem}-{number}{path.suffix}"
    return name


def _list_settings(path: Path) -> Iterator[Problem]:
    for name in ("_quarto.yml", "_metadata.yml", "_bookdown.yml", "_output.yml"):
        if (path.parent / name).is_file():
            yield Problem((path.parent / name).as_posix(), 0, "these settings are not read",
                          "put what belongs to the text into its front matter", note=True)


def _list_callouts(essay: str) -> Iterator[Problem]:
    """Yield a note on each block of Quarto that has no looks of its own here."""
    for number, line in enumerate(essay.split("\n"), 1):
        if found := QUARTO_BLOCK.match(line):
            yield Problem("manuscript/essay.md", number, f"“{found[1]}” is a block of Quarto",
                          "its words are printed as ordinary paragraphs", note=True)
