"""Follows docs/tutorial.md as its reader does: runs its commands, and changes files as it says."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from offprint.project import PRESS

TUTORIAL = PRESS / "docs" / "tutorial.md"
# A block of code, with the paragraph before it, which names the file that it belongs to.
BLOCK = re.compile(r"(?P<before>[^\n]*)\n\n```(?P<kind>\w+)\n(?P<text>.*?)```", re.DOTALL)
READER = {"GIT_AUTHOR_NAME": "A. Learner", "GIT_AUTHOR_EMAIL": "learner@example.org",
          "GIT_COMMITTER_NAME": "A. Learner", "GIT_COMMITTER_EMAIL": "learner@example.org"}


@dataclass(frozen=True)
class Said:
    """A command of the tutorial, the lines of the answer that it shows, and what really came."""

    command: str
    shown: list[str]
    answer: str
    exit_code: int


def follow_tutorial(press: Path) -> Iterator[Said]:
    """Do what the tutorial says in the folder `press`; yield each command with its answer.

    A change that cannot be made, because the file has no such line, is a ValueError.
    """
    place = ""
    for block in BLOCK.finditer(TUTORIAL.read_text(encoding="utf-8")):
        place = next(iter(re.findall(r"`(\.\./[^`]+)`", block["before"])), place)
        if block["kind"] == "console":
            yield from _run(block["text"], press)
        elif block["kind"] == "diff":
            _change(press / place, block["text"])
        else:
            (press / place).write_text(block["text"], encoding="utf-8")


def _run(text: str, press: Path) -> Iterator[Said]:
    for part in re.split(r"^\$ ", text, flags=re.M)[1:]:
        command, *shown = part.strip("\n").split("\n")
        words = [sys.executable if word == "python3" else word for word in shlex.split(command)]
        done = subprocess.run(words, cwd=press, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              text=True, check=False, env={**os.environ, **READER})
        yield Said(command, shown, done.stdout, done.returncode)


def _change(path: Path, diff: str) -> None:
    """Replace the line that begins with a minus by the one that begins with a plus."""
    old, new = (line[1:] for line in diff.strip("\n").split("\n"))
    lines = path.read_text(encoding="utf-8").split("\n")
    lines[lines.index(old)] = new
    path.write_text("\n".join(lines), encoding="utf-8")
