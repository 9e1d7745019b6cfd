"""Measures the press against the plain chain of its own tools: python tests/benchmark.py.

The plain chain is Pandoc with citeproc to HTML, WeasyPrint to PDF, and Pandoc to EPUB, one after
another and nothing else. Both run in turn on the same generated essays; what counts is the
ratio, since machines differ and are noisy.
"""

from __future__ import annotations

import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

PRESS = Path(__file__).resolve().parent.parent
SIZES = {"S": 1_500, "M": 15_000}  # words
RUNS = 3

PLAIN_CHAIN = """
import subprocess, sys
import pypandoc, weasyprint
root = sys.argv[1]
pandoc = [pypandoc.get_pandoc_path(), f"{root}/manuscript/essay.md", "--citeproc", "--standalone",
          "--bibliography", f"{root}/bibliography/references.bib"]
html = subprocess.run([*pandoc, "-t", "html5"], check=True, capture_output=True).stdout
weasyprint.HTML(string=html.decode()).write_pdf(f"{root}/plain.pdf", pdf_variant="pdf/ua-1")
subprocess.run([*pandoc, "-t", "epub3", "-o", f"{root}/plain.epub"], check=True,
               capture_output=True)
"""


def write_essay(root: Path, words: int) -> None:
    """Write an essay of about so many words, with notes, citations and headings."""
    (root / "manuscript").mkdir()
    (root / "bibliography").mkdir()
    sources = [f"@book{{key{number},\n  author = {{Author{number}, Anne}},\n  title = {{Work "
               f"{number}}},\n  date = {{{1900 + number}}},\n  publisher = {{Press}},\n}}\n"
               for number in range(25)]
    (root / "bibliography/references.bib").write_text("\n".join(sources), encoding="utf-8")
    parts = []
    for number in range(words // 100):
        if number % 8 == 0:
            parts.append(f"## Section {number}")
        text = " ".join(f"word{(number * 31 + place * 7) % 611}" for place in range(95))
        parts.append(f"{text}.[@key{number % 25}, p. {number + 1}]")
    (root / "manuscript/essay.md").write_text(
        "---\ntitle: A Measured Essay\nauthor: Jane Doe\nversion: 1.0.0\ndate: 2024-05-06\n"
        "lang: en\n---\n\n" + "\n\n".join(parts) + "\n", encoding="utf-8")


def measure(command: list[str]) -> float:
    """Return the seconds that `command` takes."""
    began = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True)
    return time.perf_counter() - began


def main() -> None:
    """Print the table: medians of the runs, and the ratio of each pair."""
    print(f"{'':4}{'press s':>10}{'plain s':>10}{'ratio':>8}   (median of {RUNS})")
    for name, words in SIZES.items():
        with tempfile.TemporaryDirectory() as folder:
            root = Path(folder)
            write_essay(root, words)
            press = [sys.executable, str(PRESS / "build.py"), "--project", folder, "--quiet"]
            plain = [sys.executable, "-c", PLAIN_CHAIN, folder]
            measure(press)  # cuts the fonts, which are kept
            pairs = [(measure(press), measure(plain)) for _ in range(RUNS)]
        ratio = statistics.median(ours / theirs for ours, theirs in pairs)
        ours, theirs = (statistics.median(column) for column in zip(*pairs, strict=True))
        print(f"{name:4}{ours:10.2f}{theirs:10.2f}{ratio:8.2f}")
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024
    print(f"largest process: {peak} MiB")


if __name__ == "__main__":
    main()
