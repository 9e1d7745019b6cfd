"""Puts a finished build in place, whole or not at all, with the checksums of its files."""

from __future__ import annotations

import hashlib
import re
import shutil
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

SUMS = "SHA256SUMS"
LEFT_BEHIND = 3600  # seconds after which a build that has not finished was killed


def write_output(folder: Path, files: Mapping[str, bytes]) -> list[Path]:
    """Write `files`, by name, and their checksums into `folder`; return the paths of `files`.

    Everything is first written aside; then each file is moved over its predecessor. A build
    that is killed leaves every file either as it was or new, and never a half.
    """
    sums = _read_sums(folder) | {
        name: hashlib.sha256(data).hexdigest() for name, data in files.items()}
    replace_files(folder, {**files, SUMS: render_sums(sums)})
    return [folder / name for name in files]


def replace_files(folder: Path, files: Mapping[str, bytes]) -> None:
    """Write `files` into `folder`, each whole or not at all, whatever stands there."""
    with fresh_folder(folder) as fresh:
        for name, data in files.items():
            (fresh / name).write_bytes(data)
            (fresh / name).chmod(0o644)
        for name in files:
            (fresh / name).replace(folder / name)


@contextmanager
def fresh_folder(home: Path) -> Iterator[Path]:
    """Yield a folder of its own in `home`, from which files are moved into place.

    What is left in it is removed afterwards, and so is what killed builds have left in `home`.
    """
    home.mkdir(parents=True, exist_ok=True)
    for left in home.glob(".fresh-*"):
        with suppress(FileNotFoundError):  # its build may end just now
            if time.time() - left.stat().st_mtime > LEFT_BEHIND:
                shutil.rmtree(left, ignore_errors=True)
    fresh = Path(tempfile.mkdtemp(prefix=".fresh-", dir=home))
    try:
        yield fresh
    finally:
        shutil.rmtree(fresh, ignore_errors=True)


def render_sums(sums: Mapping[str, str]) -> bytes:
    """Return SHA-256 checksums, by file name, in the form that `sha256sum --check` reads."""
    return "".join(f"{sums[name]}  {name}\n" for name in sorted(sums)).encode()


def _read_sums(folder: Path) -> dict[str, str]:
    """Return the checksums of earlier files that are still in `folder`."""
    if not (folder / SUMS).is_file():
        return {}
    listed = re.findall(r"^([0-9a-f]{64})  (.+)$", (folder / SUMS).read_text("utf-8"), re.M)
    return {name: digest for digest, name in listed if (folder / name).is_file()}
