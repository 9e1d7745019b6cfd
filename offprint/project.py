"""Where the things of one publication are."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent
# A wheel has the templates inside the package; in the repository they stand beside it.
INSTALLED = (_PACKAGE / "templates").is_dir()
PRESS = _PACKAGE if INSTALLED else _PACKAGE.parent
TEMPLATES = PRESS / "templates"


# The press under the name by which it was called, and how to call it.
PROGRAM = "offprint" if INSTALLED else "build.py"
CALL = "offprint" if INSTALLED else "python3 build.py"


def read_code() -> dict[str, bytes]:
    """Return the files of the press that shape an edition, code and templates, by their names.

    The names are those in the repository, wherever the press is installed.
    """
    places = {"offprint": _PACKAGE, "templates": TEMPLATES}
    files = {f"{folder}/{path.relative_to(place).as_posix()}": path.read_bytes()
             for folder, place in places.items() for path in place.rglob("*")
             if path.is_file() and path.suffix != ".pyc"}
    # Where a wheel has them inside the package, these two have their own names already.
    inside = ("offprint/templates/", "offprint/build.py")
    return {name: data for name, data in files.items() if not name.startswith(inside)} | {
        "build.py": (PRESS / "build.py").read_bytes()}


@dataclass(frozen=True)
class Project:
    """The folder of one publication: its manuscript, its bibliography, its output."""

    root: Path
    output: Path

    @property
    def manuscript(self) -> Path:
        """The folder of the text; images are named from here."""
        return self.root / "manuscript"

    @property
    def essay(self) -> Path:
        """The Markdown essay with its front matter."""
        return self.manuscript / "essay.md"

    @property
    def corrections(self) -> Path:
        """What this edition corrects (may be absent)."""
        return self.manuscript / "corrections.yaml"

    @property
    def references(self) -> Path:
        """The BibLaTeX bibliography (may be absent in an essay that cites nothing)."""
        return self.root / "bibliography" / "references.bib"

    @property
    def templates(self) -> Path | None:
        """The folder of the publication's own templates, where it has one."""
        folder = self.root / "templates"
        return folder if folder.is_dir() and folder.resolve() != TEMPLATES else None

    def name(self, path: Path) -> str:
        """Return `path` as messages show it: relative to the project, with slashes."""
        try:
            return path.relative_to(self.root).as_posix()
        except ValueError:
            return path.as_posix()

    def contains(self, path: Path) -> bool:
        """Tell whether `path` lies inside the project, links followed."""
        return path.resolve().is_relative_to(self.root.resolve())


def path_from_here(path: Path) -> str:
    """Return `path` as seen from the current folder, where that is shorter."""
    try:
        return min(os.path.relpath(path), str(path), key=len)
    except ValueError:  # another drive
        return str(path)
