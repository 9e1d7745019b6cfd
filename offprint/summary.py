"""Shows on a terminal what a build made: a small table, and the checks that stand behind it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import pikepdf
from rich.console import Console
from rich.table import Table
from rich.text import Text

from .command import Report, path_from_here
from .project import CALL

# What is read, by the end of its name; all else is for programs.
READ = {".pdf": "PDF", ".epub": "EPUB", ".html": "HTML"}
# Papers by their measures in whole points, upright.
PAPERS = {(420, 595): "A5", (595, 842): "A4", (612, 792): "Letter"}


def show_summary(report: Report, seconds: float) -> None:
    """Print what `report` says was written and checked in so many `seconds`.

    Nothing is printed where nothing was.
    """
    # A path longer than the line stays in one piece, to be copied: the terminal breaks it.
    console = Console(highlight=False, width=1000)
    read = [path for path in report.written if path.suffix in READ]
    if read:
        console.print(_table(read, report))
    others = [path for path in report.written if path.suffix not in READ]
    for line in _lines(others, report, seconds):
        console.print(line)


def _table(files: Sequence[Path], report: Report) -> Table:
    """Return a row for each file that is read: what it is, its pages, its size, its place."""
    table = Table(box=None, pad_edge=False, padding=(0, 3, 0, 0), header_style="dim")
    table.add_column("Edition")
    table.add_column("Pages")
    table.add_column("Size", justify="right")
    table.add_column("Where")
    for path in files:
        table.add_row(READ[path.suffix], Text(_pages(path, report)), _size(path),
                      Text(path_from_here(path)))
    return table


def _lines(others: Sequence[Path], report: Report, seconds: float) -> Iterator[Text]:
    """Yield what stands below the table."""
    if others:
        names = ", ".join(path.name for path in others)
        yield Text(f"For programs and archives: {names}")
    for check in report.checks:
        yield Text.assemble(("✓ ", "green"), check)
    if report.written:
        yield Text(f"Made in {seconds:.1f} s; {CALL} check --editions asks validators too",
                   style="dim")


def _pages(path: Path, report: Report) -> str:
    """Return how many pages a file has or marks, and the paper that they are for."""
    if path.suffix == ".pdf":
        with pikepdf.open(path) as pdf:
            count, paper = len(pdf.pages), _paper(pdf.pages[0].mediabox)
        return f"{count} {'page' if count == 1 else 'pages'}{paper and ', '}{paper}"
    if report.page_map and path.stem == "essay":
        return f"{len(report.page_map.starts)} marked"
    return ""


def _paper(box: pikepdf.Array) -> str:
    """Return the name of the paper of a page, lying or upright; nothing for any other."""
    left, bottom, right, top = (float(edge) for edge in box)
    short, long = sorted((round(right - left), round(top - bottom)))
    return PAPERS.get((short, long), "")


def _size(path: Path) -> str:
    """Return the size of a file in kilobytes or megabytes, as file managers count them."""
    size = path.stat().st_size
    return f"{size / 1e6:.1f} MB" if size >= 1e6 else f"{max(size / 1e3, 1):.0f} kB"
