"""Reads `manuscript/corrections.yaml`: what the replaced text said, what this one says, why."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from .problems import Problem
from .project import Project
from .records import YamlData, read_record

CITED_KEY = re.compile(r"(?<![\w@])-?@\{?([\w][\w:.#$%&+?<>~/-]*\w|\w)")


class Correction(BaseModel):
    """One claim of the replaced text, the verdict on it, and what stands here instead.

    `was` is quoted from the replaced text, `now` from this essay, both as plain text.
    `sources` holds Pandoc citations without their brackets: "@key, p. 3; @other".
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: Annotated[str, Field(pattern=r"^[A-Za-z][\w-]*$")]
    verdict: Literal["wrong", "misleading", "unsupported", "omits"]
    was: Annotated[str, Field(min_length=1)]
    now: Annotated[str, Field(min_length=1)]
    why: Annotated[str, Field(min_length=1)]
    sources: Annotated[str, Field(min_length=1)]

    @property
    def keys(self) -> list[str]:
        """The keys of the sources, in order."""
        return CITED_KEY.findall(self.sources)


class CorrectionsFile(BaseModel):
    """The whole file: which text is replaced, a note on it, and the corrections in order."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    replaces: str | None = None
    note: str | None = None
    corrections: list[Correction]


@dataclass(frozen=True)
class Corrections:
    """The corrections as read, with the line of each."""

    file: str
    replaces: str | None
    note: str | None
    entries: tuple[Correction, ...]
    lines: tuple[int, ...]
    problems: tuple[Problem, ...]
    source: str = ""

    def lines_with(self, words: str | re.Pattern[str]) -> list[int]:
        """Return the lines of the file in which `words` stand."""
        pattern = re.compile(re.escape(words)) if isinstance(words, str) else words
        return [number for number, line in enumerate(self.source.split("\n"), 1)
                if pattern.search(line)]

    def numbered(self) -> list[tuple[int, Correction]]:
        """Return each correction with the line where it begins."""
        return list(zip(self.lines, self.entries, strict=True))


def read_corrections(project: Project) -> Corrections:
    """Read the corrections of `project`; a file that is not there has none."""
    file = project.name(project.corrections)
    if not project.corrections.exists():
        return Corrections(file, None, None, (), (), ())
    try:
        source = project.corrections.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        problem = Problem(file, 0, "this is not UTF-8 text", "save the file as UTF-8")
        return Corrections(file, None, None, (), (), (problem,))
    data = YamlData(source, file)
    record = read_record(CorrectionsFile, data)
    if record is None:
        return Corrections(file, None, None, (), (), tuple(data.problems))
    entries = tuple(record.corrections)
    lines = tuple(data.line(("corrections", number)) for number in range(len(entries)))
    return Corrections(
        file, record.replaces, record.note, entries, lines, tuple(data.problems), source)
