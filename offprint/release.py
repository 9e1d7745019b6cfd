"""Freezes a version: its source, its record and its checksums, and proves them again later.

A release is a folder under `editions/`, small enough for git, and an archive under `output/`
that holds the same and all editions. The editions are made anew for it from nothing but the
source and the records of the releases before; `verify` does so again and compares.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import io
import shutil
import tempfile
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from . import info
from .checks import check_edition
from .command import Build, Command, Options, Report
from .edition import Edition, read_edition
from .history import Release, read_history
from .identity import copy_publication
from .layout import Layout
from .output import SUMS, fresh_folder, render_sums, write_output
from .problems import Problem, ProblemsFoundError, ToolError
from .project import CALL, Project, read_code
from .readiness import changes_since, check_readiness, check_recorded, propose_version
from .reading import Reading, lay_out_reading, read_reading, read_starts
from .snapshot import (
    RECORD,
    SOURCE,
    OutputFile,
    PageStart,
    Record,
    check_snapshots,
    folder_of,
    in_snapshot,
    name_earlier,
    read_record,
    read_released,
    render_record,
    source_of,
)

CODE = "Offprint (code and templates)"
# What a build says of itself; the record of the release says it too.
NOT_RELEASED = (SUMS, "build.json")

# What a zip archive can say.
FIRST_DATE, LAST_DATE = (1980, 1, 1, 0, 0, 0), (2107, 12, 31, 0, 0, 0)


def release(options: Options, build: Build, given: argparse.Namespace) -> Report:
    """Freeze the version of the front matter under `editions/`, and write its archive.

    Raises ProblemsFoundError with all that speaks against it; nothing is written then.
    """
    project, step = options.project, options.progress.step
    with step("Reading and checking"):
        edition = read_edition(project)
        known = {item.version: item for item in read_history(project).releases}
        version = edition.front.version
        problems = list(check_snapshots(project))
        sound = not problems
        if sound and version in known and not edition.draft:
            return Report([], [Problem(
                f"editions/{version}", 0, f"version {version} is already released, as it is here",
                f"its files again: {CALL} verify {version} --keep", note=True)])
        if options.draft:
            problems.append(Problem("--draft", 0, "a draft is not released", "leave out --draft"))
        problems += check_readiness(edition, given.allow_dirty, sound)
        try:
            notes = check_edition(edition).notes
        except ProblemsFoundError as error:
            problems, notes = [*problems, *error.problems], []
    if any(not problem.note for problem in problems):
        raise ProblemsFoundError(problems)
    with step("Setting the pages"):
        reading = read_reading(edition)
        layout = lay_out_reading(reading)
    files = build_source(options, build, project, edition.earlier)
    record = make_record(reading, layout, files)
    snapshot = render_snapshot(project, record)
    written = write_output(project.output, {
        **files, archive_name(version): render_archive(edition, files, snapshot)})
    _put_in_place(project, version, snapshot)
    return Report([*written, folder_of(project, version) / RECORD],
                  [*notes, *_remarks(edition)])


def verify(options: Options, build: Build, given: argparse.Namespace) -> Report:
    """Make the editions of a release again from its source, and compare the checksums.

    Raises ProblemsFoundError where the release itself was changed.
    """
    project, version = options.project, given.release
    problems = list(check_snapshots(project))
    if problems:
        raise ProblemsFoundError(problems)
    record = read_record(project, version)
    edition = read_released(project, version)
    earlier = tuple(item for item in read_history(project).releases
                    if item.version in {known.version for known in record.earlier})
    try:
        files = build_source(options, build, source_of(project, version), earlier)
    except ProblemsFoundError as error:
        raise ProblemsFoundError(in_snapshot(version, error.problems)) from error
    differing = list(_differences(record, files, edition.theme.typeface))
    if differing:
        return Report([], differing)
    written = []
    if given.keep:
        snapshot = render_snapshot(project, record)
        archive = render_archive(edition, files, snapshot)
        written = write_output(project.output / version, {**files, archive_name(version): archive})
    return Report(written, [Problem(
        f"editions/{version}", 0,
        f"made again from its source, all {len(files)} files have the same bytes", note=True)])


def build_source(
    options: Options, build: Build, source: Project, earlier: Sequence[Release]
) -> dict[str, bytes]:
    """Return all files that a build of `source` makes, for readers and for archives.

    It sees the source, its own templates, the records of the releases in `earlier`, and nothing
    else.
    Raises ToolError where a tool is missing.
    """
    home = source.root.parent.parent if source.root.name == SOURCE else source.root / "editions"
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "publication"
        root.mkdir()
        copy_publication(source, root)
        for item in earlier:
            (root / "editions" / item.version).mkdir(parents=True)
            shutil.copy(home / item.version / RECORD, root / "editions" / item.version / RECORD)
        made = build(replace(
            options, project=Project(root, Path(folder) / "made"), targets=(), complete=True,
            check_only=False, draft=False))
        if made.missing:
            raise ToolError(made.missing)
        return {path.name: path.read_bytes() for path in sorted(made.written)
                if path.name not in NOT_RELEASED}


def make_record(reading: Reading, layout: Layout, files: Mapping[str, bytes]) -> Record:
    """Return the record of the edition in `reading`, whose files are `files`."""
    front = reading.edition.front
    return Record(
        version=front.version, date=front.date, title=front.title, swhid=reading.edition.swhid,
        doi=front.doi, authors=[author.display for author in front.author], lang=front.lang,
        url=front.url, license=front.license, page_count=layout.page_count,
        paragraph_count=reading.paragraphs,
        pages=[PageStart(page=start.page, paragraph=start.place.paragraph,
                         offset=start.place.offset, words=start.words)
               for start in read_starts(reading, layout)],
        files={name: OutputFile(size=len(data), sha256=_digest(data))
               for name, data in sorted(files.items())},
        earlier=name_earlier(reading.edition.project, reading.edition.earlier),
        tools=versions(reading.edition.theme.typeface))


def versions(family: str) -> dict[str, str]:
    """Return the version of all that shapes an edition set in the typeface `family`.

    The code of the press has its checksum for one.
    """
    digest = hashlib.sha256()
    for name, data in sorted(read_code().items()):
        digest.update(name.encode() + b"\0" + data)
    return {**info.versions(), **info.typeface_version(family), CODE: digest.hexdigest()[:16]}


def render_snapshot(project: Project, record: Record) -> dict[str, bytes]:
    """Return the files of a release by their paths in its folder: source, record, checksums.

    Of a version that is released already, they are those that stand there.
    """
    folder = folder_of(project, record.version)
    if folder.is_dir():
        return {path.relative_to(folder).as_posix(): path.read_bytes()
                for path in sorted(folder.rglob("*")) if path.is_file()}
    with tempfile.TemporaryDirectory() as name:
        source = Path(name)
        copy_publication(project, source)
        files = {f"{SOURCE}/{path.relative_to(source).as_posix()}": path.read_bytes()
                 for path in sorted(source.rglob("*")) if path.is_file()}
    files[RECORD] = render_record(record)
    return {**files, SUMS: render_sums({name: _digest(data) for name, data in files.items()})}


def archive_name(version: str) -> str:
    """Return the file name of the archive of `version`."""
    return f"essay-{version}.zip"


def render_archive(
    edition: Edition, files: Mapping[str, bytes], snapshot: Mapping[str, bytes]
) -> bytes:
    """Return one file for deposit: source, editions, record and the checksums of all of them."""
    inside = {name.removeprefix(f"{SOURCE}/"): data for name, data in snapshot.items()
              if name != SUMS} | dict(files)
    inside[SUMS] = render_sums({name: _digest(data) for name, data in inside.items()})
    date = sorted([FIRST_DATE, edition.front.date.timetuple()[:6], LAST_DATE])[1]
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        for name in sorted(inside):
            item = zipfile.ZipInfo(f"essay-{edition.front.version}/{name}", date)
            item.compress_type = zipfile.ZIP_DEFLATED
            item.create_system = 3  # Unix, wherever it is made
            item.external_attr = 0o100644 << 16
            archive.writestr(item, inside[name])
    return data.getvalue()


def _differences(
    record: Record, files: Mapping[str, bytes], family: str
) -> Iterator[Problem]:
    """Yield a problem for each file that is not as it was, and which tools have changed."""
    place = f"editions/{record.version}"
    made = {name: _digest(data) for name, data in files.items()}
    released = {name: item.sha256 for name, item in record.files.items()}
    for name in sorted(made.keys() | released.keys()):
        if made.get(name) != released.get(name):
            what = ("differs from" if name in made and name in released else
                    "is no longer made, and was in" if name in released else "was not in")
            yield Problem(place, 0, f"{name} {what} the release")
    if made == released:
        return
    now = versions(family)
    changed = [f"{name} {record.tools.get(name, 'missing')} → {now.get(name, 'missing')}"
               for name in sorted(record.tools.keys() | now.keys())
               if record.tools.get(name) != now.get(name)]
    yield Problem(place, 0, "changed since: " + ", ".join(changed) if changed else
                  "no tool has changed; the source is the released one",
                  "with the tools of that time it can be made again", note=True)


def _put_in_place(project: Project, version: str, snapshot: Mapping[str, bytes]) -> None:
    """Write the folder of the release aside, and put it in its place in one step.

    Raises ProblemsFoundError where another release has done so in the meantime.
    """
    home = project.root / "editions"
    with fresh_folder(home) as fresh:
        for name, data in snapshot.items():
            path = fresh / version / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
        try:
            (fresh / version).rename(home / version)
        except OSError as error:
            if not (home / version).exists():
                raise
            raise ProblemsFoundError([Problem(
                f"editions/{version}", 0, "another release of this version has just been made",
                "compare the two")]) from error


def _remarks(edition: Edition) -> Iterator[Problem]:
    """Yield what is worth knowing of a release that has been made."""
    version = edition.front.version
    if edition.earlier:
        last = edition.earlier[-1].version
        yield Problem(f"editions/{version}", 0,
                      f"{version} follows {last}: "
                      f"{propose_version(last, changes_since(edition, last)).reason}", note=True)
    with contextlib.suppress(OSError):
        if not list(check_recorded(edition.project)):
            yield Problem(f"editions/{version}", 0, "released; git does not have it yet",
                          f"git add editions/{version} && git commit && git tag v{version}",
                          note=True)


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _add_release_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--allow-dirty", action="store_true",
                        help="release although git has not recorded the sources")


def _add_verify_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("release", metavar="VERSION", help="the released version, such as 1.0.0")
    parser.add_argument("--keep", action="store_true",
                        help="write the files, once proved, into a folder of that name in output/")


RELEASE = Command(
    "release", "freeze this version under editions/, with an archive for deposit", release,
    "build.py release   after the last commit of the text", _add_release_arguments)
VERIFY = Command(
    "verify", "make a released version again, and compare every byte", verify,
    "build.py verify 1.0.0   is that edition still the same?", _add_verify_arguments)
