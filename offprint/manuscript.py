"""Reads `manuscript/essay.md`: checked front matter, and the Markdown below it."""

from __future__ import annotations

import datetime
import re
from dataclasses import dataclass
from typing import Annotated, Any
from urllib.parse import quote

import babel
from pydantic import (
    AfterValidator,
    AliasChoices,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    model_validator,
)

from .problems import Problem
from .project import Project
from .records import YamlData, read_record
from .theme import Theme

SEMANTIC_VERSION = re.compile(r"\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?")
LANGUAGE_TAG = re.compile(r"[a-z]{2,3}(-[A-Z][a-z]{3})?(-[A-Z]{2}|-\d{3})?")
LANGUAGE_REMEDY = "write one such as en, en-US, de or sr-Latn"
DOI = re.compile(r"10\.\d{4,9}/\S+")
ADDRESS = re.compile(r"https?://[\w.-]+(:\d+)?(/[^\s<>\"\\]*)?")
MAILBOX = re.compile(r"[\w.+-]+@[\w-]+(\.[\w-]+)+")
CONTACT = re.compile(rf"{MAILBOX.pattern}|{ADDRESS.pattern}")
ISBN = re.compile(r"97[89]-?(\d-?){9}\d")
ORCID = re.compile(r"\d{4}-\d{4}-\d{4}-\d{3}[\dX]")


def _listed(value: Any) -> Any:
    """Accept one value where a list is expected."""
    return value if isinstance(value, list) or value is None else [value]


def _matching(pattern: re.Pattern[str], what: str, remedy: str) -> BeforeValidator:
    def check(value: Any) -> Any:
        if isinstance(value, str) and not pattern.fullmatch(value):
            raise ValueError(f"“{value}” {what}\n{remedy}")
        return value

    return BeforeValidator(check)


def _known_language(value: Any) -> Any:
    if isinstance(value, str):
        try:
            known = babel.Locale.parse(value, sep="-").language
        except (babel.UnknownLocaleError, ValueError):
            raise ValueError(f"“{value}” is not a language that is known\n"
                             f"{LANGUAGE_REMEDY}") from None
        if known != value.split("-")[0]:
            raise ValueError(f"“{value}” is an old or long name of a language\nwrite “{known}”")
    return value


def _without_resolver(value: Any) -> Any:
    """Return a DOI or an ORCID without the address that often stands before it."""
    resolver = re.compile(r"^https?://(dx\.)?(doi|orcid)\.org/")
    return resolver.sub("", value).rstrip("/") if isinstance(value, str) else value


def _checked_orcid(value: str) -> str:
    """Return an ORCID whose last figure is right (ISO 7064, MOD 11-2)."""
    total = 0
    for figure in value.replace("-", "")[:15]:
        total = (total + int(figure)) * 2
    if "0123456789X"[(12 - total % 11) % 11] != value[-1]:
        raise ValueError(f"“{value}” is nobody's ORCID: its last figure is wrong\n"
                         "copy it from orcid.org")
    return value


Version = Annotated[str, _matching(
    SEMANTIC_VERSION, "is not a version", "write three numbers, such as 1.0.0")]
Language = Annotated[str, BeforeValidator(_known_language), _matching(
    LANGUAGE_TAG, "is not a language tag", LANGUAGE_REMEDY)]
Doi = Annotated[str, _matching(DOI, "is not a DOI", "write it as 10.1234/abcd"),
                BeforeValidator(_without_resolver)]
Address = Annotated[str, _matching(
    ADDRESS, "is not an address", "write it with https:// before it")]
Contact = Annotated[str, _matching(
    CONTACT, "is neither a mail address nor an address on the web",
    "write one such as editor@example.org or https://example.org/issues")]
Isbn = Annotated[str, _matching(
    ISBN, "is not an ISBN", "write its 13 digits, with or without hyphens")]
Orcid = Annotated[str, AfterValidator(_checked_orcid),
                  _matching(ORCID, "is not an ORCID", "write it as 0000-0002-1825-0097"),
                  BeforeValidator(_without_resolver)]
Mailbox = Annotated[str, _matching(
    MAILBOX, "is not a mail address", "write one such as editor@example.org")]


class Author(BaseModel):
    """A person (`given`, `family`) or a corporate author (`name` alone)."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: Annotated[str, Field(description="a corporate author, or a name of one piece")] = ""
    given: Annotated[str, Field(description="given names, as printed")] = ""
    particle: Annotated[str, Field(description="such as “van der”; sorted with the family")] = ""
    family: Annotated[str, Field(description="family name; required of a person")] = ""
    suffix: Annotated[str, Field(description="such as “Jr.”")] = ""
    orcid: Annotated[Orcid | None, Field(description="such as 0000-0002-1825-0097")] = None
    affiliation: Annotated[list[str], BeforeValidator(_listed), Field(
        description="one institution, or a list")] = []
    email: Annotated[Mailbox | None, Field(
        description="not printed; archives get it, in JATS")] = None

    @model_validator(mode="before")
    @classmethod
    def _accept_plain_name(cls, value: Any) -> Any:
        return {"name": value} if isinstance(value, str) else value

    @model_validator(mode="after")
    def _require_name(self) -> Author:
        if not (self.name or self.family):
            raise ValueError("an author needs a name\n"
                             'write "name: …", or "given: …" and "family: …"')
        if self.name and (self.given or self.family):
            raise ValueError("an author is a person or a corporate author, not both\n"
                             "write name: alone, or given: and family:")
        return self

    @property
    def display(self) -> str:
        """The name as a title page prints it."""
        parts = (self.given, self.particle, self.family, self.suffix)
        return self.name or " ".join(filter(None, parts))

    @property
    def sorted(self) -> str:
        """The name as an index prints it: family name first, corporate names as they are."""
        family = " ".join(filter(None, (self.particle, self.family)))
        return ", ".join(filter(None, (family, self.given, self.suffix))) or self.name


class FrontMatter(BaseModel):
    """What an essay says of itself; the names are those of Pandoc, Quarto and MyST."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    title: Annotated[str, Field(min_length=1, description="the title, in Markdown")]
    subtitle: Annotated[str | None, Field(description="the subtitle, in Markdown")] = None
    author: Annotated[list[Author], BeforeValidator(_listed), Field(
        min_length=1, validation_alias=AliasChoices("author", "authors"),
        description="a name, or a list of names or of the fields below")]
    version: Annotated[Version, Field(
        description="three numbers: of the argument, of facts and sources, of typos and looks")]
    date: Annotated[datetime.date, Field(description="of this version, such as 2026-11-25")]
    lang: Annotated[Language, Field(
        validation_alias=AliasChoices("lang", "language"),
        description="a tag such as en, en-US, de or sr-Latn")]
    abstract: Annotated[str | None, Field(
        description="a few sentences, in Markdown; archives and catalogues show them")] = None
    keywords: Annotated[list[str], BeforeValidator(_listed), Field(
        description="what catalogues file the essay under")] = []
    license: Annotated[str | None, Field(
        validation_alias=AliasChoices("license", "licence"),
        description="an SPDX name such as CC-BY-4.0, or an address")] = None
    csl: Annotated[str, Field(
        description="the citation style: one of ten thousand by its name, or a file")
    ] = "chicago-notes-bibliography"
    nocite: Annotated[list[str], BeforeValidator(_listed), Field(
        description='sources to list without citing them: "@key, @other"; "@*" lists all')] = []
    bibliography_title: Annotated[str | None, Field(
        validation_alias="reference-section-title",
        description="the heading of the bibliography")] = None
    publisher: Annotated[str | None, Field(description="who publishes the essay")] = None
    url: Annotated[Address | None, Field(description="where the edition stands")] = None
    contact: Annotated[Contact | None, Field(
        description="where readers report mistakes: a mail address or one on the web")] = None
    doi: Annotated[Doi | None, Field(
        description="of this version, reserved before it is built")] = None
    concept_doi: Annotated[Doi | None, Field(
        validation_alias="concept-doi", description="that stands for all versions")] = None
    isbn: Annotated[Isbn | None, Field(description="its 13 digits")] = None
    theme: Annotated[Theme, Field(
        description="a design, bookish or modern, or the fields below")] = Theme()

    @model_validator(mode="before")
    @classmethod
    def _drop_own_fields(cls, value: Any) -> Any:
        """Leave out what authors keep for themselves under names that begin with x-."""
        if isinstance(value, dict):
            return {name: item for name, item in value.items() if not name.startswith("x-")}
        return value


@dataclass(frozen=True)
class Manuscript:
    """The essay as read: front matter (None when it has problems) and Markdown.

    `body` has as many lines as the file, those of the front matter empty, so that line
    numbers hold.
    """

    file: str
    front: FrontMatter | None
    source: str
    body: str
    problems: tuple[Problem, ...]

    def lines_with(self, words: str | re.Pattern[str]) -> list[int]:
        """Return the lines of the file, front matter included, in which `words` stand."""
        pattern = re.compile(re.escape(words)) if isinstance(words, str) else words
        return [number for number, line in enumerate(self.source.split("\n"), 1)
                if pattern.search(line)]

    def line_of(self, words: str) -> int:
        """Return the line where `words` of a finished page stand, or as much of them as can be.

        Markup may part words in the source, so the first three in a row that are found decide;
        0 where none are.
        """
        said = re.findall(r"\w+", words.replace("\u00ad", ""))
        for number in range(max(len(said) - 2, 1)):
            run = r"\W+".join(map(re.escape, said[number:number + 3]))
            if run and (found := re.search(rf"\b{run}\b", self.source)):
                return self.source.count("\n", 0, found.start()) + 1
        return 0


def doi_address(doi: str) -> str:
    """Return the address at which a DOI is looked up."""
    return "https://doi.org/" + quote(doi, safe="/:;()@!$'*+,=~")


def version_order(version: str) -> tuple[object, ...]:
    """Return what sorts versions as Semantic Versioning 2.0 does (11): 1.0.0-rc.1 before 1.0.0."""
    numbers, _, before = version.partition("-")
    steps = [(0, int(step), "") if step.isdigit() else (1, 0, step) for step in before.split(".")]
    return (*map(int, numbers.split(".")), not before, steps)


def read_manuscript(project: Project) -> Manuscript:
    """Read the essay of `project`; what cannot be read becomes a problem."""
    file = project.name(project.essay)
    try:
        text = project.essay.read_bytes().decode("utf-8-sig").replace("\r\n", "\n")
    except FileNotFoundError:
        return _unreadable(file, 0, "there is no essay", "write it there, with its front matter")
    except UnicodeDecodeError as error:
        line = error.object[:error.start].count(b"\n") + 1
        return _unreadable(file, line, "this is not UTF-8 text", "save the file as UTF-8")
    front = re.match(r"---[ \t]*\n(.*?\n)?(---|\.\.\.)[ \t]*(\n|\Z)", text, re.DOTALL)
    if not front:
        return _unreadable(file, 1, "the essay has no front matter",
                           "begin it with a line ---, the fields, and a line ---")
    data = YamlData(front[1] or "", file, first_line=2)
    record = read_record(FrontMatter, data)
    body = "\n" * front[0].count("\n") + text[front.end():]
    return Manuscript(file, record, text, body, tuple(data.problems))


def _unreadable(file: str, line: int, what: str, remedy: str) -> Manuscript:
    return Manuscript(file, None, "", "", (Problem(file, line, what, remedy),))
