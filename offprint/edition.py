"""The edition: essay, bibliography, corrections and style as one record that never changes.

Of the releases it knows those before its own version: a version that is built again years
later, from its own source and theirs, is the same.
"""

from __future__ import annotations

import datetime
import re
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .bibliography import Bibliography, read_bibliography
from .corrections import Change, Corrections, read_corrections
from .history import Release, read_history
from .identity import identify_source
from .manuscript import FrontMatter, Manuscript, read_manuscript, version_order
from .problems import Problem, ProblemsFoundError
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
    earlier: tuple[Release, ...] = ()

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

    def render_page(self, template: str, body: str, **values: Any) -> str:
        """Return a page that holds all of `body`, an article in HTML.

        Raises ProblemsFoundError where a publication's own template leaves some of it out.
        """
        page = self.render(template, body=body, **values)
        if body not in page:
            raise ProblemsFoundError([Problem(
                f"templates/{template}", 0, "the text is not on this page, or not as it is",
                'keep {{ body | safe }}, where the press has it')])
        return page

    @property
    def moment(self) -> int:
        """Midnight of the edition's date in UTC, in seconds since 1970: its only clock."""
        day = datetime.datetime.combine(self.front.date, datetime.time(), datetime.UTC)
        return int(day.timestamp())

    @property
    def version(self) -> str:
        """The version for the eye and for machines: a draft, or one withdrawn, says so."""
        state = ", ".join(word.lower() for word in self.state)
        return f"{self.front.version} ({state})" if state else self.front.version

    @property
    def state(self) -> list[str]:
        """What every page must say of this version, in words: that it is a draft, or withdrawn."""
        return [*([self.words["draft"]] if self.draft else []),
                *([self.words["withdrawn"]] if self.withdrawal else [])]

    @property
    def withdrawal(self) -> Change | None:
        """The change that withdraws this very version, if it is withdrawn."""
        return next((change for change in self.corrections.changes
                     if change.kind == "withdrawal" and change.version == self.front.version),
                    None)

    @property
    def first_version(self) -> str:
        """The version that made what the corrections name no version for."""
        return min((self.front.version, *(release.version for release in self.earlier)),
                   key=version_order)

    @property
    def versions(self) -> list[str]:
        """Every version that a reader may hold, in order: those released, and those named."""
        named = {entry.version for entry in self.corrections.all if entry.version}
        released = {release.version for release in self.earlier}
        return sorted({self.front.version} | released | named, key=version_order)

    def places_of(self, words: str | re.Pattern[str]) -> list[tuple[str, int]]:
        """Return the file and line of each place of `words`, or the essay as a whole."""
        for part in (self.manuscript, self.corrections):
            if lines := part.lines_with(words):
                return [(part.file, line) for line in lines]
        return [(self.manuscript.file, 0)]

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
    history = read_history(project)
    return Edition(
        project, manuscript, front, bibliography, corrections, style, swhid,
        draft or history.differs(project, front.version, swhid),
        project if usable else None,
        (*manuscript.problems, *bibliography.problems, *corrections.problems, *style_problems,
         *template_problems, *history.problems),
        history.before(front.version))
