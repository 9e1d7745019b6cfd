"""Reads what a release has left in `editions/<version>/`, and finds what was changed in it since.

Such a folder holds the source of the version (`source/`), its record (`edition.json`) and the
checksums of both (`SHA256SUMS`). A record names the records of all releases before it by their
checksums, so that none can change or vanish without the later ones telling.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from .edition import Edition, read_edition
from .history import REMEDY, Release, read_history
from .identity import identify_source
from .output import SUMS
from .problems import Problem, ProblemsFoundError
from .project import CALL, Project
from .reading import Place, Start

RECORD = "edition.json"
SOURCE = "source"


class OutputFile(BaseModel):
    """Size in bytes and SHA-256 checksum of a file of an edition."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    size: int
    sha256: str


class Earlier(BaseModel):
    """A release that came before: its identifier, and the SHA-256 checksum of its record."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    version: str
    swhid: str
    record: str


class PageStart(BaseModel):
    """Where a page begins: so many characters after the beginning of a paragraph.

    White space and notes are not counted; `words` are the first on the page.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    page: int
    paragraph: int
    offset: int
    words: str


class Record(Release):
    """All that `edition.json` says of a released version."""

    authors: list[str]
    lang: str
    url: str | None = None
    license: str | None = None
    page_count: int
    paragraph_count: int
    pages: list[PageStart]
    files: dict[str, OutputFile]
    earlier: list[Earlier]
    tools: dict[str, str]

    @property
    def starts(self) -> tuple[Start, ...]:
        """Where its pages begin, as a reading says it."""
        return tuple(Start(item.page, Place(item.paragraph, item.offset), item.words)
                     for item in self.pages)


def folder_of(project: Project, version: str) -> Path:
    """Return the folder of a released version, whether there is one or not."""
    return project.root / "editions" / version


def source_of(project: Project, version: str) -> Project:
    """Return the released source of `version` as a publication of its own."""
    return Project(folder_of(project, version) / SOURCE, project.output)


def read_record(project: Project, version: str) -> Record:
    """Return the record of a released version.

    Raises ProblemsFoundError where there is none, or where its folder was changed since.
    """
    path = folder_of(project, version) / RECORD
    if not path.parent.is_dir():
        released = [release.version for release in read_history(project).releases]
        raise ProblemsFoundError([Problem(
            f"editions/{version}", 0, f"there is no release of a version {version}",
            "released are " + ", ".join(released) if released
            else f"nothing has been released yet: {CALL} release")])
    problems = list(check_snapshot(project, version))
    if problems:
        raise ProblemsFoundError(problems)
    return Record.model_validate_json(path.read_bytes())


def read_released(project: Project, version: str) -> Edition:
    """Return the edition of a released source; what is wrong in it is told with its place."""
    edition = read_edition(source_of(project, version))
    if edition.problems:
        raise ProblemsFoundError(in_snapshot(version, edition.problems))
    return edition


def in_snapshot(version: str, problems: list[Problem] | tuple[Problem, ...]) -> list[Problem]:
    """Return problems of a released source with the place where its files are."""
    return [Problem(f"editions/{version}/{SOURCE}/{problem.file}", problem.line, problem.what,
                    "the press reads it otherwise than it did; use the press of that time",
                    problem.note) for problem in problems]


def render_record(record: Record) -> bytes:
    """Return `record` as JSON."""
    return (json.dumps(record.model_dump(mode="json"), indent=1, ensure_ascii=False)
            + "\n").encode()


def name_earlier(project: Project, releases: tuple[Release, ...]) -> list[Earlier]:
    """Return `releases`, each with the checksum of its record."""
    return [Earlier(version=release.version, swhid=release.swhid,
                    record=_checksum(folder_of(project, release.version) / RECORD))
            for release in releases]


def check_snapshots(project: Project) -> Iterator[Problem]:
    """Yield a problem for each thing that was changed in the releases of `project`."""
    yield from read_history(project).problems
    for folder in sorted((project.root / "editions").glob("[!.]*")):
        if folder.is_dir():
            yield from check_snapshot(project, folder.name)


def check_snapshot(project: Project, version: str) -> Iterator[Problem]:
    """Yield a problem for each thing in the folder of `version` that is not as it was released."""
    folder, place = folder_of(project, version), f"editions/{version}"
    try:
        sums = (folder / SUMS).read_text(encoding="utf-8")
        record = Record.model_validate_json((folder / RECORD).read_bytes())
    except FileNotFoundError as error:
        yield Problem(f"{place}/{Path(error.filename).name}", 0,
                      "a part of the release is missing", REMEDY)
        return
    except (ValidationError, UnicodeDecodeError):
        yield Problem(f"{place}/{RECORD}", 0, "the record of a release is broken", REMEDY)
        return
    yield from _check_files(folder, place, sums)
    if identify_source(source_of(project, version)) != record.swhid:
        yield Problem(f"{place}/{SOURCE}", 0,
                      f"this is not the source that was released as {version}",
                      "take the folder back from a copy, such as the history in git")
    for earlier in record.earlier:
        path = folder_of(project, earlier.version) / RECORD
        if not path.is_file():
            yield Problem(f"editions/{earlier.version}", 0,
                          f"version {earlier.version} was released before {version}, "
                          "and is gone", REMEDY)
        elif _checksum(path) != earlier.record:
            yield Problem(f"editions/{earlier.version}/{RECORD}", 0,
                          f"this is not the record that the release of {version} knew", REMEDY)


def _check_files(folder: Path, place: str, sums: str) -> Iterator[Problem]:
    listed = {name: digest for digest, name in re.findall(r"^([0-9a-f]{64})  (.+)$", sums, re.M)}
    there = {path.relative_to(folder).as_posix(): path
             for path in folder.rglob("*") if path.is_file()}
    for name in sorted(listed.keys() | (there.keys() - {SUMS})):
        if name not in there:
            what = "a file of the release is missing"
        elif name not in listed:
            what = "this file was not in the release"
        elif _checksum(there[name]) != listed[name]:
            what = "this file was changed after the release"
        else:
            continue
        yield Problem(f"{place}/{name}", 0, what, REMEDY if name in listed else "remove it")


def _checksum(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
