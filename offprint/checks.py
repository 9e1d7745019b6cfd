"""Finds everything that an author can get wrong, before a page is set, all at once.

Each check is one rule over the edition and its text. Pandoc's tree says what is wrong; it knows
no lines, so the place is where the words in question stand in the manuscript.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import NamedTuple
from urllib.parse import unquote

from lxml import etree
from PIL import Image

from . import pandoc
from .accessibility import find_barriers
from .body import PICTURE_TYPES
from .collation import check_changes, check_corrections, missing_key
from .corrections import CITED_KEY
from .document import Element, attribute, citation_keys, elements, has_class, plain_text, walk
from .edition import Edition
from .fonts import CODE_FAMILY, has_small_capitals, missing_characters
from .paragraphs import find_paragraphs
from .problems import Problem, ProblemsFoundError, suggestion
from .records import YamlData
from .templating import languages
from .text import Text, cited_keys, image_path, is_timeline, read_text
from .timeline import cited_sources, read_timeline

SCHEMES = ("https", "http", "mailto", "doi")
WITH_ATTRIBUTES = (
    "Header", "Div", "Span", "Figure", "Image", "Link", "Code", "CodeBlock", "Table")
# Fields of sources that no citation style prints.
UNPRINTED = ("abstract", "keywords", "file", "comment", "annote", "annotation", "owner",
             "timestamp")
PICTURES = (*PICTURE_TYPES, ".yaml")
# The first and the last line of a block of code, which may stand in a list, quotation or note.
OPENING_FENCE = re.compile(
    r"(?:\s*(?:>|(?:[-*+:~]|\(?[#\w]{1,9}[.)]|\[\^[^\]\s]+\]:)\s+))*"
    r"\s*(`{3,}|~{3,})(.*)")
CLOSING_FENCE = re.compile(r"(?:\s*>)*\s*(`{3,}|~{3,})(.*)")
TASKS = set("☐☒")  # how Pandoc reads [ ] and [x] in a list, and not how they are printed


class Checked(NamedTuple):
    """A text in which no problem was found, the notes on it, and whether nobody is kept out."""

    text: Text
    notes: list[Problem]
    accessible: bool


def check_edition(edition: Edition) -> Checked:
    """Return the text of `edition`, read by Pandoc, and the notes on it.

    Raises ProblemsFoundError with every problem and note, where there is a problem.
    """
    problems = list(edition.problems)
    text, barriers = None, []
    if edition.manuscript.body.strip():
        try:
            text = read_text(edition)
        except ProblemsFoundError as error:
            problems += error.problems
    elif not edition.problems:
        problems.append(Problem(edition.manuscript.file, 0, "the essay has no text",
                                "write it below the front matter"))
    if text:
        for check in CHECKS:
            problems += check(edition, text)
        barriers = find_barriers(edition, text)
        problems += barriers
    if text is None or any(not problem.note for problem in problems):
        raise ProblemsFoundError(problems)
    return Checked(text, sorted(set(problems)), not barriers)


def describe_checks(edition: Edition, checked: Checked) -> tuple[str, ...]:
    """Return what has been checked in a text without problems, in words."""
    cited = len(cited_keys(edition, checked.text) & edition.bibliography.entries.keys())
    corrected = len(edition.corrections.all)
    text = ["Text: links, pictures, headings and letters are sound",
            *([f"sources found: {cited}"] if cited else []),
            *([f"corrections that agree with it: {corrected}"] if corrected else [])]
    readers = ["Readers: nothing found that keeps one out"] if checked.accessible else []
    return ("; ".join(text), *readers)


def check_citations(edition: Edition, text: Text) -> Iterator[Problem]:
    """Every key that is cited, in the essay or in a correction, is in the bibliography."""
    known = edition.bibliography.entries
    cited = citation_keys(text.blocks)
    if cited and not edition.project.references.is_file():
        yield Problem(edition.bibliography.file, 0, "there is no bibliography, and the essay "
                      f'cites "{min(cited)}"', "write the sources there, in BibLaTeX")
        return
    checked_elsewhere = {key for entry in edition.corrections.all for key in entry.keys}
    for blocks, kept in (([*text.front, *text.essay], set()), (text.back, checked_elsewhere)):
        for key in sorted(citation_keys(blocks) - known.keys() - kept):
            mark = re.compile(rf"@\{{?{re.escape(key)}(?![\w:.#$%&+?<>~/-]*\w)")
            for file, line in edition.places_of(mark):
                yield missing_key(edition, file, line, key)


def check_nocite(edition: Edition, text: Text) -> Iterator[Problem]:
    """Every key that the front matter lists without citing it is in the bibliography."""
    for item in edition.front.nocite:
        for key in (name.strip().removeprefix("@") for name in item.split(",")):
            if key and key != "*" and key not in edition.bibliography.entries:
                line = _front_line(edition, "nocite")
                yield missing_key(edition, edition.manuscript.file, line, key)


def check_unused(edition: Edition, text: Text) -> Iterator[Problem]:
    """A source that nothing cites is worth a note; nocite says that it is meant so."""
    cited = cited_keys(edition, text) | {
        key for correction in edition.corrections.all for key in correction.keys} | {
        edition.corrections.replaces or ""}
    if "*" in cited:
        return
    for key in sorted(edition.bibliography.entries.keys() - cited):
        yield Problem(edition.bibliography.file, edition.bibliography.line_of(key),
                      f'nothing cites "{key}"',
                      "cite it, remove it, or list it under nocite: in the front matter",
                      note=True)


def check_notes(edition: Edition, text: Text) -> Iterator[Problem]:
    """Every reference to a footnote has its footnote, and every footnote has words."""
    for note in elements(text.essay, "Note"):
        if not plain_text(note["c"]) and not any(True for _ in elements(note["c"], "Cite")):
            yield _at(edition, "^[", "a footnote has no words", "write some, or remove it")
    uncalled = {label for word in elements(text.essay, "Str")
                for label in re.findall(r"\[\^([^\]\s]+)\]", word["c"])}
    for label in sorted(uncalled):
        for file, line in edition.places_of(f"[^{label}]"):
            yield Problem(file, line, f'there is no footnote "[^{label}]"',
                          f"write it on a line of its own: [^{label}]: …")


def check_links(edition: Edition, text: Text) -> Iterator[Problem]:
    """Every link leads somewhere: to a place in this text, or to a full address."""
    places = {*_identifiers(text.blocks), *(f"ref-{key}" for key in cited_keys(edition, text)),
              *(f"p{number}" for number, _ in enumerate(find_paragraphs(text.essay), 1))}
    for link in elements(text.blocks, "Link"):
        target = link["c"][2][0]
        if target.startswith("#"):
            if target[1:] not in places:
                yield _at(edition, f"({target}", f'the link to "{target}" leads nowhere',
                          suggestion(target[1:], places, "give the place an identifier, {#…}"))
        elif _scheme(target) and _scheme(target) not in SCHEMES:
            yield _at(edition, target, f'the link to "{target}" is of a kind that is not printed',
                      "use " + ", ".join(f"{scheme}:" for scheme in SCHEMES))
        elif not _scheme(target):
            yield _at(edition, target, f'the link to "{target}" leads to a file outside the essay',
                      "give the full address; readers of the PDF do not have the file")


def check_pictures(edition: Edition, text: Text) -> Iterator[Problem]:
    """Every image is a file of the publication and says in words what it shows."""
    for image in elements(text.blocks, "Image"):
        source = unquote(image["c"][2][0])
        path = image_path(edition, image)
        if _scheme(source) in ("http", "https"):
            yield _at(edition, source, f'the image "{source}" is on the network',
                      "save it in manuscript/figures and name that file")
        elif PurePosixPath(source).suffix.lower() not in PICTURES:
            yield _at(edition, source, f'"{source}" is not an image that can be printed',
                      "use " + ", ".join(PICTURES[:-1]) + ", or a timeline in .yaml")
        elif not path.is_file() or not edition.project.contains(path):
            files = [found.relative_to(edition.project.manuscript).as_posix()
                     for found in edition.project.manuscript.rglob("*.*")]
            yield _at(edition, image["c"][2][0], f'there is no image "{source}"',
                      suggestion(source, files, "give its path from the folder of the essay"))
        elif path.suffix.lower() != ".yaml" and not _is_picture(path):
            yield _at(edition, source, f'"{source}" cannot be read as an image',
                      "save it anew, in the format that its ending names")
        if not (plain_text(image["c"][1]) or dict(attribute(image)[2]).get("alt")):
            yield _at(edition, image["c"][2][0], f'the image "{source}" has no text alternative',
                      'say what it shows: ![caption](file){alt="…"}')


def _is_picture(path: Path) -> bool:
    try:
        if path.suffix.lower() == ".svg":
            return bool(etree.QName(etree.parse(path).getroot()).localname == "svg")
        with Image.open(path) as picture:
            picture.verify()
    except (OSError, ValueError, SyntaxError, etree.XMLSyntaxError, Image.DecompressionBombError):
        return False
    return True


def check_timelines(edition: Edition, text: Text) -> Iterator[Problem]:
    """The data of every timeline can be drawn, and its sources are known."""
    for image in elements(text.blocks, "Image"):
        path = image_path(edition, image)
        if not is_timeline(edition, path):
            continue
        file = edition.project.name(path)
        timeline, problems = read_timeline(path, file)
        yield from problems
        if timeline:
            data = YamlData(path.read_text(encoding="utf-8"), file)
            for number, sources in cited_sources(timeline):
                line = data.line(("events", number, "sources"))
                for key in CITED_KEY.findall(sources):
                    if key not in edition.bibliography.entries:
                        yield missing_key(edition, file, line, key)


def check_headings(edition: Edition, text: Text) -> Iterator[Problem]:
    """Headings go down one level at a time."""
    before = 1
    for header in elements(text.essay, "Header"):
        level, _, inlines = header["c"]
        words = plain_text(inlines)
        if level > before + 1:
            yield _at(edition, words, f"the heading “{words}” skips a level",
                      "give it one # more than the heading above it, or as many, or fewer")
        if not words:
            yield _at(edition, "#", "a heading has no words", "write some, or remove it")
        before = level


def check_near_markdown(edition: Edition, text: Text) -> Iterator[Problem]:
    """What was meant as a mark is one: headings with their space, no traces of a merge."""
    code = _blocks_of_code(edition.manuscript.body)
    for number, line in enumerate(edition.manuscript.body.split("\n"), 1):
        if re.match(r"#{1,6}[^\W\d]", line) and not any(number in block for block in code):
            yield Problem(edition.manuscript.file, number,
                          "a heading without a space after its #",
                          "put one there; for a line that begins with #, write \\#")
        if re.match(r"(<{7}|>{7}) ", line):
            yield Problem(edition.manuscript.file, number,
                          "a conflict of versions is not resolved",
                          "choose one version, and remove the marks of git")


def check_raw(edition: Edition, text: Text) -> Iterator[Problem]:
    """All words are Markdown alone: HTML would be lost in one edition or another."""
    for element in walk(text.blocks):
        if element["t"] in ("RawInline", "RawBlock"):
            raw = element["c"][1].strip()
            yield _at(edition, raw.splitlines()[0], f"raw {element['c'][0]}: “{raw[:40]}”",
                      "write it in Markdown; for a class, [words]{.name}")
        for name, _ in attribute(element)[2] if element["t"] in WITH_ATTRIBUTES else ():
            if name == "style" or name.startswith("on"):
                yield _at(edition, f"{name}=", f'the attribute "{name}" is not printed',
                          "give a class, {.name}, and set its looks in a style sheet")


def check_foreign_marks(edition: Edition, text: Text) -> Iterator[Problem]:
    """Marks that other tools read, and that would be printed as they stand, are replaced."""
    for word in elements(text.essay, "Str"):
        if "{{<" in word["c"]:
            yield from _everywhere(edition, "{{<", "a shortcode of Quarto, {{< … >}}",
                                   "write here what it would insert, or remove it")
        if "@ref(" in word["c"]:
            yield from _everywhere(edition, "\\@ref(", "a reference of bookdown, \\@ref(…)",
                                   "write a link: [words](#place)")
        for name in re.findall(r"\\[A-Za-z]+(?=[{\[])", word["c"]):
            yield from _everywhere(edition, name, f"a command of TeX, {name}",
                                   "write it in Markdown: [words](#place) leads to a place; "
                                   "to show the command, put it between backticks")
    for code in elements(text.essay, "Code"):
        if found := re.match(r"\{(?:r|python|julia|ojs|mermaid|dot)\b|r \w+[($\[]",
                             code["c"][1]):
            yield from _everywhere(
                edition, f"`{found[0]}", f"code that another tool runs, `{found[0]}…",
                "put its result here; to show it as code, write it without its mark")


def check_formulas(edition: Edition, text: Text) -> Iterator[Problem]:
    """Every formula can be set in plain letters, as far as Pandoc can do that."""
    formulas = [{"t": "Para", "c": [formula]} for formula in elements(text.blocks, "Math")]
    try:
        if formulas:
            pandoc.render_html(text.as_document(formulas), edition.manuscript.file)
    except ProblemsFoundError as error:
        for problem in error.problems:
            formula = problem.what.partition("“")[2].rpartition("”")[0]
            words = re.compile(r"\s+".join(map(re.escape, formula.split())))
            source = edition.manuscript.source
            found = words.search(source)
            yield replace(problem, line=source.count("\n", 0, found.start()) + 1 if found else 0)


def check_fences(edition: Edition, text: Text) -> Iterator[Problem]:
    """Every block of code that is opened is closed."""
    lines = edition.manuscript.body.split("\n")
    for block in _blocks_of_code(edition.manuscript.body):
        if block.stop > len(lines):
            fence = re.match(r"[`~]+", lines[block.start - 1].strip())
            yield Problem(edition.manuscript.file, block.start,
                          "the code that begins here never ends",
                          f"end it with a line {fence[0] if fence else '```'}")


def check_characters(edition: Edition, text: Text) -> Iterator[Problem]:
    """Every character is in a typeface of the edition."""
    code = {char for element in elements(text.blocks, "Code", "CodeBlock")
            for char in element["c"][1]}
    prose = {char for element in elements(text.blocks, "Str") for char in element["c"]}
    prose |= {char for entry in edition.bibliography.entries.values()
              for name, value in entry.fields.items() if name not in UNPRINTED for char in value}
    control = {char for char in code | prose | set(edition.manuscript.body)
               if unicodedata.category(char) == "Cc"} - set("\n\t\r")
    for char in sorted(missing_characters("".join(prose - TASKS), edition.theme.typeface)
                       | missing_characters("".join(code), CODE_FAMILY) | control):
        remedy = "write it in other letters, or as an image"
        shown = f"“{char}” " if char.isprintable() else ""
        what = f"no typeface of this edition has {shown}(U+{ord(char):04X})"
        lines = edition.manuscript.lines_with(char)
        for line in lines:
            yield Problem(edition.manuscript.file, line, what, remedy)
        if not lines:
            yield Problem(_other_file_with(edition, char), 0, what, remedy)


def check_small_capitals(edition: Edition, text: Text) -> Iterator[Problem]:
    """Small capitals that an author asks for are in the typeface."""
    if not has_small_capitals(edition.theme.typeface):
        for span in elements(text.essay, "Span"):
            if has_class(span, "smallcaps"):
                yield replace(_at(
                    edition, ".smallcaps", f"{edition.theme.typeface} has no small capitals",
                    "these words are set in plain letters; choose another typeface for them"),
                    note=True)


def check_language(edition: Edition, text: Text) -> Iterator[Problem]:
    """The press says its own few words in the language of the essay, where it knows it."""
    if edition.front.lang.split("-")[0] not in languages(edition.own_templates):
        yield Problem(edition.manuscript.file, _front_line(edition, "lang"),
                      f'the press has no words of its own in "{edition.front.lang}"',
                      "headings such as “Notes” are in English; templates/words.yaml of the "
                      "publication can say them", note=True)


CHECKS = (
    check_citations, check_nocite, check_unused, check_notes, check_links, check_pictures,
    check_timelines, check_headings, check_near_markdown, check_raw, check_foreign_marks,
    check_fences, check_formulas, check_characters, check_small_capitals, check_language,
    check_corrections, check_changes)


def _blocks_of_code(markdown: str) -> list[range]:
    """Return the numbers of the lines of each block of code between fences, fences included.

    One that is never closed goes on to a line beyond the last.
    """
    blocks, opened, start = [], "", 0
    lines = markdown.split("\n")
    for number, line in enumerate(lines, 1):
        fence = re.match(CLOSING_FENCE if opened else OPENING_FENCE, line)
        if fence and not opened and "`" not in fence[2]:
            opened, start = fence[1], number
        elif fence and opened and fence[1].startswith(opened) and not fence[2].strip():
            opened = ""
            blocks.append(range(start, number + 1))
    return [*blocks, range(start, len(lines) + 2)] if opened else blocks


def _scheme(address: str) -> str:
    """Return what stands before the colon of an address, such as https."""
    found = re.match(r"([a-z][a-z0-9+.-]*):", address, re.I)
    return found[1].lower() if found else ""


def _identifiers(blocks: list[Element]) -> Iterator[str]:
    """Yield the identifier of every element that has one."""
    for element in walk(blocks):
        if element["t"] in WITH_ATTRIBUTES and attribute(element)[0]:
            yield attribute(element)[0]


def _at(edition: Edition, words: str, what: str, remedy: str) -> Problem:
    """Return a problem at the first place where `words` stand in the sources."""
    file, line = edition.places_of(words)[0]
    return Problem(file, line, what, remedy)


def _everywhere(edition: Edition, words: str, what: str, remedy: str) -> Iterator[Problem]:
    """Yield a problem at each place where `words` stand in the sources."""
    for file, line in edition.places_of(words):
        yield Problem(file, line, what, remedy)


def _front_line(edition: Edition, name: str) -> int:
    return next(iter(edition.manuscript.lines_with(re.compile(rf"^{name}\s*:"))), 1)


def _other_file_with(edition: Edition, char: str) -> str:
    in_references = any(char in value for entry in edition.bibliography.entries.values()
                        for value in entry.fields.values())
    in_corrections = edition.corrections.lines_with(char)
    return (edition.bibliography.file if in_references else
            edition.corrections.file if in_corrections else edition.manuscript.file)
