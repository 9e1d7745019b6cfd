"""What the README says is true."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from offprint.command import TARGETS
from offprint.project import PRESS

from .conftest import COMMANDS

README = (PRESS / "README.md").read_text(encoding="utf-8")
# Commands in the README's console blocks; the tests are already running.
SHOWN = [line for block in re.findall(r"```console\n(.*?)```", README, re.DOTALL)
         for line in re.findall(r"^\$ (.*)$", block, re.M) if "build.py test" not in line]


@pytest.mark.parametrize("command", SHOWN)
def test_command_of_the_readme_runs(command: str, tmp_path: Path) -> None:
    """Every command that the README shows runs, on a copy of the repository."""
    press = tmp_path / "press"
    shutil.copytree(PRESS, press, ignore=shutil.ignore_patterns(
        ".git", ".venv", "output", "__pycache__", ".*_cache", ".hypothesis"))
    (press / ".venv").symlink_to(PRESS / ".venv")
    words = command.removeprefix("python3 ").split()

    done = subprocess.run([sys.executable, *words], cwd=press, capture_output=True, text=True,
                          check=False)

    assert done.returncode == 0, done.stderr


def test_readme_links_lead_somewhere() -> None:
    """Every relative link and picture of the README is a file of the repository."""
    targets = re.findall(r"\]\((?!https?:|#)([^)#]+)", README)

    assert targets
    assert [target for target in targets if not (PRESS / target).exists()] == []


def test_readme_shows_every_command() -> None:
    """Every target and command of the command line is in the README."""
    names = [*TARGETS, *(command.name for command in COMMANDS), "test"]

    assert [name for name in names if f"build.py {name}" not in README] == []
