"""The same source gives the same bytes, wherever and whenever it is built."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from offprint.project import PRESS

from . import validators
from .conftest import SAMPLE

# Put before everything else that Python imports: folders are listed in another order.
REVERSED = """\
import os
listdir, scandir = os.listdir, os.scandir
os.listdir = lambda *given: sorted(listdir(*given), reverse=True)
class Reversed:
    def __init__(self, *given):
        with scandir(*given) as entries:
            self.entries = iter(sorted(entries, key=lambda entry: entry.name, reverse=True))
    __enter__ = __iter__ = lambda self: self
    __exit__ = close = lambda self, *error: None
    __next__ = lambda self: next(self.entries)
os.scandir = Reversed
"""
# A machine without a single font.
NO_FONTS = '<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "fonts.dtd"><fontconfig/>'


def build_elsewhere(
    project: Path, folder: Path, *targets: str, before: tuple[str, ...] = (),
    umask: int = 0o022, **environment: str
) -> dict[str, bytes]:
    """Build a copy of `project` in another process, folder and environment."""
    for name in ("manuscript", "bibliography", "editions"):
        if (project / name).exists():
            shutil.copytree(project / name, folder / name)
    subprocess.run(
        [*before, sys.executable, PRESS / "build.py", *targets, "--project", folder, "--quiet"],
        check=True, cwd=folder, env={**os.environ, **environment},
        preexec_fn=lambda: os.umask(umask) and None)
    return {path.name: path.read_bytes() for path in (folder / "output").iterdir()}


@pytest.mark.parametrize("project", [PRESS, SAMPLE], ids=["essay", "sample"])
def test_two_builds_give_the_same_bytes(project: Path, tmp_path: Path) -> None:
    """Clock, folder, locale, time zone, hash seed, file order, umask and fonts change nothing."""
    (tmp_path / "python").mkdir()
    (tmp_path / "python/sitecustomize.py").write_text(REVERSED, encoding="utf-8")
    (tmp_path / "fonts.conf").write_text(NO_FONTS, encoding="utf-8")

    here = build_elsewhere(project, tmp_path / "one", TZ="UTC", PYTHONHASHSEED="1")
    there = build_elsewhere(
        project, tmp_path / "another place" / "deeper",
        before=(validators.needs("faketime"), "2031-12-31 23:59:00"), umask=0o077,
        TZ="Asia/Tokyo", PYTHONHASHSEED="2", LC_ALL="C", LANG="de_DE.UTF-8",
        SOURCE_DATE_EPOCH="1", PYTHONPATH=str(tmp_path / "python"),
        FONTCONFIG_FILE=str(tmp_path / "fonts.conf"), XDG_CACHE_HOME=str(tmp_path / "cache"))

    assert {"essay.pdf", "essay.epub", "essay.html", "build.json", "SHA256SUMS"} <= set(here)
    assert set(here) == set(there)
    assert [name for name in here if here[name] != there[name]] == []
    assert len(list((tmp_path / "cache/offprint").iterdir())) > 3


def test_two_builds_give_the_same_sheets(tmp_path: Path) -> None:
    """Booklet, handout and large print of the same source have the same bytes."""
    targets = ("booklet", "handout", "large-print")
    here = build_elsewhere(SAMPLE, tmp_path / "one", *targets, PYTHONHASHSEED="1")
    there = build_elsewhere(SAMPLE, tmp_path / "two", *targets, PYTHONHASHSEED="2",
                            TZ="Asia/Tokyo", LC_ALL="C")

    assert set(here) == {"SHA256SUMS", *(
        f"essay-{target}-{paper}.pdf" for target in targets for paper in ("a4", "letter"))}
    assert here == there
