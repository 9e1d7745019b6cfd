"""Puts a finished build in place, whole or not at all."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path


def write_output(folder: Path, files: Mapping[str, bytes]) -> list[Path]:
    """Write `files`, by name, into `folder` and return their paths.

    Everything is first written aside; then each file is moved over its predecessor. A build
    that is killed leaves every file either as it was or new, and never a half.
    """
    folder.mkdir(parents=True, exist_ok=True)
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
