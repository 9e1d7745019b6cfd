"""A press that is installed from its wheel is the press of the repository, in any folder."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
import tomllib
from pathlib import Path

import pytest

import offprint
from offprint.project import PRESS

from .conftest import build_into


@pytest.fixture(scope="module")
def command(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The command `offprint` in a fresh environment that has the wheel and its dependencies.

    The dependencies are lent by the environment of the tests; nothing is fetched.
    """
    folder = tmp_path_factory.mktemp("installed")
    pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, "wheel", "--no-deps", "--no-build-isolation", "--no-index",
                    "--wheel-dir", folder, PRESS], check=True)
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder / "fresh"], check=True)
    scripts = folder / "fresh" / ("Scripts" if os.name == "nt" else "bin")
    python = scripts / Path(sys.executable).name
    packages = Path(subprocess.run(
        [python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"],
        check=True, capture_output=True, text=True).stdout.strip())
    (packages / "lent.pth").write_text(sysconfig.get_path("purelib"), encoding="utf-8")
    wheel, = folder.glob("*.whl")
    subprocess.run([*pip, "--python", python, "install", "--no-deps", "--no-index", wheel],
                   check=True)
    return scripts / "offprint"


def run_in(folder: Path, *command: str | Path) -> subprocess.CompletedProcess[str]:
    """Run a command in `folder`, where nothing leads to the repository."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True,
                          check=False)


def test_installed_press_begins_and_prints_a_publication(command: Path, tmp_path: Path) -> None:
    """`offprint new own`, then `offprint` there, builds what `build.py --project` builds."""
    begun = run_in(tmp_path, command, "new", "own")
    own = tmp_path / "own"
    done = run_in(own, command)

    assert (begun.returncode, begun.stderr) == (0, "to print it: cd own; offprint\n")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines()[0] == "output/essay.pdf"
    there = build_into(own, tmp_path / "there").output
    assert (own / ".gitignore").read_text(encoding="utf-8") == "output/\n"
    made = {path.name: path.read_bytes() for path in (own / "output").iterdir()}
    assert {"essay.pdf", "essay.epub", "essay.html"} <= set(made)
    assert made == {path.name: path.read_bytes() for path in there.iterdir()}


def test_installed_press_speaks_of_itself_by_its_name(command: Path, tmp_path: Path) -> None:
    """Help and messages name `offprint`, never a `build.py` that is not there; nor its tests."""
    said = run_in(tmp_path, command, "--help").stdout
    said += run_in(tmp_path, command, "check", "--help").stdout
    wrong = run_in(tmp_path, command, "test")
    lost = run_in(tmp_path, command, "check")

    assert "offprint check --editions" in said
    assert "build.py" not in said
    assert "run the tests" not in said
    assert wrong.returncode == 2
    assert lost.returncode == 1
    assert lost.stderr.startswith("manuscript/essay.md: there is no essay")


def test_installed_press_tells_its_versions(command: Path, tmp_path: Path) -> None:
    """`offprint info` names the tools that a build needs, and not those of the tests."""
    done = run_in(tmp_path, command, "info")

    assert done.returncode == 0, done.stderr
    assert "weasyprint" in done.stdout
    assert "for the tests" not in done.stdout


def test_version_is_the_same_everywhere() -> None:
    """The package says the version that its settings say."""
    settings = tomllib.loads((PRESS / "pyproject.toml").read_text(encoding="utf-8"))

    assert settings["project"]["version"] == offprint.__version__
