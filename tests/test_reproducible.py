"""The same source gives the same bytes, wherever and whenever it is built."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from offprint.project import PRESS

from .conftest import SAMPLE


def build_elsewhere(
    project: Path, folder: Path, *targets: str, **environment: str
) -> dict[str, bytes]:
    """Build a copy of `project` in another process, folder and environment."""
    shutil.copytree(project / "manuscript", folder / "manuscript")
    if (project / "bibliography").exists():
        shutil.copytree(project / "bibliography", folder / "bibliography")
    subprocess.run(
        [sys.executable, PRESS / "build.py", *targets, "--project", folder, "--quiet"],
        check=True, cwd=folder, env={**os.environ, **environment})
    return {path.name: path.read_bytes() for path in (folder / "output").iterdir()}


@pytest.mark.parametrize("project", [PRESS, SAMPLE], ids=["essay", "sample"])
def test_two_builds_give_the_same_bytes(project: Path, tmp_path: Path) -> None:
    """Clock zone, locale, folder and hash seed change nothing in any edition."""
    here = build_elsewhere(project, tmp_path / "one", TZ="UTC", PYTHONHASHSEED="1")
    there = build_elsewhere(
        project, tmp_path / "another place" / "deeper", TZ="Asia/Tokyo", PYTHONHASHSEED="2",
        LC_ALL="C", LANG="de_DE.UTF-8", SOURCE_DATE_EPOCH="1")

    assert {"essay.pdf", "essay.epub", "essay.html"} <= set(here)
    assert set(here) == set(there)
    assert [name for name in here if here[name] != there[name]] == []


def test_two_builds_give_the_same_sheets(tmp_path: Path) -> None:
    """Booklet, handout and large print of the same source have the same bytes."""
    targets = ("booklet", "handout", "large-print")
    here = build_elsewhere(SAMPLE, tmp_path / "one", *targets, PYTHONHASHSEED="1")
    there = build_elsewhere(SAMPLE, tmp_path / "two", *targets, PYTHONHASHSEED="2",
                            TZ="Asia/Tokyo", LC_ALL="C")

    assert set(here) == {"SHA256SUMS", *(
        f"essay-{target}-{paper}.pdf" for target in targets for paper in ("a4", "letter"))}
    assert here == there
