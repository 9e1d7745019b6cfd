"""Tells who watches what is being done and how long it takes, and on request what tools say.

On a terminal each step is shown while it runs, and stays with its time when it is done; nobody
watches a pipe. With --verbose both show the commands of the tools and their own words.
"""

from __future__ import annotations

import logging
import re
import shlex
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console

# What tools say goes here, at the level DEBUG.
TOOLS = logging.getLogger("offprint")
TOOLS.addHandler(logging.NullHandler())
WEASYPRINT = logging.getLogger("weasyprint")
WEASYPRINT.propagate = False  # what it says is shown as problems, and nowhere else
# WeasyPrint tells this logger of every page that it begins.
PAGES = logging.getLogger("weasyprint.progress")
PAGE = re.compile(r"Page (\d+)$")


class Progress:
    """Shows the steps of long work on a terminal, and with --verbose in a pipe too."""

    def __init__(self, shown: bool, verbose: bool) -> None:
        self.shown = shown
        self.verbose = verbose

    @contextmanager
    def step(self, words: str) -> Iterator[None]:
        """Show `words` while the block runs, and how long it took once it is done."""
        began = time.perf_counter()
        if self.shown:
            console = _standard_error()
            with console.status(words) as status, _telling_pages(
                    lambda page: status.update(f"{words}: page {page}" if page > 1 else words)):
                yield
            console.print(f"[dim]{_seconds(began)}[/dim]  {words}", highlight=False)
        else:
            yield
            if self.verbose:
                print(f"{_seconds(began)}  {words}", file=sys.stderr)


def _standard_error() -> Console:
    from rich.console import Console

    return Console(stderr=True)


def _seconds(began: float) -> str:
    return f"{time.perf_counter() - began:6.2f} s"


@contextmanager
def showing_tools_words() -> Iterator[None]:
    """Print to standard error what tools say while the block runs."""
    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter("          %(message)s"))
    with (listening(TOOLS, handler.handle, logging.DEBUG),
          listening(WEASYPRINT, handler.handle, logging.INFO)):
        yield


def quote_tool(command: Sequence[str], said: str) -> None:
    """Tell who asked for it how a tool was called, and what it `said`."""
    name, *arguments = command
    TOOLS.debug("%s", "\n".join([shlex.join([Path(name).name, *arguments]), said]).strip())


@contextmanager
def _telling_pages(tell: Callable[[int], None]) -> Iterator[None]:
    """Tell the number of each page that WeasyPrint begins to set while the block runs."""
    def read(record: logging.LogRecord) -> None:
        if found := PAGE.search(record.getMessage()):
            tell(int(found[1]))

    with listening(PAGES, read):
        yield


@contextmanager
def listening(
    logger: logging.Logger, hear: Callable[[logging.LogRecord], object], level: int = logging.INFO
) -> Iterator[None]:
    """Have `hear` called with every record of `logger`, from `level` on, while the block runs."""
    handler = logging.Handler(level)
    handler.emit = hear  # type: ignore[method-assign,assignment]
    before = logger.level
    logger.setLevel(min(level, before or level))  # others may want to hear more
    logger.addHandler(handler)
    try:
        yield
    finally:
        logger.removeHandler(handler)
        logger.setLevel(before)
