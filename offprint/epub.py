"""Turns the text into the EPUB edition: Pandoc writes it, and what it leaves out is added.

Added are the roles, names and ways back that reading systems and screen readers use, and a
packing that gives the same bytes for the same text.
"""

from __future__ import annotations

import io
import re
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import yaml
from lxml import etree

from . import pandoc
from .body import BACK_MATTER
from .document import plain_text, shift_headings
from .edition import Edition
from .fonts import Cut
from .licenses import license_of
from .pages import PageMap, mark_pages
from .paragraphs import number_paragraphs
from .project import TEMPLATES
from .tables import mark_table_heads
from .templating import render
from .text import Text
from .tree import Element, break_addresses, remove

# An essay is one file of the EPUB; a long one, a file for each section.
LONG_ESSAY = 20_000  # words

XHTML = "{http://www.w3.org/1999/xhtml}"
OPF = "{http://www.idpf.org/2007/opf}"
TYPE = "{http://www.idpf.org/2007/ops}type"
NAMES = {"h": XHTML[1:-1], "opf": OPF[1:-1]}

# Our sections by their ARIA role, and what EPUB 3 calls them (EPUB SSV 1.1).
TYPES = {"doc-appendix": "appendix", "doc-bibliography": "bibliography",
         "doc-colophon": "colophon", "doc-abstract": "abstract"}

# In the words that EPUB Accessibility 1.1, 4.1, asks for.
CLAIM = "EPUB Accessibility 1.1 - WCAG 2.2 Level AA"

CHAPTER = re.compile(r"/ch\d+\.xhtml$")

DATE = (1980, 1, 1, 0, 0, 0)  # the earliest that a zip archive can hold


@dataclass(frozen=True)
class Places:
    """What can be cited, each as its label and the address of its place."""

    pages: list[tuple[str, str]]
    paragraphs: list[tuple[str, str]]


def render_epub(
    edition: Edition, text: Text, cuts: tuple[Cut, ...], cover: bytes | None,
    page_map: PageMap | None, accessible: bool
) -> bytes:
    """Return the EPUB edition, with the places where printed pages begin.

    `cover` is a PNG; without a printed layout there are neither cover nor places. Where the
    text is `accessible`, having no barrier, the edition claims EPUB Accessibility 1.1.
    """
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        arguments = _write_parts(
            edition, text, cuts, cover, _metadata(edition, text, cover is not None), work)
        pandoc.write_epub(text.as_document(_arrange(text)), work / "essay.epub", arguments,
                          edition.moment, edition.manuscript.file)
        files = _read_archive(work / "essay.epub")
    trees = {name: etree.fromstring(files[name]) for name in sorted(files)
             if name.endswith((".xhtml", ".opf"))}
    chapters = {name: tree for name, tree in trees.items() if CHAPTER.search(name)}
    for tree in chapters.values():
        _mend_chapter(tree, edition)
    places = _mark_places(chapters, page_map)
    _link_paragraphs(chapters, places)
    _mend_navigation(trees["EPUB/nav.xhtml"], edition, places)
    metadata = _mend_package(trees["EPUB/content.opf"], edition, page_map)
    _state_accessibility(metadata, edition, text.has_pictures, accessible)
    for name, tree in trees.items():
        files[name] = etree.tostring(tree, xml_declaration=True, encoding="UTF-8",
                                     doctype=None if name.endswith(".opf") else "<!DOCTYPE html>")
    del files["META-INF/com.apple.ibooks.display-options.xml"]
    return _pack(files)


def _arrange(text: Text) -> list[dict[str, object]]:
    """Return the blocks with the sections of the back matter raised to files of their own."""
    return [*text.front, *text.essay, *shift_headings(text.back, -1)]


def _write_parts(
    edition: Edition, text: Text, cuts: tuple[Cut, ...], cover: bytes | None,
    about: dict[str, object], work: Path
) -> list[str]:
    """Write what Pandoc is to put into the EPUB to `work`; return its arguments."""
    faces = render("fonts.css.j2", kind="truetype", fonts=[
        (cut.face, f"../fonts/{cut.face.name}.ttf") for cut in cuts])
    (work / "style.css").write_text(
        faces + edition.render("type.css") + edition.render("epub.css"), encoding="utf-8")
    (work / "about.yaml").write_text(
        yaml.safe_dump(about, allow_unicode=True), encoding="utf-8")
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
        arguments += ["--epub-cover-image", str(work / "cover.png")]
    return arguments


def _metadata(edition: Edition, text: Text, has_cover: bool) -> dict[str, object]:
    """Return what the package says of the edition, in Pandoc's names.

    Of its accessibility it says what holds of this edition (EPUB Accessibility 1.1, 2): no
    picture comes this far without a text alternative, nothing moves, flashes or sounds, and
    the style sheet sets no size that a reader cannot change.
    """
    front = edition.front
    pictures = text.has_pictures
    about: dict[str, object] = {
        "title": text.title, "cover-alt": text.title,
        "lang": front.lang, "date": front.date.isoformat(),
        "creator": [{"role": "author", "text": author.display, "file-as": author.sorted}
                    for author in front.author],
        "identifier": front.doi or front.isbn or front.url or edition.identifier,
        "accessModes": ["textual", "visual"] if pictures else ["textual"],
        "accessModeSufficient": ["textual"],
        "accessibilityFeatures": [
            "structuralNavigation", "tableOfContents", "readingOrder",
            "displayTransformability",
            *(["alternativeText"] if pictures or has_cover else [])],
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


def _mend_chapter(tree: Element, edition: Edition) -> None:
    _name_chapter(tree)
    if any(tree.find(f".//h:section[@id='{part}']", NAMES) is not None for part in BACK_MATTER):
        tree.find("h:body", NAMES).set(TYPE, "backmatter")
    for link in tree.iter(f"{XHTML}a"):
        if "#ref-" in link.get("href", ""):
            link.set("role", "doc-biblioref")
    for element in tree.iter(f"{XHTML}section", f"{XHTML}div"):
        if element.get("role") in TYPES:
            element.set(TYPE, TYPES[element.get("role", "")])
    for rule in tree.findall(".//h:section[@epub:type='footnotes']/h:hr",
                             {**NAMES, "epub": TYPE[1:-5]}):
        remove(rule)
    _rename_notes(tree)
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


def _rename_notes(tree: Element) -> None:
    """Give notes and calls the identifiers that they have in the HTML edition, n7 and r7."""
    for element in tree.iter():
        for name in ("id", "href"):
            if found := re.fullmatch(r"(#?)fn(ref)?(\d+)", element.get(name) or ""):
                element.set(name, f"{found[1]}{'r' if found[2] else 'n'}{found[3]}")


def _notes(tree: Element) -> Iterator[tuple[str, Element]]:
    for aside in tree.iter(f"{XHTML}aside"):
        if aside.get("role") == "doc-footnote":
            yield (aside.get("id") or "").removeprefix("n"), aside


def _number_note(note: Element, number: str, words: str) -> None:
    """Begin a note with its number, which leads back to its call."""
    first = note[0]
    back = etree.Element(f"{XHTML}a", {
        "href": f"#r{number}", "role": "doc-backlink", TYPE: "backlink",
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


def _mark_places(chapters: dict[str, Element], page_map: PageMap | None) -> Places:
    """Number the paragraphs and mark the pages of all chapters; return where they are."""
    places = Places([], [])
    number = 1
    for name, tree in chapters.items():
        after = number_paragraphs(tree, number)
        places.paragraphs.extend((str(n), f"{_href(name)}#p{n}") for n in range(number, after))
        number = after
    if page_map:
        names = list(chapters)
        places.pages.extend((str(page), f"{_href(names[chapter])}#page-{page}") for page, chapter
                            in mark_pages(page_map, list(chapters.values()), _make_mark))
    return places


def _link_paragraphs(chapters: dict[str, Element], places: Places) -> None:
    """Let links to paragraphs, which Pandoc does not number, lead to the files that hold them."""
    found = {f"#p{number}": PurePosixPath(href).name for number, href in places.paragraphs}
    for tree in chapters.values():
        for link in tree.iter(f"{XHTML}a"):
            link.set("href", found.get(link.get("href"), link.get("href")))


def _href(name: str) -> str:
    """Return the name of a file as the navigation document, beside the text folder, links it."""
    return name.removeprefix("EPUB/")


def _make_mark(page: int) -> Element:
    """Return the mark of a page (EPUB SSV 1.1, pagebreak)."""
    return etree.Element(f"{XHTML}span", {
        TYPE: "pagebreak", "role": "doc-pagebreak", "id": f"page-{page}",
        "title": str(page)})


def _mend_navigation(tree: Element, edition: Edition, places: Places) -> None:
    """Name the contents in the language of the essay, and list the places that can be cited."""
    for heading in (tree.find(".//h:h1", NAMES), tree.find(".//h:title", NAMES)):
        heading.text = edition.words["contents"]
    landmarks = tree.find(".//h:nav[@id='landmarks']/h:ol", NAMES)
    for link in landmarks.iter(f"{XHTML}a"):
        if link.get(TYPE) == "toc":
            link.text = edition.words["contents"]
    first = tree.find(".//h:nav[@id='toc']//h:a", NAMES)
    _add_item(landmarks, first.get("href"), "".join(first.itertext())).set(TYPE, "bodymatter")
    body = tree.find("h:body", NAMES)
    if places.pages:
        pages = _add_list(body, "page-list", edition.words["pages"], places.pages)
        pages.set(TYPE, "page-list")
        pages.set("role", "doc-pagelist")
    _add_list(body, "paragraph-list", edition.words["paragraphs"], places.paragraphs)


def _add_list(
    body: Element, identifier: str, title: str, places: list[tuple[str, str]]
) -> Element:
    """Add a list of places to the navigation, for reading systems rather than for the eye."""
    nav = etree.SubElement(body, f"{XHTML}nav", {"id": identifier, "hidden": "hidden"})
    etree.SubElement(nav, f"{XHTML}h2").text = title
    listed = etree.SubElement(nav, f"{XHTML}ol")
    for label, href in places:
        _add_item(listed, href, label)
    return nav


def _add_item(listed: Element, href: str, words: str) -> Element:
    item = etree.SubElement(listed, f"{XHTML}li")
    link = etree.SubElement(item, f"{XHTML}a", {"href": href})
    link.text = words
    return link


def _mend_package(tree: Element, edition: Edition, page_map: PageMap | None) -> Element:
    """Say which printed pages are marked; take out the guide, replaced by landmarks.

    Returns the metadata.
    """
    for guide in tree.findall("opf:guide", NAMES):
        remove(guide)
    metadata = tree.find("opf:metadata", NAMES)
    _add_meta(metadata, "schema:version", edition.version)
    etree.SubElement(metadata, "{http://purl.org/dc/elements/1.1/}source").text = edition.swhid
    if page_map:
        for feature in ("pageNavigation", "pageBreakMarkers"):
            _add_meta(metadata, "schema:accessibilityFeature", feature)
        _add_meta(metadata, "pageBreakSource", edition.name_of("PDF"))
    return metadata


def _state_accessibility(
    metadata: Element, edition: Edition, has_pictures: bool, accessible: bool
) -> None:
    """Sum up what a reader can rely on, and claim conformance only where it holds.

    A claim names who makes it (EPUB Accessibility 1.1, 4.2): whoever publishes the edition.
    """
    words = edition.words
    summary = [words["summary_structure"], words["summary_pictures"] if has_pictures else "",
               words["summary_claim" if accessible else "summary_no_claim"]]
    _add_meta(metadata, "schema:accessibilitySummary", " ".join(filter(None, summary)))
    if accessible:
        _add_meta(metadata, "dcterms:conformsTo", CLAIM, id="conformance")
        _add_meta(metadata, "a11y:certifiedBy", edition.front.publisher or edition.authors,
                  refines="#conformance")


def _add_meta(metadata: Element, name: str, value: str, **attributes: str) -> None:
    etree.SubElement(metadata, f"{OPF}meta", {"property": name, **attributes}).text = value


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

