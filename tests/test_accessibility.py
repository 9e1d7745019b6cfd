"""What an edition claims of its accessibility is true of it, and judged by Ace."""

from __future__ import annotations

import re
import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree, html

from offprint.document import plain_text
from offprint.languages import foreign_words, mark_sources, script_of

from . import validators
from .conftest import Built, Publication, build_into
from .test_editions import XHTML, epub_trees

OPF = {"opf": "http://www.idpf.org/2007/opf"}
TYPE = f"{{{XHTML['epub']}}}type"
CYRILLIC = re.compile("[а-яА-Я]{2}")


def metadata(epub: Path) -> dict[str, list[str]]:
    """Return the metadata of an EPUB: the values of each property."""
    package, = epub_trees(epub, ".opf").values()
    values: dict[str, list[str]] = {}
    for meta in package.findall(".//opf:meta[@property]", OPF):
        values.setdefault(meta.get("property"), []).append(meta.text)
    return values


def language_of(element: etree._Element) -> str:
    """Return the language of the text in an element: that of the nearest ancestor with one."""
    return next(found.get("lang") for found in [element, *element.iterancestors()]
                if found.get("lang"))


def letters_of_no_language(tree: etree._Element) -> list[str]:
    """Return the texts in Cyrillic letters that are not in a language written in them."""
    texts = [(element, element.text) for element in tree.iter()] + [
        (element.getparent(), element.tail) for element in tree.iter()]
    return [text for element, text in texts if text and CYRILLIC.search(text)
            and element.tag not in ("script", "a")
            and script_of(language_of(element)) != "Cyrl"]


# EPUB Accessibility 1.1


def test_epub_passes_ace(built: Built) -> None:
    """Ace by DAISY finds no violation of any severity."""
    assert validators.ace_violations(built.epub) == []


def test_epub_claims_conformance_where_nothing_is_against_it(built: Built) -> None:
    """An essay without a barrier claims EPUB Accessibility 1.1, and says who claims it."""
    package, = epub_trees(built.epub, ".opf").values()
    claim = package.find(".//opf:meta[@property='dcterms:conformsTo']", OPF)
    certifier = package.find(".//opf:meta[@property='a11y:certifiedBy']", OPF)

    assert claim.text == "EPUB Accessibility 1.1 - WCAG 2.2 Level AA"
    assert certifier.get("refines") == f"#{claim.get('id')}"
    assert certifier.text
    assert "checked to meet" in metadata(built.epub)["schema:accessibilitySummary"][0]


def test_epub_with_a_barrier_claims_nothing(publication: Publication, tmp_path: Path) -> None:
    """An essay with a link that does not say where it leads is built, and makes no claim."""
    publication.change("manuscript/essay.md", "is enough", "is [here](https://example.org)")

    built = build_into(publication.root, tmp_path / "output")

    assert not metadata(built.epub).keys() & {"dcterms:conformsTo", "a11y:certifiedBy"}
    assert "no conformance is claimed" in metadata(built.epub)["schema:accessibilitySummary"][0]


def test_epub_claims_only_the_features_it_has(built: Built) -> None:
    """Each feature that the package names is in the files, and no other is named."""
    trees = epub_trees(built.epub)
    pictures = [picture for tree in trees.values()
                for picture in tree.iter("{*}img", "{http://www.w3.org/2000/svg}svg")]
    in_text = [picture for name, tree in trees.items() if "/ch" in name
               for picture in tree.iter("{*}img", "{http://www.w3.org/2000/svg}svg")]
    with zipfile.ZipFile(built.epub) as archive:
        styles = "".join(archive.read(name).decode() for name in archive.namelist()
                         if name.endswith(".css"))
    kinds = {element.get(TYPE) for tree in trees.values() for element in tree.iter()}
    has = {
        "tableOfContents": "toc" in kinds,
        "pageNavigation": "page-list" in kinds,
        "pageBreakMarkers": "pagebreak" in kinds,
        "structuralNavigation": all(
            tree.find(".//h:h1", XHTML) is not None for name, tree in trees.items()
            if "/ch" in name),
        "readingOrder": True,  # every file is in the spine, which EPUBCheck sees to
        "displayTransformability": not re.search(r"font-size:[^;]*\d(px|pt)|!important", styles),
        "alternativeText": bool(pictures) and all(
            picture.get("alt") or picture.findtext("{*}title") for picture in pictures)}

    said = metadata(built.epub)

    assert set(said["schema:accessibilityFeature"]) == {name for name in has if has[name]}
    assert ("visual" in said["schema:accessMode"]) == bool(in_text)
    assert said["schema:accessibilityHazard"] == ["none"]
    assert not any(True for tree in trees.values() for _ in tree.iter("{*}audio", "{*}video"))


def test_epub_names_its_parts(essay: Built) -> None:
    """Each part of the EPUB has the role by which a screen reader announces it."""
    trees = epub_trees(essay.epub)
    roles = [element.get("role") for tree in trees.values() for element in tree.iter()]

    assert {
        "doc-cover", "doc-toc", "doc-pagelist", "doc-subtitle", "doc-abstract", "doc-noteref",
        "doc-footnote", "doc-backlink", "doc-biblioref", "doc-bibliography", "doc-appendix",
        "doc-colophon", "doc-pagebreak"} <= set(roles)
    for tree in trees.values():
        for link in tree.iter("{*}a"):
            assert ("#ref-" in link.get("href", "")) == (link.get("role") == "doc-biblioref")
    parts = [tree.find(".//h:body", XHTML).get(TYPE) for name, tree in sorted(trees.items())
             if "/ch" in name]
    assert parts == ["bodymatter", *["backmatter"] * 4]


# Language of parts


def test_words_in_other_letters_say_their_language(built: Built) -> None:
    """Every Cyrillic word of EPUB and HTML is in an element of a language written so."""
    assert letters_of_no_language(html.parse(str(built.html)).find("body")) == []
    for tree in epub_trees(built.epub).values():
        assert letters_of_no_language(tree.find(".//h:body", XHTML)) == []


@pytest.mark.parametrize("style", ["chicago-notes-bibliography", "apa", "ieee"])
def test_titles_of_sources_say_their_language(
    style: str, publication: Publication, tmp_path: Path
) -> None:
    """In any style, a title is marked as of its language, but not its translation."""
    publication.change("manuscript/essay.md", "lang: en", f"lang: en\ncsl: {style}")
    publication.change("manuscript/essay.md", "is enough", "is enough [@muster; @kochkin]")
    publication.write("bibliography/references.bib", """
        @book{muster, author = {Muster, Erika}, title = {Über das Muster [{On} Patterns]},
          date = {2019}, langid = {german}}
        @article{kochkin, author = {Кочкин (Kochkin), Николай}, title = {История двух нот},
          journaltitle = {Международная жизнь}, date = {2009}, langid = {russian}}
        """)

    built = build_into(publication.root, tmp_path / "output")

    marked = [(found.get("lang"), found.text_content())
              for found in html.parse(str(built.html)).findall(".//article//span[@lang]")]
    assert ("de-DE", "Über das Muster") in marked
    assert ("ru-RU", "История двух нот") in marked
    assert ("ru-RU", "Международная жизнь") in marked
    assert not [words for _, words in marked if re.search("Patterns|Erika|Kochkin", words)]
    assert letters_of_no_language(html.parse(str(built.html)).find("body")) == []


@given(st.lists(st.text(st.sampled_from("аЯяωΣaz1,.-() "), min_size=1)))
def test_marking_languages_changes_no_word(words: list[str]) -> None:
    """Whatever a citation says, it says the same when its languages are marked."""
    inlines = [{"t": "Space"} if word.isspace() else {"t": "Str", "c": word} for word in words]
    cite = {"t": "Cite", "c": [[{"citationId": "a"}, {"citationId": "b"}], inlines]}
    blocks = [{"t": "Para", "c": [cite]}]

    marked, = mark_sources(blocks, {"a": "ru", "b": "el-GR"})

    assert plain_text(marked["c"][0]["c"][1]) == plain_text(inlines)


@pytest.mark.parametrize(("text", "lang", "found"), [
    ("the История двух нот, in Russian", "en", ["История двух нот"]),
    ("from А to Я, and π", "en", []),
    ("история NATO", "ru", []),
    ("Πελοπόννησος и Пелопоннес", "ru", ["Πελοπόννησος"]),
    ("Наслов", "sr", []),
    ("Наслов", "sr-Latn", ["Наслов"]),
])
def test_foreign_words_are_those_in_other_letters(text: str, lang: str, found: list[str]) -> None:
    """Foreign are words of two letters and more that are neither Latin nor of the language."""
    assert [words for words, _ in foreign_words(text, lang)] == found
