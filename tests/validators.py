"""The judges of finished editions, as the tests call them, and facts about PDF files.

A test says `assert not epub_messages(path)`, and pytest shows what was wrong. A missing tool
skips the test (see conftest.py); in CI it fails it.
"""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pikepdf

from offprint.validators import (
    ace_violations,
    axe_violations,
    browser,
    epub_messages,
    html_messages,
    needs,
    pdf_findings,
    qpdf_messages,
)

__all__ = [
    "ace_violations", "axe_violations", "browser", "epub_messages", "html_messages", "needs",
    "pdf_findings", "pdf_fonts", "pdf_text", "qpdf_messages"]


def pdf_text(path: str | Path) -> list[str]:
    """Return the text of a PDF as a reader would copy it, one string for each page."""
    command = [needs("pdftotext"), "-enc", "UTF-8", str(path), "-"]
    text = subprocess.run(command, check=True, capture_output=True, encoding="utf-8").stdout
    return text.split("\f")[:-1]


def pdf_fonts(path: str | Path) -> set[str]:
    """Return the names of the font families embedded in a PDF, without subset prefixes."""
    with pikepdf.open(str(path)) as pdf:
        return {
            str(thing.get("/FontFamily") or re.sub(r"^/([A-Z]{6}\+)?", "", str(thing.FontName)))
            for thing in pdf.objects
            if isinstance(thing, pikepdf.Dictionary)
            and {"/FontFile", "/FontFile2", "/FontFile3"} & set(thing.keys())
        }
