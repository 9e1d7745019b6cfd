"""Reads `editions/`: which versions of this essay were released before, and by what names."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from .identity import same_templates
from .manuscript import Doi, Version, version_order
from .problems import Problem
from .project import Project

SWHID = r"^swh:1:dir:[0-9a-f]{40}$"
REMEDY = "take the file back from a copy; it is written by the release, never by hand"


class Release(BaseModel):
    """What a released version says of itself in its `edition.json`, among other things."""

    model_config = ConfigDict(frozen=True)

    version: Version
    date: datetime.date
    title: Annotated[str, Field(min_length=1)]
    swhid: Annotated[str, Field(pattern=SWHID)]
    doi: Doi | None = None


@dataclass(frozen=True)
class History:
    """The releases in the order of their versions, and what is wrong with their records."""

    releases: tuple[Release, ...] = ()
    problems: tuple[Problem, ...] = ()

    def before(self, version: str) -> tuple[Release, ...]:
        """Return the releases that come before `version`."""
        return tuple(release for release in self.releases
                     if version_order(release.version) < version_order(version))

    def differs(self, project: Project, version: str, swhid: str) -> bool:
        """Tell whether `version` has been released from something else than `project`.

        That is a source other than `swhid`, or other templates of its own.
        """
        released = next((item for item in self.releases if item.version == version), None)
        if not released:
            return False
        source = project.root / "editions" / version / "source"
        return released.swhid != swhid or (
            source.is_dir() and not same_templates(project, Project(source, project.output)))


def read_history(project: Project) -> History:
    """Read the releases of `project`; one that has never been released has none."""
    releases, problems = [], []
    for path in (project.root / "editions").glob("*/edition.json"):
        try:
            releases.append(_read_release(path))
        except (OSError, ValueError) as error:
            problems.append(Problem(project.name(path), 0, _reason(error), REMEDY))
    releases.sort(key=lambda release: version_order(release.version))
    return History(tuple(releases), tuple(sorted(problems)))


def _read_release(path: Path) -> Release:
    """Read one record. Raises OSError or ValueError where it cannot be one of its folder."""
    release = Release.model_validate_json(path.read_bytes())
    if release.version != path.parent.name:
        raise ValueError(f'it is of version {release.version}, in a folder "{path.parent.name}"')
    return release


def _reason(error: Exception) -> str:
    if not isinstance(error, ValidationError):
        return f"the record of a release is broken: {error}"
    first = error.errors()[0]
    field = ".".join(map(str, first["loc"]))
    what = first["msg"].partition("\n")[0]
    said = f"{field}: {what}" if field else what
    return f"the record of a release is broken: {said[0].lower() + said[1:]}"
