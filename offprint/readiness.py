"""Tells whether an edition is ready to be released: what speaks against it, which version it is.

Every change of words has an entry that says so, the version is the one that these entries ask
for, and git has recorded the sources.
"""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from .comparison import Pair, compare
from .corrections import Change
from .edition import Edition
from .history import read_history
from .identity import FOLDERS, is_left_behind
from .manuscript import version_order
from .problems import Problem, ProblemsFoundError
from .project import PRESS, Project
from .reading import read_reading
from .snapshot import read_released

# Which number of the version a change of each kind raises: 0 is the first.
STEPS = {"withdrawal": 0, "fact": 1, "source": 1, "omission": 1, "typo": 2, "wording": 2}


@dataclass(frozen=True)
class Proposal:
    """The version that the changes ask for, and why."""

    version: str
    reason: str


def check_readiness(edition: Edition, allow_dirty: bool, sound: bool) -> Iterator[Problem]:
    """Yield every reason not to release `edition`; `sound` says that no release was changed."""
    if not allow_dirty:
        yield from check_recorded(edition.project)
    if not edition.manuscript.front:
        return
    releases, version = read_history(edition.project).releases, edition.front.version
    if not releases:
        return
    last = releases[-1]
    changes = changes_since(edition, last.version)
    proposal = propose_version(last.version, changes)
    is_later = version_order(version) > version_order(last.version)
    unsaid = list(_check_changes(
        edition, last.version, changes,
        version if is_later else proposal.version)) if sound else []
    place = edition.manuscript.file, next(iter(
        edition.manuscript.lines_with(re.compile(r"^version\s*:"))), 1)
    if version in {release.version for release in releases}:
        if not edition.draft:
            return  # it is what was released
        yield Problem(*place, f"version {version} was released with another text or templates",
                      f"write version: {proposal.version}, since {proposal.reason}")
    elif not is_later:
        yield Problem(*place, f"version {version} comes before {last.version}, "
                      "which is released already",
                      f"write version: {proposal.version}, since {proposal.reason}")
    elif not unsaid and not _is_right_step(last.version, version, proposal.version):
        # As long as changes are unsaid, nobody can tell which step they make.
        yield Problem(*place, f"{version} is not the version that follows {last.version}",
                      f"write version: {proposal.version}, since {proposal.reason}; "
                      "or raise the first number, if the argument has changed")
    yield from unsaid


def propose_version(last: str, changes: Sequence[Change]) -> Proposal:
    """Return the version after `last` that `changes` ask for.

    The first number is for a changed argument, the second for facts and sources, the third for
    typing errors, wording and looks. Only an author can tell that the argument has changed.
    """
    numbers = [int(number) for number in last.partition("-")[0].split(".")]
    graves = sorted(changes, key=lambda change: STEPS[change.kind])
    step = STEPS[graves[0].kind] if graves else 2
    if "-" not in last:  # after a version to come, that version
        numbers[step:] = [numbers[step] + 1, *[0] * (2 - step)]
    reason = (f"{graves[0].id} is a correction of the kind “{graves[0].kind}”" if graves
              else "no change of the text is recorded")
    return Proposal(".".join(map(str, numbers)), reason)


def _is_right_step(last: str, version: str, proposed: str) -> bool:
    numbers = version.partition("-")[0]
    next_major = f"{int(last.split('.')[0]) + 1}.0.0"
    return numbers in (proposed, next_major)


def _check_changes(
    edition: Edition, last: str, changes: Sequence[Change], version: str
) -> Iterator[Problem]:
    """Yield a problem for each passage that was changed and has no entry that says so.

    `version` is the one that such an entry should name.
    """
    try:
        old = read_reading(read_released(edition.project, last))
        new = read_reading(edition)
    except ProblemsFoundError:
        return  # the check of the edition tells what it is
    pairs = compare(old.passages, new.passages, changes)
    yield from unexplained(edition, pairs, version)


def unexplained(edition: Edition, pairs: Sequence[Pair], version: str) -> Iterator[Problem]:
    """Yield a problem for each of `pairs` with words that no entry speaks of."""
    for pair in pairs:
        if not pair.unexplained:
            continue
        passage = pair.passage
        said, says = (_excerpt(piece.text for piece in pair.unexplained if piece.kind == kind)
                      for kind in ("old", "new"))
        what = (f"“{said}” became “{says}”" if said and says else
                f"“{said}” was taken away" if said else f"“{says}” was added")
        number = passage.place.paragraph
        where = {"note": f"note {passage.number}", "source": f"source {passage.name}"}.get(
            passage.kind, f"paragraph {number}" if passage.kind == "paragraph"
            else f"after paragraph {number}" if number else "before paragraph 1")
        yield Problem(
            edition.manuscript.file, _line_of(edition, pair),
            f"{where}: {what}, and no correction says so",
            f"add one under changes: in {edition.corrections.file}, with version: {version}")


def _line_of(edition: Edition, pair: Pair) -> int:
    """Return the line of the manuscript where `pair` has changed, as far as it can be told."""
    first = pair.unexplained[0]
    at = next(number for number, piece in enumerate(pair.pieces) if piece is first)
    before = pair.pieces[at - 1].text[-25:] if at else ""
    changed = next((piece.text for piece in pair.unexplained if piece.kind == "new"), "")
    for words in (before + changed[:25], before, changed[:40], pair.passage.text[:40]):
        lines = edition.manuscript.lines_with(words.strip()) if words.strip() else []
        if len(lines) == 1:
            return lines[0]
    return 0


def _excerpt(pieces: Iterator[str]) -> str:
    words = " … ".join(" ".join(piece.split()) for piece in pieces)
    return words if len(words) <= 90 else words[:60].rsplit(" ", 1)[0] + " …"


def changes_since(edition: Edition, version: str) -> list[Change]:
    """Return the changes that were made after `version`."""
    return [change for change in edition.corrections.changes
            if version_order(version) < version_order(change.version)]


def check_recorded(project: Project) -> Iterator[Problem]:
    """Yield a problem for each source file that differs from what git has recorded."""
    shaping = [*FOLDERS, *(["templates"] if project.root != PRESS else [])]
    command = ["git", "status", "--porcelain=v1", "-z", "--ignored", "--untracked-files=all",
               "--no-renames", "--", *shaping]
    remedy = "or release with --allow-dirty, without a history"
    try:
        done = subprocess.run(command, cwd=project.root, capture_output=True, check=False)
    except FileNotFoundError:
        yield Problem(".", 0, "git is not installed, so that nothing proves what was released",
                      f"install it, {remedy}")
        return
    if done.returncode:
        yield Problem(".", 0, "the publication is not under git", f"run git init there, {remedy}")
        return
    top = subprocess.run(["git", "rev-parse", "--show-prefix"], cwd=project.root,
                         capture_output=True, check=False).stdout.decode().strip()
    for entry in done.stdout.decode("utf-8", "replace").split("\0"):
        name = entry[3:].removeprefix(top)
        if name and not is_left_behind(name):
            what = {"!!": "git ignores this file", "??": "git does not know this file"}.get(
                entry[:2], "this file has changes that git has not recorded")
            yield Problem(name, 0, what, "commit it, or release with --allow-dirty")
