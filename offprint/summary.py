"""Shows on a terminal what a build made: a small table, and the checks that stand behind it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pikepdf
from rich.console import Console
from rich.table import Table
from rich.text import Text

from .project import CALL, path_from_here

# What is read, by the end of its name; all else is for programs.
READ = {".pdf": "PDF", ".epub": "EPUB", ".html": "HTML"}
# Papers by their measures in whole points, upright.
PAPERS = {(420, 595): "A5", (595, 842): "A4", (612, 792): "Letter"}


def show_summary(
    files: Sequence[Path], marked: int, checks: Sequence[str], seconds: float
) -> None:
    """Print which files were made, and what was checked, in so many `seconds`.

    `marked` counts the printed pages that are marked in e-book and page. Nothing is printed
    where nothing was made or checked.
    """
    # A path longer than the line stays in one piece, to be copied: the terminal breaks it.
    console = Console(highlight=False, width=1000)
    read = [path for path in files if path.suffix in READ]
    if read:
        console.print(_table(read, marked))
    if others := ", ".join(path.name for path in files if path not in read):
        console.print(f"For programs and archives: {others}", markup=False)
    for check in checks:
        console.print(Text.assemble(("✓ ", "green"), check))
    if files:
        console.print(f"Made in {seconds:.1f} s; {CALL} check --editions asks validators too",
                      style="dim", markup=False)


def _table(files: Sequence[Path], marked: int) -> Table:
    """Return a row for each file that is read: what it is, its pages, its size, its place."""
    table = Table(box=None, pad_edge=False, padding=(0, 3, 0, 0), header_style="dim")
    table.add_column("Edition")
    table.add_column("Pages")
    table.add_column("Size", justify="right")
    table.add_column("Where")
    for path in files:
        pages = _count_pages(path) if path.suffix == ".pdf" else (
            f"{marked} marked" if marked and path.stem == "essay" else "")
        table.add_row(READ[path.suffix], pages, _size(path), Text(path_from_here(path)))
    return table


def _count_pages(path: Path) -> str:
    """Return how many pages a PDF has, and the paper that they are for."""
    with pikepdf.open(path) as pdf:
        count, paper = len(pdf.pages), _paper(pdf.pages[0].mediabox)
    return f"{count} {'page' if count == 1 else 'pages'}{paper and ', '}{paper}"


def _paper(box: pikepdf.Array) -> str:
    """Return the name of the paper of a page, lying or upright; nothing for any other."""
    left, bottom, right, top = (float(edge) for edge in box)
    short, long = sorted((round(right - left), round(top - bottom)))
    return PAPERS.get((short, long), "")


def _size(path: Path) -> str:
    """Return the size of a file in kilobytes or megabytes, as file managers count them."""
    size = path.stat().st_size
    return f"{size / 1e6:.1f} MB" if size >= 1e6 else f"{max(size / 1e3, 1):.0f} kB"
