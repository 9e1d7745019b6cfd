"""What a reader hears of each edition: the words of the text, and the words of each note.

The PDF is read through its tags (by poppler's `pdfinfo`, which knows nothing of ours), the EPUB
through its spine, the HTML page in the order of its elements. Left out is what belongs to one
medium: running heads, marks of pages, numbers of notes and paragraphs, downloads.
"""

from __future__ import annotations

import posixpath
import re
import subprocess
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from lxml import etree, html

from . import validators

INVISIBLE = str.maketrans("", "", "\u00ad\u200b\u2060\ufeff")
BLOCKS = {"p", "li", "dt", "dd", "div", "section", "header", "h1", "h2", "h3", "h4", "h5", "h6",
          "td", "th", "tr", "caption", "figure", "figcaption", "blockquote", "pre", "br", "aside"}
ASIDE_ROLES = {"doc-noteref", "doc-backlink", "doc-pagebreak"}
MEDIUM = ("number", "files")


@dataclass
class Node:
    """A tag of a PDF: its name, and its children, which are tags and pieces of text."""

    name: str
    children: list[Node | str] = field(default_factory=list)

    def walk(self) -> Iterator[Node]:
        """Yield this tag and all tags in it, in order."""
        yield self
        for child in self.children:
            if isinstance(child, Node):
                yield from child.walk()


@cache
def read_tags(path: Path) -> Node:
    """Return the tree of tags of a PDF, which is read once: that takes poppler a minute."""
    validators.needs("pdftotext")
    said = subprocess.run(["pdfinfo", "-struct-text", "-enc", "UTF-8", str(path)], check=True,
                          capture_output=True, encoding="utf-8").stdout
    root = Node("StructTreeRoot")
    open_nodes = [(-1, root)]
    for line in said.splitlines():
        depth = (len(line) - len(line.lstrip(" "))) // 2
        while open_nodes[-1][0] >= depth:
            open_nodes.pop()
        piece = line.strip(" ")
        if piece.startswith('"'):
            open_nodes[-1][1].children.append(piece[1:-1])
        elif not piece.startswith(("/", "Object ")):
            node = Node(re.split(r"[ :]", piece)[0])
            open_nodes[-1][1].children.append(node)
            open_nodes.append((depth, node))
    return root


def read_pdf(path: Path) -> tuple[list[str], list[list[str]]]:
    """Return the words of the text of a PDF and of each of its notes."""
    root = read_tags(path)
    notes = [_words(_pdf_text(Node("Div", note.children)))
             for note in root.walk() if note.name == "Note"]
    return _words(_pdf_text(root)), notes


def _pdf_text(node: Node) -> str:
    if node.name in ("Note", "Reference", "Figure"):
        return ""
    inline = node.name in ("Span", "Link", "Code", "Quote")
    text = "".join(child if isinstance(child, str) else _pdf_text(child)
                   for child in node.children if not _is_number(node, child))
    return text if inline else f" {text} "


def _is_number(parent: Node, child: Node | str) -> bool:
    """Tell whether `child` is a label that numbers something, and not a term to be defined."""
    if isinstance(child, str) or child.name != "Lbl":
        return False
    text = "".join(piece for piece in child.children if isinstance(piece, str))
    return parent.name != "LI" or not re.search(r"[^\W\d_]{2}", text)


def read_html(path: Path) -> tuple[list[str], list[list[str]]]:
    """Return the words of the text of an HTML page and of each of its notes."""
    article = html.parse(str(path)).find(".//article")
    notes = [_words(_text(note)) for note in article.iterfind(
        ".//section[@role='doc-endnotes']/ol/li")]
    for section in article.findall(".//section[@role='doc-endnotes']"):
        section.drop_tree()
    return _words(_text(article)), notes


def read_epub(path: Path) -> tuple[list[str], list[list[str]]]:
    """Return the words of the text of an EPUB, in the order of its spine, and of each note."""
    text, notes = "", []
    with zipfile.ZipFile(path) as archive:
        package = etree.fromstring(archive.read("EPUB/content.opf"))
        names = {"opf": "http://www.idpf.org/2007/opf"}
        files = {item.get("id"): item.get("href")
                 for item in package.iterfind(".//opf:item", names)}
        for reference in package.iterfind(".//opf:itemref", names):
            name = posixpath.join("EPUB", files[reference.get("idref")])
            if reference.get("linear") == "no" or "cover" in name or "nav" in name:
                continue
            tree = etree.fromstring(archive.read(name))
            for element in tree.iter(etree.Element):
                element.tag = etree.QName(element).localname
            for note in [*tree.iter("aside")]:
                notes.append(_words(_text(note)))
                note.clear(keep_tail=True)
            text += _text(tree.find("body"))
    return _words(text), notes


def _text(element: etree._Element) -> str:
    tag = element.tag if isinstance(element.tag, str) else ""
    if (not tag or tag in ("img", "svg", "form", "script", "template") or element.get("hidden")
            or element.get("role") in ASIDE_ROLES or element.get("class") in MEDIUM):
        return ""
    text = (element.text or "") + "".join(
        _text(child) + (child.tail or "") for child in element)
    return f" {text} " if tag in BLOCKS else text


def _words(text: str) -> list[str]:
    return text.translate(INVISIBLE).split()
