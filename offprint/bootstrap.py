"""Makes a bare Python able to run the press: an environment of its own beside `build.py`.

Only the standard library is used here. When the environment is ready, finding that out costs
reading two small files.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from pathlib import Path

PRESS = Path(__file__).resolve().parent.parent
FOLDER = PRESS / ".venv"
SETTINGS = PRESS / "pyproject.toml"
PANGO = ("libpango-1.0-0", "libpangoft2-1.0-0", "libharfbuzz-subset0")


def enter_environment(group: str = "") -> None:
    """Go on inside the environment that has what the press needs, making it where it is not.

    `group` names a dependency group of pyproject.toml that is wanted too, such as "test".
    Returns where this process already runs inside it; otherwise starts the same command there
    and does not return. Exits with code 3 where the environment can't be made.
    """
    if sys.version_info < (3, 11):  # noqa: UP036  (whoever has an older one is told here)
        sys.exit("build.py: Python 3.11 or later is needed; this is " + sys.version.split()[0])
    python = FOLDER / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    if not _is_ready(group):
        _make_environment(python, group)
    if Path(sys.prefix).resolve() != FOLDER.resolve():
        command = [str(python), *sys.argv]
        if os.name == "nt":
            sys.exit(subprocess.run(command, check=False).returncode)
        sys.stdout.flush()
        os.execv(command[0], command)


def install_pango() -> bool:
    """Install Pango where that can be done without asking: as root on a Debian system.

    Returns whether it was installed.
    """
    if os.name == "nt" or os.geteuid() != 0 or not Path("/etc/debian_version").exists():
        return False
    print("Pango is missing: installing " + " ".join(PANGO), file=sys.stderr)
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "check": False}
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    subprocess.run(["apt-get", "update"], env=environment, **quiet)  # type: ignore[call-overload]
    done = subprocess.run(  # type: ignore[call-overload]
        ["apt-get", "install", "-y", "--no-install-recommends", *PANGO], env=environment, **quiet)
    return bool(done.returncode == 0)


def pango_remedy() -> str:
    """Return the command that installs Pango on this system."""
    if sys.platform == "darwin":
        return "brew install pango"
    if os.name == "nt":
        return "pacman -S mingw-w64-ucrt-x86_64-pango (in an MSYS2 UCRT64 shell)"
    if Path("/etc/fedora-release").exists():
        return "sudo dnf install pango"
    if Path("/etc/arch-release").exists():
        return "sudo pacman -S pango"
    return "sudo apt install " + " ".join(PANGO)


def _is_ready(group: str) -> bool:
    try:
        return _stamp(group).read_text(encoding="utf-8") == _digest()
    except OSError:
        return False


def _stamp(group: str) -> Path:
    return FOLDER / f"ready{'-' + group if group else ''}"


def _digest() -> str:
    return hashlib.sha256(SETTINGS.read_bytes()).hexdigest()


def _make_environment(python: Path, group: str) -> None:
    import tomllib

    settings = tomllib.loads(SETTINGS.read_text(encoding="utf-8"))
    wanted = [*settings["project"]["dependencies"],
              *(settings["dependency-groups"][group] if group else [])]
    what = f"Setting up {FOLDER.name}" if not group or not _is_ready("") else (
        f"Adding to {FOLDER.name} what the validators need")
    print(f"{what} (once; about a minute) …", file=sys.stderr, flush=True)
    _run([] if _has_pip(python) else [sys.executable, "-m", "venv", "--clear", str(FOLDER)],
         "python3 -m venv failed; on Debian and Ubuntu: sudo apt install python3-venv")
    _run([str(python), "-m", "pip", "install", "--disable-pip-version-check", *wanted],
         "pip could not install what pyproject.toml lists; is there a network?")
    for name in {"", group}:
        _stamp(name).write_text(_digest(), encoding="utf-8")


def _has_pip(python: Path) -> bool:
    """Tell whether there is an environment, whole enough to install something in it."""
    return python.exists() and not subprocess.run(
        [str(python), "-m", "pip", "--version"], capture_output=True, check=False).returncode


def _run(command: list[str], remedy: str) -> None:
    """Run a set-up step; without --verbose, show what it said only where it failed."""
    if not command:
        return
    shown = "--verbose" in sys.argv
    done = subprocess.run(command, capture_output=not shown, text=True, check=False)
    if done.returncode:
        said = (done.stderr or done.stdout or "").strip().splitlines()[-3:]
        print("\n".join([*said, f"build.py: {remedy}"]), file=sys.stderr)
        sys.exit(3)
