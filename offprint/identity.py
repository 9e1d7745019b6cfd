"""Names an edition by its source: the identifier that anybody with git can compute again.

The identifier is a SWHID (ISO/IEC 18670) of a folder that holds `manuscript/` and
`bibliography/` and nothing else; the hash in it is that of the same folder as a git tree:

    git init -q && git add manuscript bibliography && git write-tree
"""

from __future__ import annotations

import shutil
import tempfile
from fnmatch import fnmatch
from pathlib import Path

from miniswhid import compute_directory_swhid

from .project import Project

FOLDERS = ("manuscript", "bibliography")
# What systems and editors leave behind is no part of the source.
LEFT_BEHIND = (".*", "*~", "*.swp", "__pycache__", "Thumbs.db")


def identify_source(project: Project) -> str:
    """Return the identifier of the source of `project`, such as "swh:1:dir:…" (40 hex digits)."""
    with tempfile.TemporaryDirectory() as folder:
        copy_source(project, Path(folder))
        return str(compute_directory_swhid(folder))


def copy_source(project: Project, folder: Path) -> None:
    """Copy into `folder` what the identifier of `project` is computed from, and nothing else."""
    for name in FOLDERS:
        if (project.root / name).is_dir():
            shutil.copytree(project.root / name, folder / name,
                            ignore=shutil.ignore_patterns(*LEFT_BEHIND),
                            ignore_dangling_symlinks=True)
    _drop_empty_folders(folder)
    for path in folder.rglob("*"):
        if path.is_file():
            path.chmod(0o644)


def copy_publication(project: Project, folder: Path) -> None:
    """Copy into `folder` all that shapes the editions of `project`: source, own templates."""
    copy_source(project, folder)
    for name, data in read_own_templates(project).items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)


def own_templates(project: Project) -> list[Path]:
    """Return the files of the publication's own templates, in order."""
    return [path for path in sorted(project.templates.rglob("*") if project.templates else ())
            if path.is_file() and not is_left_behind(project.name(path))]


def same_templates(one: Project, other: Project) -> bool:
    """Tell whether two publications have the same templates of their own, or both none."""
    return read_own_templates(one) == read_own_templates(other)


def read_own_templates(project: Project) -> dict[str, bytes]:
    """Return the publication's own templates by their names."""
    return {project.name(path): path.read_bytes() for path in own_templates(project)}


def is_left_behind(name: str) -> bool:
    """Tell whether a path, with slashes, is of no file of the source."""
    return any(fnmatch(part, pattern) for part in name.split("/") for pattern in LEFT_BEHIND)


def _drop_empty_folders(folder: Path) -> None:
    """Remove folders without files, which git does not know."""
    for path in sorted(folder.rglob("*"), reverse=True):
        if path.is_dir() and not any(path.iterdir()):
            path.rmdir()
