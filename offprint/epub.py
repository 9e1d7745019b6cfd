"""Turns the text into the EPUB edition: Pandoc writes it, and what it leaves out is added.

Added are the roles, names and ways back that reading systems and screen readers use, and a
packing that gives the same bytes for the same text.
"""

from __future__ import annotations

import io
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path, PurePosixPath

import yaml
from lxml import etree

from . import pandoc
from .body import Element, break_addresses, remove
from .document import plain_text, shift_headings
from .edition import Edition
from .fonts import Cut
from .licenses import license_of
from .project import TEMPLATES
from .tables import mark_table_heads
from .templating import read_template, render
from .text import Text

# An essay is one file of the EPUB; a long one, a file for each section.
LONG_ESSAY = 20_000  # words

XHTML = "{http://www.w3.org/1999/xhtml}"
OPF = "{http://www.idpf.org/2007/opf}"
TYPE = "{http://www.idpf.org/2007/ops}type"
NAMES = {"h": XHTML[1:-1], "opf": OPF[1:-1]}

# Our sections by their ARIA role, and what EPUB 3 calls them (EPUB SSV 1.1).
TYPES = {"doc-appendix": "appendix", "doc-bibliography": "bibliography",
         "doc-colophon": "colophon", "doc-abstract": "abstract"}

DATE = (1980, 1, 1, 0, 0, 0)  # the earliest that a zip archive can hold


def render_epub(
    edition: Edition, text: Text, cuts: tuple[Cut, ...], cover: bytes | None
) -> bytes:
    """Return the EPUB edition; `cover` is a PNG, or None for an edition without one."""
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        arguments = _write_parts(edition, text, cuts, cover, work)
        pandoc.write_epub(text.as_document(_arrange(text)), work / "essay.epub", arguments,
                          edition.moment, edition.manuscript.file)
        files = _read_archive(work / "essay.epub")
    for name, mend in _mends(edition, files):
        tree = etree.fromstring(files[name])
        mend(tree)
        files[name] = etree.tostring(tree, xml_declaration=True, encoding="UTF-8",
                                     doctype=None if name.endswith(".opf") else "<!DOCTYPE html>")
    del files["META-INF/com.apple.ibooks.display-options.xml"]
    return _pack(files)


def _arrange(text: Text) -> list[dict[str, object]]:
    """Return the blocks with the sections of the back matter raised to files of their own."""
    return [*text.front, *text.essay, *shift_headings(text.back, -1)]


def _write_parts(
    edition: Edition, text: Text, cuts: tuple[Cut, ...], cover: bytes | None, work: Path
) -> list[str]:
    """Write what Pandoc is to put into the EPUB to `work`; return its arguments."""
    faces = render("fonts.css.j2", kind="truetype", fonts=[
        (cut.face, f"../fonts/{cut.face.name}.ttf") for cut in cuts])
    (work / "style.css").write_text(
        faces + read_template("type.css") + read_template("epub.css"), encoding="utf-8")
    (work / "about.yaml").write_text(
        yaml.safe_dump(_metadata(edition, text), allow_unicode=True), encoding="utf-8")
    words = len(plain_text(text.essay).split())
    arguments = [
        "--metadata-file", str(work / "about.yaml"), "--css", str(work / "style.css"),
        "--template", str(TEMPLATES / "epub.xhtml"), "--toc", "--toc-depth=2",
        "--epub-title-page=false", f"--split-level={2 if words > LONG_ESSAY else 1}",
        "--resource-path", str(edition.project.manuscript)]
    for cut in cuts:
        path = work / f"{cut.face.name}.ttf"
        path.write_bytes(cut.truetype)
        arguments += ["--epub-embed-font", str(path)]
    if cover:
        (work / "cover.png").write_bytes(cover)
        arguments += ["--epub-cover-image", str(work / "cover.png"),
                      "-V", f"cover-alt={text.title}"]
    return arguments


def _metadata(edition: Edition, text: Text) -> dict[str, object]:
    """Return what the package says of the edition, in Pandoc's names."""
    front = edition.front
    pictures = text.has_pictures
    about: dict[str, object] = {
        "title": text.title, "lang": front.lang, "date": front.date.isoformat(),
        "creator": [{"role": "author", "text": author.display, "file-as": author.sorted}
                    for author in front.author],
        "identifier": front.doi or front.url or edition.identifier,
        "accessModes": ["textual", "visual"] if pictures else ["textual"],
        "accessModeSufficient": ["textual"],
        "accessibilityFeatures": [
            "structuralNavigation", "tableOfContents", "readingOrder",
            *(["alternativeText"] if pictures else [])],
        "accessibilityHazards": ["none"]}
    if front.keywords:
        about["subject"] = list(front.keywords)
    if front.abstract:
        about["description"] = " ".join(front.abstract.split())
    if front.publisher:
        about["publisher"] = front.publisher
    if license_of(front.license).name:
        about["rights"] = license_of(front.license).name
    return about


def _mends(
    edition: Edition, files: dict[str, bytes]
) -> Iterator[tuple[str, Callable[[Element], None]]]:
    """Yield each file that needs mending, with the function that mends it."""
    for name in sorted(files):
        if name.endswith("content.opf"):
            yield name, _mend_package
        elif name.endswith("nav.xhtml"):
            yield name, lambda tree: _mend_navigation(tree, edition)
        elif name.endswith(".xhtml"):
            yield name, lambda tree: _mend_chapter(tree, edition)


def _mend_chapter(tree: Element, edition: Edition) -> None:
    _name_chapter(tree)
    for element in tree.iter(f"{XHTML}section", f"{XHTML}div"):
        if element.get("role") in TYPES:
            element.set(TYPE, TYPES[element.get("role", "")])
    for rule in tree.findall(".//h:section[@epub:type='footnotes']/h:hr",
                             {**NAMES, "epub": TYPE[1:-5]}):
        remove(rule)
    for number, note in _notes(tree):
        _number_note(note, number, edition.words["back"])
    _with_plain_names(tree, mark_table_heads)
    _with_plain_names(tree, break_addresses)


def _name_chapter(tree: Element) -> None:
    """Give a file the words of its first heading as its title."""
    title = tree.find(".//h:title", NAMES)
    heading = next(tree.iter(f"{XHTML}h1", f"{XHTML}h2"), None)
    if title is not None and heading is not None:
        title.text = " ".join("".join(heading.itertext()).split())


def _notes(tree: Element) -> Iterator[tuple[str, Element]]:
    for aside in tree.iter(f"{XHTML}aside"):
        if aside.get("role") == "doc-footnote":
            yield (aside.get("id") or "").removeprefix("fn"), aside


def _number_note(note: Element, number: str, words: str) -> None:
    """Begin a note with its number, which leads back to its call."""
    first = note[0]
    back = etree.Element(f"{XHTML}a", {
        "href": f"#fnref{number}", "role": "doc-backlink", TYPE: "backlink",
        "title": f"{words} {number}"})
    back.text = f"{number}."
    back.tail = f" {first.text or ''}"
    if first.tag == f"{XHTML}p":
        first.text = ""
        first.insert(0, back)
    else:
        back.tail = " "
        opening = etree.Element(f"{XHTML}p")
        opening.append(back)
        note.insert(0, opening)


def _with_plain_names(tree: Element, change: Callable[[Element], None]) -> None:
    """Apply `change`, which knows plain HTML names, to XHTML."""
    named = [element for element in tree.iter()
             if isinstance(element.tag, str) and element.tag.startswith(XHTML)]
    for element in named:
        element.tag = element.tag.removeprefix(XHTML)
    change(tree)
    for element in tree.iter():
        if isinstance(element.tag, str) and not element.tag.startswith("{"):
            element.tag = XHTML + element.tag


def _mend_navigation(tree: Element, edition: Edition) -> None:
    """Name the contents in the language of the essay, and the places a reader looks for."""
    heading = tree.find(".//h:h1", NAMES)
    if heading is not None:
        heading.text = edition.words["contents"]
    title = tree.find(".//h:title", NAMES)
    if title is not None:
        title.text = edition.words["contents"]
    landmarks = tree.find(".//h:nav[@id='landmarks']/h:ol", NAMES)
    contents = tree.find(".//h:nav[@id='toc']//h:a", NAMES)
    if landmarks is None or contents is None:
        return
    for link in landmarks.iter(f"{XHTML}a"):
        if link.get(TYPE) == "toc":
            link.text = edition.words["contents"]
    item = etree.SubElement(landmarks, f"{XHTML}li")
    start = etree.SubElement(item, f"{XHTML}a", {"href": contents.get("href", ""),
                                                 TYPE: "bodymatter"})
    start.text = "".join(contents.itertext())


def _mend_package(tree: Element) -> None:
    """Take out the guide, which EPUB 3 has replaced by landmarks."""
    for guide in tree.findall("opf:guide", NAMES):
        remove(guide)


def _read_archive(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()
                if not name.endswith("/")}


def _pack(files: dict[str, bytes]) -> bytes:
    """Return `files` as an EPUB archive: mimetype first and stored, the rest by name."""
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        for name in sorted(files, key=lambda name: (name != "mimetype", PurePosixPath(name))):
            entry = zipfile.ZipInfo(name, DATE)
            entry.compress_type = (
                zipfile.ZIP_STORED if name == "mimetype" else zipfile.ZIP_DEFLATED)
            entry.create_system, entry.external_attr = 3, 0o644 << 16
            archive.writestr(entry, files[name])
    return data.getvalue()

