"""What all tests share: the two essays in all editions, built once, and small publications."""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Callable, Generator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

from offprint import command
from offprint.checks import check_edition
from offprint.edition import read_edition
from offprint.problems import Problem, ProblemsFoundError
from offprint.project import PRESS, Project
from offprint.validators import MissingToolError

sys.path.insert(0, str(PRESS))
from build import COMMANDS, build

SAMPLE = PRESS / "tests" / "sample"
BASE = PRESS / "tests" / "base"
REVISED = PRESS / "tests" / "revised"  # corrected since its first version, in two later ones
WITHDRAWAL = """\
  - id: v110z
    date: 2025-03-01
    version: 1.1.0
    kind: withdrawal
    why: The leaf has been shown to be a forgery.
"""
LIBRARY = PRESS / "tests" / "library"


@dataclass(frozen=True)
class Built:
    """The editions of one publication, built by the command."""

    project: Path
    output: Path

    @property
    def pdf(self) -> Path:
        """The PDF edition."""
        return self.output / "essay.pdf"

    @property
    def epub(self) -> Path:
        """The EPUB edition."""
        return self.output / "essay.epub"

    @property
    def html(self) -> Path:
        """The HTML edition."""
        return self.output / "essay.html"


def run(*arguments: str | Path) -> int:
    """Run the command line in this process and return its exit code."""
    return command.main(build, COMMANDS, [str(argument) for argument in arguments])


def build_into(project: Path, output: Path) -> Built:
    assert run("--project", project, "--output", output, "--quiet") == 0
    return Built(project, output)


def copy_press(folder: Path) -> Path:
    """Return a copy of the repository in `folder`, with the environment of this one."""
    press = folder / "press"
    shutil.copytree(PRESS, press, ignore=shutil.ignore_patterns(
        ".git", ".venv", "output", "__pycache__", ".*_cache", ".hypothesis", ".fresh-*"))
    (press / ".venv").symlink_to(PRESS / ".venv")
    return press


def long_essay(sections: int) -> str:
    """Return an essay with notes, lists, quotations, tables and long words, of many pages."""
    parts = []
    for number in range(sections):
        words = " ".join(f"word{(number * 37 + place * 11) % 997}" for place in range(150))
        parts += [
            f"## Section {number}", f"{words}, incomprehensibilities, internationalization."
            f"^[A note to section {number}.]", f"> A quotation in section {number}: {words}",
            f"- first of {number}\n- second of {number}", words.title(),
            f"| A | B |\n|---|---|\n| {number} | {number + 1} |"]
    return "\n\n".join(parts)


@pytest.fixture(scope="session")
def long_project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A publication of more than a hundred pages."""
    root = tmp_path_factory.mktemp("long")
    (root / "manuscript").mkdir()
    (root / "manuscript/essay.md").write_text(
        "---\ntitle: A Long Essay\nauthor: Jane Doe\nversion: 1.0.0\ndate: 2024-05-06\nlang: en\n"
        f"---\n\n{long_essay(50)}\n", encoding="utf-8")
    return root


@pytest.fixture(scope="session")
def build_once(
    long_project: Path, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[str], Built]:
    """Return a function that builds a publication by its name, the first time it is asked."""
    projects = {"essay": PRESS, "sample": SAMPLE, "plain": BASE, "long": long_project}
    return cache(lambda name: build_into(projects[name], tmp_path_factory.mktemp(name)))


@pytest.fixture(scope="session", params=["essay", "sample", "plain"])
def built(request: pytest.FixtureRequest, build_once: Callable[[str], Built]) -> Built:
    """Each publication in turn: this repository's essay, the sample, one that cites nothing."""
    return build_once(request.param)


@pytest.fixture(scope="session", params=["essay", "sample", "plain", "long"])
def any_length(request: pytest.FixtureRequest, build_once: Callable[[str], Built]) -> Built:
    """The same, and one of more than a hundred pages."""
    return build_once(request.param)


@pytest.fixture(scope="session")
def essay(build_once: Callable[[str], Built]) -> Built:
    """The publication of this repository."""
    return build_once("essay")


@pytest.fixture(scope="session")
def sample(build_once: Callable[[str], Built]) -> Built:
    """The sample that holds one of everything."""
    return build_once("sample")


@pytest.fixture(scope="session")
def revised(tmp_path_factory: pytest.TempPathFactory) -> Built:
    """The essay that has earlier versions, and corrections of every kind."""
    return build_into(REVISED, tmp_path_factory.mktemp("revised"))


@pytest.fixture(scope="session")
def withdrawn(tmp_path_factory: pytest.TempPathFactory) -> Built:
    """The same essay, its last version withdrawn."""
    root = tmp_path_factory.mktemp("withdrawn") / "project"
    shutil.copytree(REVISED, root)
    corrections = root / "manuscript" / "corrections.yaml"
    corrections.write_text(corrections.read_text(encoding="utf-8") + WITHDRAWAL, encoding="utf-8")
    return build_into(root, root / "output")


@dataclass(frozen=True)
class Publication:
    """A small publication that a test may change."""

    root: Path

    @property
    def project(self) -> Project:
        """The publication as the press sees it."""
        return Project(self.root, self.root / "output")

    def write(self, name: str, text: str) -> None:
        """Write a file of the publication."""
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

    def change(self, name: str, old: str, new: str) -> None:
        """Replace words in a file of the publication."""
        text = (self.root / name).read_text(encoding="utf-8")
        assert old in text
        self.write(name, text.replace(old, new))

    def problems(self) -> list[Problem]:
        """Return all problems and notes that a check finds."""
        try:
            return check_edition(read_edition(self.project)).notes
        except ProblemsFoundError as error:
            return error.problems


def write_release(publication: Publication, version: str, **fields: str) -> None:
    """Write the record of a released version, as far as later versions read it."""
    publication.write(f"editions/{version}/edition.json", json.dumps({
        "version": version, "date": "2024-01-01", "title": "A Small Essay",
        "swhid": "swh:1:dir:" + 40 * "0", "doi": None, **fields}))


@pytest.fixture
def publication(tmp_path: Path) -> Publication:
    """A copy of the smallest publication, without sources."""
    shutil.copytree(BASE, tmp_path / "publication")
    return Publication(tmp_path / "publication")


@pytest.fixture(scope="session")
def released_library(tmp_path_factory: pytest.TempPathFactory) -> Publication:
    """A publication of two versions, both released; the second corrects the first."""
    library = Publication(tmp_path_factory.mktemp("released") / "library")
    for version in ("first", "second"):
        shutil.copytree(LIBRARY / version, library.root, dirs_exist_ok=True)
        assert run("release", "--allow-dirty", "--project", library.root, "--quiet") == 0
    return library


@pytest.fixture
def library(released_library: Publication, tmp_path: Path) -> Publication:
    """A copy of the released publication that a test may change."""
    shutil.copytree(released_library.root, tmp_path / "library")
    return Publication(tmp_path / "library")


@pytest.fixture
def write_essay(publication: Publication) -> Callable[[str], Publication]:
    """Return a function that gives the small publication other words below its front matter."""
    def write(body: str) -> Publication:
        front = (BASE / "manuscript" / "essay.md").read_text(encoding="utf-8").split("---\n")[1]
        publication.write("manuscript/essay.md", f"---\n{front}---\n\n{body}\n")
        return publication

    return write


@pytest.hookimpl(wrapper=True)
def pytest_runtest_setup() -> Generator[None, object, object]:
    """Skip a test whose fixtures need a tool that is not here; in CI, fail it."""
    return (yield from _without_missing_tools())


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call() -> Generator[None, object, object]:
    """Skip a test that needs a tool that is not here; in CI, fail it."""
    return (yield from _without_missing_tools())


def _without_missing_tools() -> Generator[None, object, object]:
    try:
        return (yield)
    except MissingToolError as error:
        if os.environ.get("CI") == "true":
            pytest.fail(str(error))
        pytest.skip(str(error))


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--save-expected", action="store_true",
                     help="write the reports of tests/cases anew; read the difference")
