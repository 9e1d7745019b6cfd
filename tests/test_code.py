"""The code keeps its own rules."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from offprint.project import PRESS


@pytest.mark.parametrize("command", [["ruff", "check"], ["mypy"]], ids=["ruff", "mypy"])
def test_checker_has_nothing_to_say(command: list[str]) -> None:
    """Ruff and mypy have nothing to say."""
    done = subprocess.run([sys.executable, "-m", *command], cwd=PRESS, capture_output=True,
                          text=True, check=False)

    assert done.returncode == 0, done.stdout


def test_package_lists_every_module() -> None:
    """The docstring of the package names its modules, so that the listing explains itself."""
    said = (PRESS / "offprint/__init__.py").read_text(encoding="utf-8")
    modules = {path.stem for path in Path(PRESS / "offprint").glob("*.py")} - {"__init__"}

    assert set() == {name for name in modules if f"`{name}`" not in said}
