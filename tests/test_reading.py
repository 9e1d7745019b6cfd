"""What is read aloud: the same words from each edition, in the same order, as what they are."""

from __future__ import annotations

import re
from pathlib import Path

import pikepdf
import pytest

from offprint.project import PRESS

from .conftest import Built
from .reading import Node, read_epub, read_html, read_pdf, read_tags

# ISO 32000-1, 14.8.4: what a reader of any PDF knows.
STANDARD_TAGS = {
    "StructTreeRoot", "Document", "Art", "Sect", "Div", "BlockQuote", "Caption", "P", "H1", "H2",
    "H3", "H4", "H5", "H6", "L", "LI", "Lbl", "LBody", "Table", "TR", "TH", "TD", "THead", "TBody",
    "TFoot", "Span", "Quote", "Note", "Reference", "Code", "Link", "Figure"}


@pytest.fixture
def tags(built: Built) -> Node:
    """The tags of each publication."""
    return read_tags(built.pdf)


def test_editions_read_the_same(any_length: Built) -> None:
    """Words and notes of PDF, EPUB and HTML are the same, in the same order."""
    pdf, pdf_notes = read_pdf(any_length.pdf)
    epub, epub_notes = read_epub(any_length.epub)
    html, html_notes = read_html(any_length.html)

    assert len(html) > 100
    assert html == pdf
    assert html == epub
    assert html_notes == pdf_notes == epub_notes


def test_a_word_broken_by_layout_is_read_whole(essay: Built) -> None:
    """Where a line ends, a space is read or a soft hyphen, as in the text: never neither."""
    said = " ".join(read_pdf(essay.pdf)[0])

    assert "an offer to discuss membership and not an application" in said
    assert not re.search(r"\w\u2010|\u00ad", said)


def test_all_tags_are_standard(tags: Node) -> None:
    """No tag is of our own making."""
    assert {node.name for node in tags.walk()} <= STANDARD_TAGS


def test_page_furniture_is_not_read(essay: Built) -> None:
    """Running heads, folios and the version at the foot of each page are artefacts."""
    titles = [node for node in read_tags(essay.pdf).walk()
              if "".join(filter(lambda piece: isinstance(piece, str), node.children)).strip()
              == "Did the USSR Ever Seek Membership in NATO?"]

    assert [node.name for node in titles] == ["H1"]


def test_a_note_follows_the_block_that_calls_it(tags: Node) -> None:
    """A note is a Note with its label, right after the block that holds its reference."""
    for parent in tags.walk():
        called: list[str] = []
        for child in parent.children:
            if isinstance(child, Node) and child.name == "Note":
                label = child.children[0]
                assert isinstance(label, Node)
                assert label.name == "Lbl"
                assert [called.pop(0)] == [str(piece).strip(" .") for piece in label.children]
            elif isinstance(child, Node) and parent.name not in ("P", "Link", "Span"):
                assert called == []
                called = [str(node.children[0]) for node in _outside_blocks(child)]


def _outside_blocks(node: Node) -> list[Node]:
    """Return the references in `node` whose notes must follow it."""
    if any(inner.name == "Note" for inner in node.walk()):
        return []
    return [inner for inner in node.walk() if inner.name == "Reference"]


def test_a_table_has_heads_for_its_columns(sample: Built) -> None:
    """Cells are in their rows, in order, and the head cells say what they head."""
    table = next(node for node in read_tags(sample.pdf).walk() if node.name == "Table")
    rows = [["".join(map(str, cell.children)).strip() for cell in row.children
             if isinstance(cell, Node)] for row in table.walk() if row.name == "TR"]

    assert rows[:2] == [["Item", "Number", "Remark"], ["First", "12", "left, right, left"]]
    with pikepdf.open(sample.pdf) as pdf:
        scopes = [str(item.A.Scope) for item in pdf.objects
                  if isinstance(item, pikepdf.Dictionary) and item.get("/S") == "/TH"]
    assert scopes == ["/Column"] * len(scopes)
    assert scopes


def test_pictures_say_what_they_show(sample: Built) -> None:
    """Every figure has its text alternative, and its place on the page in points."""
    with pikepdf.open(sample.pdf) as pdf:
        figures = [item for item in pdf.objects
                   if isinstance(item, pikepdf.Dictionary) and item.get("/S") == "/Figure"]
        boxes = [[float(edge) for edge in figure.A.BBox] for figure in figures]

        assert len(figures) == 2
        assert all(str(figure.Alt) for figure in figures)
    assert all(0 <= left < right <= 420 and 0 <= low < high <= 596
               for left, low, right, high in boxes)


def test_other_languages_are_named(sample: Built) -> None:
    """Words in another language say which it is."""
    with pikepdf.open(sample.pdf) as pdf:
        named = {str(item.Lang) for item in pdf.objects
                 if isinstance(item, pikepdf.Dictionary) and "/Lang" in item and "/S" in item}

    assert {"ru", "grc", "pl", "vi", "tr"} <= named


def test_a_paragraph_on_two_pages_is_one(essay: Built) -> None:
    """A page break does not end a paragraph: as many tags as there are numbers."""
    numbered = [node for node in read_tags(essay.pdf).walk() if node.name == "P" and node.children
                and isinstance(node.children[0], Node) and node.children[0].name == "Lbl"]
    numbers = [str(node.children[0].children[0]) for node in numbered]

    assert numbers == [str(number) for number in range(1, len(numbers) + 1)]


def test_the_source_travels_inside(essay: Built) -> None:
    """Essay, sources, corrections and the build's record are attached, and say what they are."""
    expected = {
        "essay.md": PRESS / "manuscript/essay.md",
        "references.bib": PRESS / "bibliography/references.bib",
        "corrections.yaml": PRESS / "manuscript/corrections.yaml",
        "build.json": essay.output / "build.json"}

    with pikepdf.open(essay.pdf) as pdf:
        attached = dict(pdf.attachments.items())

        assert {name: file.get_file().read_bytes() for name, file in attached.items()} == {
            name: Path(path).read_bytes() for name, path in expected.items()}
        assert all(file.description for file in attached.values())
        assert {name: str(file.obj.AFRelationship) for name, file in attached.items()} == {
            "essay.md": "/Source", "references.bib": "/Source", "corrections.yaml": "/Source",
            "build.json": "/Data"}
