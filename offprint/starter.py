"""Starts a publication: from the one in `templates/new`, or from a manuscript of another tool."""

from __future__ import annotations

import argparse
import datetime
import os
import re
import shutil
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from .command import Build, Command, Options, Report
from .problems import Problem, ProblemsFoundError, UsageError
from .project import CALL, INSTALLED, TEMPLATES, Project
from .takeover import take_over

STARTER = TEMPLATES / "new"
ASIDE = ("README.md", ".gitignore")  # the files of a publication that are no source


def start_publication(options: Options, build: Build, given: argparse.Namespace) -> Report:
    """Write a publication into the new folder that `given` names, and report its problems.

    Raises UsageError where the folder is in use, and ProblemsFoundError, before anything is
    written, where a manuscript cannot be taken over.
    """
    folder, today = Path(given.folder), datetime.date.today()
    check_folder(folder)
    if given.bib and not given.source:
        raise UsageError("--bib belongs to a manuscript; name it with --from")
    files = read_starter(today)
    notes: list[Problem] = []
    if given.source:
        taken, notes = take_over(Path(given.source), given.bib and Path(given.bib), today)
        files = {name: files[name] for name in ASIDE} | taken
    written = write_publication(folder, files)
    root = folder.resolve()
    try:
        notes = [*notes, *build(replace(
            options, project=Project(root, root / "output"), check_only=True)).notes]
    except ProblemsFoundError as error:
        notes = [*notes, *error.problems]
    if not given.quiet:
        place = f"cd {folder}; {CALL}" if INSTALLED else f"{CALL} --project {folder}"
        print(f"to print it: {place}", file=sys.stderr)
    return Report(written, notes)


def check_folder(folder: Path) -> None:
    """Raise UsageError where `folder` is a file, or a folder that holds anything."""
    if os.path.lexists(folder) and not folder.is_dir():
        raise UsageError(f"{folder} is there already; name a new folder")
    if folder.is_dir() and any(folder.iterdir()):
        raise UsageError(f"{folder} is not empty, and nothing is overwritten; name a new folder")


def read_starter(today: datetime.date) -> dict[str, bytes]:
    """Return the files of the publication to begin with, by their path, dated `today`."""
    files = {path.relative_to(STARTER).as_posix(): path.read_bytes()
             for path in sorted(STARTER.rglob("*"))
             if path.is_file() and path.relative_to(STARTER).parts[0] != "output"}
    essay = files["manuscript/essay.md"]
    files["manuscript/essay.md"] = re.sub(
        rb"^date: .*$", f"date: {today}".encode(), essay, count=1, flags=re.M)
    return files


def write_publication(folder: Path, files: Mapping[str, bytes]) -> list[Path]:
    """Write `files`, by their path, as the new or empty `folder`; return their paths.

    The folder appears whole or not at all.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    fresh = Path(tempfile.mkdtemp(prefix=".fresh-", dir=folder.parent))
    try:
        for name, data in files.items():
            (fresh / name).parent.mkdir(parents=True, exist_ok=True)
            (fresh / name).write_bytes(data)
        fresh.chmod(0o755)
        if folder.is_dir():
            folder.rmdir()
        fresh.rename(folder)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
    return [folder / name for name in files]


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("folder", metavar="DIR", help="where it goes: a new folder")
    parser.add_argument("--from", dest="source", metavar="FILE",
                        help="take over this manuscript, written for Pandoc, Quarto or JOSS")
    parser.add_argument("--bib", metavar="FILE",
                        help="its bibliography (default: the one that it names)")


NEW = Command(
    "new", "start a publication of your own, or take over a manuscript", start_publication,
    "build.py new ../essay --from paper.md --bib paper.bib   a manuscript becomes a publication",
    _add_arguments)
