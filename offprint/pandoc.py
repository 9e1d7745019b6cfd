"""Runs Pandoc, and nothing else does: Markdown to a document, a document to HTML and EPUB.

Every run is one process that reads standard input and sees no file that is not named to it.
A document is Pandoc's own syntax tree as JSON values: {"blocks": […], "meta": {…}, …}.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Sequence
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

import pypandoc

from .problems import Problem, ProblemsFoundError, ToolError
from .progress import quote_tool

Document = dict[str, Any]

# Pandoc's own Markdown, less TeX, which neither HTML nor EPUB can show.
MARKDOWN = "markdown-raw_tex-latex_macros"
# What Pandoc warns of that an author can cause, in our words.
WARNINGS = (
    (r"Div at (?:\S* )?line (?P<line>\d+) .*unclosed", "the block that begins here never ends",
     "end it with a line :::"),
    (r"Duplicate identifier '(?P<name>.+?)' at (?:\S* )?line (?P<line>\d+)",
     "two places have the identifier “{name}”", "give one of them another"),
    (r"Note with key '(?P<name>.+?)' defined at (?:\S* )?line (?P<line>\d+)",
     "nothing calls the note “[^{name}]”", "call it, or remove it"),
    (r"Duplicate note reference '(?P<name>.+?)' at (?:\S* )?line (?P<line>\d+)",
     "the note “[^{name}]” is written twice", "give one of the two another name"),
    (r"Could not convert TeX math (?P<name>.+?) ?, rendering as TeX",
     "the formula “{name}” cannot be set",
     "write it with plainer commands, or put it in as a picture"),
)
WRITING = ("--wrap=none", "--syntax-highlighting=none", "--email-obfuscation=none")


def read_markdown(text: str, file: str) -> Document:
    """Return Markdown `text` as a document, citations not yet resolved.

    Raises ProblemsFoundError for what Pandoc warns of, at its line in `file`.
    """
    document: Document = json.loads(_run(["-f", MARKDOWN, "-t", "json"], text.encode(), file))
    return document


def resolve_citations(
    document: Document, style: Path, references: Path, lang: str, file: str
) -> Document:
    """Return `document` with its citations and its bibliography in the words of `style`."""
    bibliography = ["--bibliography", str(references)] if references.exists() else []
    arguments = [
        "-f", "json", "-t", "json", "--citeproc", "--csl", str(style), *bibliography,
        "-M", f"lang={lang}", "-M", "link-citations=true"]
    resolved: Document = json.loads(_run(arguments, json.dumps(document).encode(), file))
    return resolved


def render_html(document: Document, file: str) -> str:
    """Return `document` as an HTML fragment, a section for every heading."""
    arguments = ["-f", "json", "-t", "html5", "--section-divs", *WRITING]
    return _run(arguments, json.dumps(document).encode(), file).decode()


def write_epub(
    document: Document, path: Path, arguments: Sequence[str], moment: int, file: str
) -> None:
    """Write `document` to `path` as EPUB 3; `moment` is its date in seconds since 1970."""
    _run(["-f", "json", "-t", "epub3", *WRITING, *arguments, "-o", str(path)],
         json.dumps(document).encode(), file, SOURCE_DATE_EPOCH=str(moment))


def render_reference(item: dict[str, Any], style: Path, lang: str, file: str) -> str:
    """Return a bibliography of the one CSL-JSON `item`, in the words of `style`, as HTML."""
    arguments = ["-f", "csljson", "-t", "html5", "--citeproc", "--csl", str(style),
                 "-M", f"lang={lang}", *WRITING]
    data = json.dumps([item]).encode()
    return _run_once(tuple(arguments), data, file, style.stat().st_mtime_ns).decode()


def render_fragment(markdown: str, style: Path, references: Path, lang: str, file: str) -> str:
    """Return a piece of Markdown as HTML, its citations in the words of `style`."""
    bibliography = ["--bibliography", str(references)] if references.exists() else []
    arguments = [
        "-f", MARKDOWN, "-t", "html5", "--citeproc", "--csl", str(style), *bibliography,
        "-M", f"lang={lang}", "-M", "link-citations=true"]
    return _run([*arguments, *WRITING], markdown.encode(), file).decode()


def read_references(path: Path, file: str) -> list[dict[str, Any]]:
    """Return the sources of a BibLaTeX file as CSL-JSON items."""
    items: list[dict[str, Any]] = json.loads(
        _run_once(("-f", "biblatex", "-t", "csljson"), path.read_bytes(), file))
    return items


def read_reference_values(path: Path, file: str) -> list[dict[str, Any]]:
    """Return the sources of a BibLaTeX file as Pandoc's metadata, which keeps marks in titles."""
    document = json.loads(_run_once(("-f", "biblatex", "-t", "json"), path.read_bytes(), file))
    references: list[dict[str, Any]] = document["meta"].get("references", {}).get("c", [])
    return references


def render_jats(document: Document, template: Path, file: str) -> bytes:
    """Return `document` as JATS (Archiving), in the frame of `template`."""
    arguments = ["-f", "json", "-t", "jats_archiving", "--wrap=none", "--template", str(template)]
    return _run(arguments, json.dumps(document).encode(), file)


def version() -> str:
    """Return the version of Pandoc."""
    return _run(["--version"], b"", "").decode().split()[1]


@cache
def _program() -> str:
    try:
        return str(pypandoc.get_pandoc_path())
    except OSError as error:
        raise ToolError(f"Pandoc is missing: {error}") from error


def _run(arguments: Sequence[str], data: bytes, file: str, **environment: str) -> bytes:
    """Run Pandoc and return its output; its warnings become problems in `file`."""
    done = subprocess.run(
        [_program(), *arguments], input=data, capture_output=True, check=False,
        # Pandoc reads the titles of a bibliography as English, or not, by the locale it runs in.
        env={**os.environ, "LC_ALL": "C.UTF-8", "LANG": "en_US.UTF-8", **environment})
    said = done.stderr.decode("utf-8", "replace").strip()
    quote_tool(["pandoc", *arguments], said)
    problems = [_problem(file, message, data) for message in _warnings(said)]
    if problems:
        raise ProblemsFoundError(problems)
    if done.returncode:
        raise ToolError(f"Pandoc failed ({done.returncode}): {said or 'it gave no reason'}")
    return done.stdout


@lru_cache(maxsize=16)
def _run_once(arguments: tuple[str, ...], data: bytes, file: str, age: int = 0) -> bytes:
    """Run Pandoc, or return what it has said to the same before; `age` is that of a style."""
    return _run(arguments, data, file)


def _warnings(said: str) -> list[str]:
    """Return the warnings in what Pandoc said, each on one line."""
    found = re.findall(r"^\[WARNING\] (.*(?:\n  .*)*)", said, re.M)
    return [" ".join(message.split()) for message in found]


def _problem(file: str, message: str, data: bytes) -> Problem:
    """Return a warning on `data` in our own words where we know it, else in Pandoc's."""
    for pattern, what, remedy in WARNINGS:
        if found := re.search(pattern, message):
            named = found.groupdict()
            line = _line_naming(named.get("name", ""), int(named.get("line", 0)), data)
            return Problem(file, line, what.format(**named), remedy)
    return Problem(file, 0, f"Pandoc warns: {message}")


def _line_naming(name: str, line: int, data: bytes) -> int:
    """Return the last line, up to `line`, that holds `name`: Pandoc tells where it noticed."""
    lines = data.decode().splitlines()[:line]
    return next((number for number in range(len(lines), 0, -1) if name in lines[number - 1]), line)
