"""Makes the pictures of README and docs: python -m tests.pictures.

Those of the bookish design are made from output/, and need `python3 build.py` and
`python3 build.py booklet handout large-print` before; for the modern design, the essay is built
anew with another line in its front matter, and the tutorial is followed to its end.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pypdfium2
from PIL import Image

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from offprint.project import PRESS
from tests.conftest import copy_press
from tests.tutorial import follow_tutorial
from tests.validators import browser

PAGES = (7, 8)  # an opening of the text: left and right page, counted from 0


def make_pages(pdf: Path, picture: Path) -> None:
    """Draw an opening of the PDF, two pages side by side."""
    document = pypdfium2.PdfDocument(pdf)
    left, right = (document[number].render(scale=1.6).to_pil() for number in PAGES)
    sheet = Image.new("RGB", (left.width * 2 + 3, left.height), "#999")
    sheet.paste(left, (0, 0))
    sheet.paste(right, (left.width + 3, 0))
    sheet.quantize(32).save(picture, optimize=True)


def make_sheets(output: Path, picture: Path) -> None:
    """Draw sheets of A4 beside one another: booklet, front and back, handout, large print."""
    chosen = (("booklet", 0), ("booklet", 1), ("handout", 3), ("large-print", 7))
    sheets = [pypdfium2.PdfDocument(output / f"essay-{form}-a4.pdf")[side]
              for form, side in chosen]
    drawn = [sheet.render(scale=0.46).to_pil() for sheet in sheets]
    gap, tallest = 14, max(sheet.height for sheet in drawn)
    row = Image.new("RGB", (sum(sheet.width + gap for sheet in drawn) + gap, tallest + 2 * gap),
                    "#999")
    x = gap
    for sheet in drawn:
        row.paste(sheet, (x, gap + (tallest - sheet.height) // 2))
        x += sheet.width + gap
    row.quantize(16).save(picture, optimize=True)


def make_tutorial(essay: Path, picture: Path) -> None:
    """Draw the first page of the corrected essay of the tutorial, and its slip for old copies."""
    page, slips = (pypdfium2.PdfDocument(essay / "output" / name)[0].render(scale=1.6).to_pil()
                   for name in ("essay.pdf", "errata-1.0.0-a4.pdf"))
    height = page.height * 5 // 11
    left = page.crop((0, 0, page.width, height))
    right = slips.crop((0, 0, slips.width * 5 // 9, height))
    sheet = Image.new("RGB", (left.width + right.width + 3, height), "#999")
    sheet.paste(left, (0, 0))
    sheet.paste(right, (left.width + 3, 0))
    sheet.quantize(32).save(picture, optimize=True)


def make_screen(page: Path, picture: Path) -> None:
    """Photograph the HTML page on a wide screen."""
    with browser() as chromium:
        tab = chromium.new_page(viewport={"width": 1440, "height": 1010}, reduced_motion="reduce")
        tab.goto(page.as_uri())
        tab.locator("#before-the-offer-19491953").scroll_into_view_if_needed()
        tab.evaluate("document.querySelector('#before-the-offer-19491953').scrollIntoView()")
        tab.wait_for_timeout(300)
        tab.screenshot(path=picture)
    Image.open(picture).convert("RGB").quantize(48).save(picture, optimize=True)


def build_modern(folder: Path) -> Path:
    """Build the essay of this repository in the modern design; return where the editions are."""
    for name in ("manuscript", "bibliography"):
        shutil.copytree(PRESS / name, folder / name)
    essay = folder / "manuscript/essay.md"
    front = essay.read_text(encoding="utf-8").removeprefix("---\n")
    essay.write_text(f"---\ntheme: modern\n{front}", encoding="utf-8")
    subprocess.run([sys.executable, PRESS / "build.py", "--project", folder, "--quiet"],
                   check=True)
    return folder / "output"


if __name__ == "__main__":
    make_pages(PRESS / "output/essay.pdf", PRESS / "docs/pages.png")
    make_sheets(PRESS / "output", PRESS / "docs/print.png")
    make_screen(PRESS / "output/essay.html", PRESS / "docs/screen.png")
    with tempfile.TemporaryDirectory() as made:
        for _ in follow_tutorial(copy_press(Path(made))):
            pass
        make_tutorial(Path(made, "first-essay"), PRESS / "docs/tutorial.png")
    with tempfile.TemporaryDirectory() as made:
        output = build_modern(Path(made))
        make_pages(output / "essay.pdf", PRESS / "docs/modern-pages.png")
        make_screen(output / "essay.html", PRESS / "docs/modern-screen.png")
