"""The edition: essay, bibliography, corrections and style as one record that never changes."""

from __future__ import annotations

import datetime
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .bibliography import Bibliography, read_bibliography
from .corrections import Corrections, read_corrections
from .identity import differs_from_release, identify_source
from .manuscript import FrontMatter, Manuscript, read_manuscript
from .problems import Problem
from .project import Project
from .styles import find_style
from .templating import check_templates, render, words
from .theme import Theme

STAND_IN = FrontMatter.model_validate({
    "title": "Untitled", "author": "Nobody", "version": "0.0.0", "date": "1970-01-01",
    "lang": "en"})


@dataclass(frozen=True)
class Edition:
    """Everything that the outputs are made of; each output is a function of it."""

    project: Project
    manuscript: Manuscript
    front: FrontMatter
    bibliography: Bibliography
    corrections: Corrections
    style: Path
    swhid: str
    draft: bool = False
    own_templates: Project | None = None  # where those of the publication can be used
    problems: tuple[Problem, ...] = ()

    @property
    def words(self) -> dict[str, str]:
        """The press's own words, in the language of the essay."""
        return words(self.front.lang, self.own_templates)

    @property
    def theme(self) -> Theme:
        """The looks that the essay has chosen."""
        return self.front.theme

    def render(self, template: str, **values: Any) -> str:
        """Return a template, or the publication's own in its place, filled with `values`."""
        return render(template, self.own_templates, theme=self.theme, **values)

    @property
    def moment(self) -> int:
        """Midnight of the edition's date in UTC, in seconds since 1970: its only clock."""
        day = datetime.datetime.combine(self.front.date, datetime.time(), datetime.UTC)
        return int(day.timestamp())

    @property
    def version(self) -> str:
        """The version for the eye and for machines: a draft says so."""
        return f"{self.front.version} ({self.words['draft'].lower()})" if self.draft else (
            self.front.version)

    def name_of(self, form: str) -> str:
        """Name one form of this edition, such as its PDF, in words for machines and people."""
        front = self.front
        known = front.doi or front.isbn or front.url
        name = f"{self.authors}, {front.title}, version {self.version}, {form}"
        return f"{name}, {known}" if known else name

    @property
    def identifier(self) -> str:
        """A name that depends on the edition's title, authors and version alone."""
        name = "\n".join([self.front.title, self.authors, self.front.version])
        return f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, name)}"

    @property
    def authors(self) -> str:
        """The authors as a title page names them."""
        names = [author.display for author in self.front.author]
        if len(names) < 2:
            return "".join(names)
        return f"{', '.join(names[:-1])} {self.words['and']} {names[-1]}"


def read_edition(project: Project, draft: bool = False) -> Edition:
    """Read all sources of `project`; a text that differs from its own release is a draft.

    What keeps a source from being read stands in the edition's `problems`; front matter that
    could not be read is replaced by a stand-in, so that the rest can still be checked.
    """
    manuscript = read_manuscript(project)
    bibliography = read_bibliography(project)
    corrections = read_corrections(project)
    front = manuscript.front or STAND_IN
    style, style_problems = find_style(project, front.csl)
    swhid = identify_source(project)
    template_problems = check_templates(project)
    usable = all(problem.note for problem in template_problems)
    return Edition(
        project, manuscript, front, bibliography, corrections, style, swhid,
        draft or differs_from_release(project, front.version, swhid),
        project if usable else None,
        (*manuscript.problems, *bibliography.problems, *corrections.problems, *style_problems,
         *template_problems))
