"""What README and docs say is true."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from offprint.command import TARGETS
from offprint.project import PRESS

from .conftest import COMMANDS, copy_press
from .reference import PLACE, render_reference
from .tutorial import TUTORIAL, follow_tutorial

README = PRESS / "README.md"
PAGES = [README, *sorted((PRESS / "docs").glob("*.md"))]
# Commands in console blocks, each once; the tests are already running, and the tutorial is
# followed in its order.
SHOWN = dict.fromkeys(
    command for page in PAGES if page != TUTORIAL
    for block in re.findall(r"```console\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL)
    for command in re.findall(r"^\$ (.*)$", block, re.M) if "build.py test" not in command)


@pytest.fixture
def press(tmp_path: Path) -> Path:
    """A copy of the repository, in which a reader tries things."""
    return copy_press(tmp_path)


@pytest.mark.parametrize("command", SHOWN)
def test_command_that_is_shown_runs(command: str, press: Path) -> None:
    """Every command that README and docs show runs."""
    words = command.removeprefix("python3 ").split()

    done = subprocess.run([sys.executable, *words], cwd=press, capture_output=True, text=True,
                          check=False)

    assert done.returncode == 0, done.stderr


def test_readme_shows_every_command() -> None:
    """Every target and command of the command line is in the README."""
    names = [*TARGETS, *(command.name for command in COMMANDS), "test"]

    assert [name for name in names
            if f"build.py {name}" not in README.read_text(encoding="utf-8")] == []


def anchors(page: Path) -> set[str]:
    """Return the names under which the headings of a page can be linked to."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.M)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_links_lead_somewhere(page: Path) -> None:
    """Every relative link and picture is a file of the repository, every part of one is there."""
    text = re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    targets = re.findall(r"\]\((?!https?:)([^)#\s]*)(?:#([^)\s]+))?\)",
                         re.sub(r"`[^`]*`", "", text))

    assert [(name, part) for name, part in targets
            if not (found := page.parent / name if name else page).exists()
            or (part and part not in anchors(found))] == []


def test_every_page_is_in_the_list() -> None:
    """The list of documents leads to each of them."""
    listed = (PRESS / "docs/README.md").read_text(encoding="utf-8")

    assert [page.name for page in PAGES[1:]
            if f"({page.name})" not in listed and page.name != "README.md"] == []


def test_the_reference_is_that_of_the_code() -> None:
    """docs/reference.md says what the code knows; `python -m tests.reference` writes it anew."""
    assert PLACE.read_text(encoding="utf-8") == render_reference()


def test_the_reference_has_something_to_say_of_everything() -> None:
    """No field and no option is without a description."""
    assert re.findall(r"^\|.*\| +\|$", render_reference(), re.M) == []


def test_the_tutorial_is_what_its_reader_sees(press: Path) -> None:
    """Each command of the tutorial answers with what it shows: problems, or else success."""
    steps = list(follow_tutorial(press))

    assert len(steps) > 10
    for step in steps:
        assert step.exit_code == (1 if step.shown else 0), f"{step.command}\n{step.answer}"
        assert [line for line in step.shown if line not in step.answer.split("\n")] == [], (
            f"{step.command}\n{step.answer}")
