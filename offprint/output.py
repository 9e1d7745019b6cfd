"""Puts a finished build in place, whole or not at all."""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

LEFT_BEHIND = 3600  # seconds after which a build that has not finished was killed


def write_output(folder: Path, files: Mapping[str, bytes]) -> list[Path]:
    """Write `files`, by name, into `folder` and return their paths.

    Everything is first written aside; then each file is moved over its predecessor. A build
    that is killed leaves every file either as it was or new, and never a half.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for left in folder.glob(".fresh-*"):
        if time.time() - left.stat().st_mtime > LEFT_BEHIND:
            shutil.rmtree(left, ignore_errors=True)
    fresh = Path(tempfile.mkdtemp(prefix=".fresh-", dir=folder))
    try:
        for name, data in files.items():
            (fresh / name).write_bytes(data)
            (fresh / name).chmod(0o644)
        for name in files:
            (fresh / name).replace(folder / name)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
    return [folder / name for name in files]
