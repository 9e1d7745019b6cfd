"""Measures the press against the plain chain of its own tools: python tests/benchmark.py.

The plain chain is Pandoc with citeproc to HTML, WeasyPrint to PDF, and Pandoc to EPUB, one after
another and nothing else. Both run in turn on the same generated essays; what counts is the
ratio, since machines differ and are noisy.
"""

from __future__ import annotations

import resource
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from playwright.sync_api import Page

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from offprint.project import PRESS
from tests.validators import browser

SIZES = {"S": 1_500, "M": 15_000}  # words
RUNS = 3
IDLE = "document.getElementById('work').textContent === '' && document.querySelector(" \
       "'iframe.front').contentDocument?.querySelector('article')"
PAPER = "document.getElementById('paper').src"
SHOWN = "document.querySelector('iframe.front').contentDocument.body.textContent.includes('%s')"

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
    print_watch()


def print_watch() -> None:
    """Print how soon a browser has a save of this repository's essay, beside a build.

    The PDF that comes first may be a proof; the files are those of the edition.
    """
    with tempfile.TemporaryDirectory() as folder:
        for name in ("manuscript", "bibliography"):
            shutil.copytree(PRESS / name, Path(folder) / name)
        command = [sys.executable, str(PRESS / "build.py"), "--project", folder]
        cold = statistics.median(
            measure([*command, "--quiet", "html", "pdf"]) for _ in range(RUNS))
        print(f"\n{'a cold build of HTML and PDF':36}{cold:6.2f} s")
        for name, seconds in measure_watch(Path(folder), command).items():
            print(f"{'watch, ' + name:36}{seconds:6.2f} s{seconds / cold:8.2f}")


def measure_watch(root: Path, command: list[str]) -> dict[str, float]:
    """Return the medians of the seconds from a save until a browser has what has changed."""
    essay = root / "manuscript/essay.md"
    source = essay.read_text(encoding="utf-8")
    heading = source.rindex("\n## ")  # an earlier one would move what corrections number
    edits = {
        "words of a paragraph": lambda mark: source.replace("Dulles saw", f"Dulles {mark} saw"),
        "a new paragraph": lambda mark: f"{source[:heading]}\n\nA {mark}.\n{source[heading:]}",
        "words of a heading": lambda mark: source[:heading] + source[heading:].replace(
            "\n## ", f"\n## {mark} ", 1)}
    seen: dict[str, list[float]] = {}
    with subprocess.Popen([*command, "watch", "--no-open", "--port", "0"], text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as press:
        assert press.stdout
        try:
            with browser() as chromium:
                page = chromium.new_page(viewport={"width": 1500, "height": 900})
                page.goto(press.stdout.readline().split()[0])
                wait_for(page, IDLE)
                for run in range(RUNS):
                    for name, edit in edits.items():
                        wait_for(page, IDLE)
                        time.sleep(1)  # until the browser has the last of it
                        before = page.evaluate(PAPER)
                        begun = time.perf_counter()
                        essay.write_text(edit(f"x{run}x"), encoding="utf-8")
                        wait_for(page, SHOWN % f"x{run}x")
                        page_shown = time.perf_counter() - begun
                        wait_for(page, f"{PAPER} !== '{before}'")
                        page.evaluate(f"fetch({PAPER}).then((paper) => paper.arrayBuffer())")
                        paper_shown = time.perf_counter() - begun
                        time.sleep(0.1)  # until the work that follows has begun
                        wait_for(page, IDLE)
                        for what, took in (("page", page_shown), ("PDF", paper_shown),
                                           ("files", time.perf_counter() - begun)):
                            seen.setdefault(f"{name}: {what}", []).append(took)
                        essay.write_text(source, encoding="utf-8")
                        wait_for(page, f"!({SHOWN % f'x{run}x'})")
                        time.sleep(0.1)
        finally:
            press.send_signal(signal.SIGINT)
    return {name: statistics.median(times) for name, times in seen.items()}


def wait_for(page: Page, condition: str) -> None:
    """Wait until a condition is true in the page."""
    page.wait_for_function(condition, polling=20, timeout=120_000)


if __name__ == "__main__":
    main()
