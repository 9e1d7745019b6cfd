"""A problem is a value: a place, what is wrong there, and what to do about it."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass, field


@dataclass(frozen=True, order=True)
class Problem:
    """Something that an author can mend.

    `file` is relative to the project, `line` counts from 1 (0: the file as a whole).
    A `note` is worth knowing and does not stop the build.
    """

    file: str
    line: int
    what: str
    remedy: str = ""
    note: bool = field(default=False, compare=False)

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" if self.line else self.file
        head = f"{place}: {'note: ' if self.note else ''}{self.what}"
        return f"{head}\n    {self.remedy}" if self.remedy else head


class ProblemsFoundError(Exception):
    """The text, the bibliography or the corrections have problems (exit code 1)."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = sorted(set(problems))
        super().__init__("\n".join(map(str, self.problems)))


class UsageError(Exception):
    """The command line asks for what cannot be (exit code 2)."""


class ToolError(Exception):
    """A tool that the press needs is missing or failed (exit code 3)."""


def nearest(word: str, known: Iterable[str], count: int = 3) -> list[str]:
    """Return the known words that look most like `word`, best first, at most `count`."""
    by_lower = {name.lower(): name for name in sorted(known)}
    close = difflib.get_close_matches(word.lower(), by_lower, n=count, cutoff=0.6)
    return [by_lower[name] for name in close]


def suggestion(word: str, known: Iterable[str], otherwise: str = "") -> str:
    """Return "did you mean …?" for the known words nearest to `word`, else `otherwise`."""
    names = [f'"{name}"' for name in nearest(word, known)]
    return f"did you mean {' or '.join(names)}?" if names else otherwise
