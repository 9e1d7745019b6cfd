"""Reads `manuscript/corrections.yaml`: what was wrong, what stands now, why, on which sources.

There are two kinds of entries: corrections to the text that this edition replaces, and changes
between the essay's own versions.
"""

from __future__ import annotations

import datetime
import re
from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from .manuscript import Version
from .problems import Problem
from .project import Project
from .records import YamlData, read_record

CITED_KEY = re.compile(r"(?<![\w@])-?@\{?([\w][\w:.#$%&+?<>~/-]*\w|\w)")

Verdict = Literal["wrong", "misleading", "unsupported", "omits"]
TALLIED = ("true", "misleading", "wrong", "unsupported", "omits")
Kind = Literal["typo", "wording", "fact", "source", "omission", "withdrawal"]
# The kinds of changes that stand on sources.
SOURCED = ("fact", "source", "omission")
SOURCES = "citations without their brackets: \"@key, p. 3; @other\""


class _Entry(BaseModel):
    """What both kinds of entries have; `sources` are Pandoc citations without their brackets."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: Annotated[str, Field(
        pattern=r"^[A-Za-z][\w-]*$", max_length=12,
        description="its name, which stands in the margin: a letter first, at most 12 characters")]
    why: Annotated[str, Field(min_length=1, description="the reason, in Markdown")]
    sources: Annotated[str, Field(description=SOURCES)] = ""
    reported: Annotated[str | None, Field(description="who found the mistake")] = None

    @property
    def keys(self) -> list[str]:
        """The keys of the sources, in order."""
        return CITED_KEY.findall(self.sources)


class Correction(_Entry):
    """One claim of the replaced text, the verdict on it, and what stands here instead.

    `was` is quoted from the replaced text, `now` from this essay, both as plain text.
    Without a `version`, it was made in the first one.
    """

    verdict: Annotated[Verdict, Field(description="what is to be said of the old words")]
    was: Annotated[str, Field(min_length=1, description="the words of the replaced text")]
    now: Annotated[str, Field(min_length=1, description="the words of this essay")]
    sources: Annotated[str, Field(min_length=1, description=SOURCES)]
    kind: Annotated[Kind | None, Field(description="what kind of mistake it was")] = None
    date: Annotated[datetime.date | None, Field(description="when it was corrected")] = None
    version: Annotated[Version | None, Field(
        description="the version that corrected it; the first unless given")] = None


class Change(_Entry):
    """A correction between two versions of this essay: `version` is the one that makes it.

    `was` is quoted from the version before, `now` from this one, both as plain text; one of them
    is empty where words were only added or taken away. In a `source`, either may be a Pandoc
    citation, "@key, p. 3". `paragraph` is the number that the place has in `version`.
    """

    kind: Annotated[Kind, Field(
        description="what has changed; a fact, source or omission needs sources")]
    date: Annotated[datetime.date, Field(description="when it was made")]
    version: Annotated[Version, Field(description="the version that makes it")]
    paragraph: Annotated[int | None, Field(
        ge=1, description="the number of the place in that version")] = None
    was: Annotated[str, Field(
        description="the words of the version before; empty where words were only added")] = ""
    now: Annotated[str, Field(
        description="the words of this one; empty where words were only taken away")] = ""

    @model_validator(mode="after")
    def _require_what_the_kind_needs(self) -> Change:
        if self.kind in SOURCED and not self.sources:
            raise ValueError(f'a correction of the kind "{self.kind}" names no source\n'
                             'add sources: "@key, p. 1"')
        if self.kind == "withdrawal":
            return self
        if not (self.was or self.now):
            raise ValueError("neither the old words nor the new are given\n"
                             "quote them under was: and now:")
        if self.kind == "omission" and not self.now:
            raise ValueError("an omission is mended by new words, and none are given\n"
                             "quote them under now:")
        if not self.was and self.kind not in ("omission", "source"):
            raise ValueError(f'words were only added, which is no correction of the kind '
                             f'"{self.kind}"\nquote the old words under was:, '
                             "or write kind: omission")
        return self


class CorrectionsFile(BaseModel):
    """The whole file: which text is replaced, what of it holds, and the corrections in order.

    `holds` are claims of the replaced text that were checked and are true; they are counted.
    `changes` stand in the order in which they were made.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    replaces: Annotated[str | None, Field(
        description="the key of the replaced text in the bibliography")] = None
    note: Annotated[str | None, Field(
        description="a sentence or two on that text, in Markdown")] = None
    holds: Annotated[list[Annotated[str, Field(min_length=1)]], Field(
        description="claims of that text that were checked and are true; they are counted")] = []
    corrections: Annotated[list[Correction], Field(
        description="what that text said, and what this one says")] = []
    changes: Annotated[list[Change], Field(
        description="what earlier versions of this essay said, the newest last")] = []


@dataclass(frozen=True)
class Corrections:
    """The corrections as read, with the line of each."""

    file: str
    replaces: str | None = None
    note: str | None = None
    entries: tuple[Correction, ...] = ()
    lines: tuple[int, ...] = ()
    problems: tuple[Problem, ...] = ()
    source: str = ""
    holds: tuple[str, ...] = ()
    changes: tuple[Change, ...] = ()
    change_lines: tuple[int, ...] = ()

    @property
    def all(self) -> tuple[Correction | Change, ...]:
        """Both kinds of entries, in the order of the file."""
        return (*self.entries, *self.changes)

    @property
    def tally(self) -> dict[str, int]:
        """How many claims of the replaced text were found to be what; verdicts without any too."""
        found = [*("true" for _ in self.holds), *(entry.verdict for entry in self.entries)]
        return {verdict: found.count(verdict) for verdict in TALLIED}

    def lines_with(self, words: str | re.Pattern[str]) -> list[int]:
        """Return the lines of the file in which `words` stand."""
        pattern = re.compile(re.escape(words)) if isinstance(words, str) else words
        return [number for number, line in enumerate(self.source.split("\n"), 1)
                if pattern.search(line)]

    def numbered(self) -> list[tuple[int, Correction]]:
        """Return each correction of the replaced text with the line where it begins."""
        return list(zip(self.lines, self.entries, strict=True))

    def numbered_changes(self) -> list[tuple[int, Change]]:
        """Return each correction between versions with the line where it begins."""
        return list(zip(self.change_lines, self.changes, strict=True))


def read_corrections(project: Project) -> Corrections:
    """Read the corrections of `project`; a file that is not there has none."""
    file = project.name(project.corrections)
    if not project.corrections.exists():
        return Corrections(file)
    try:
        source = project.corrections.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        problem = Problem(file, 0, "this is not UTF-8 text", "save the file as UTF-8")
        return Corrections(file, problems=(problem,))
    data = YamlData(source, file)
    record = read_record(CorrectionsFile, data)
    if record is None:
        return Corrections(file, problems=tuple(data.problems))
    return Corrections(
        file, record.replaces, record.note, tuple(record.corrections),
        _lines(data, "corrections", len(record.corrections)), tuple(data.problems), source,
        tuple(record.holds), tuple(record.changes),
        _lines(data, "changes", len(record.changes)))


def _lines(data: YamlData, name: str, count: int) -> tuple[int, ...]:
    return tuple(data.line((name, number)) for number in range(count))
