"""What machines read in the head of a page says what the edition says, and no more."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from lxml import html

from offprint.checks import check_edition
from offprint.edition import Edition, read_edition
from offprint.metadata import address_of, item_date, render_head
from offprint.project import Project
from offprint.text import Text, resolve_text

from .conftest import REVISED, SAMPLE, Publication
from .validators import html_messages

SWHID = "swh:1:dir:" + "0123456789" * 4
BEETHOVEN = """\
author:
  - given: Ludwig
    particle: van
    family: Beethoven
    orcid: 0000-0002-1825-0097
    affiliation: [Bonn & Sons, Wien]
  - given: Фёдор
    family: Достоевский
  - name: The <Fifth> Society"""
ADDRESSES = """\
url: https://example.org/essay
doi: 10.1234/abc<1>
publisher: Press & Co.
contact: editor@example.org
isbn: 978-3-16-148410-0
concept-doi: 10.1234/all
keywords: [one, "two </script> three"]
abstract: It is "short" & *sweet*."""
REPLACED: dict[str, Any] = {
    "id": "muster2019", "type": "article-journal", "title": "Über <i>das</i> Muster; ein Versuch",
    "author": [{"family": "Muster", "given": "Erika", "dropping-particle": "von"}],
    "issued": {"date-parts": [[2019, 5]]}, "URL": "https://example.org/muster",
    "container-title": "Proben"}
BOOK: dict[str, Any] = {
    "id": "doe2020", "type": "book", "title": "A Book", "author": [{"literal": "The Society"}],
    "issued": {"date-parts": [[2020, 1, 2]]}, "DOI": "10.1234/sample.2020"}


def read(project: Project) -> tuple[Edition, Text]:
    """Return the edition of `project` and its text, resolved."""
    edition = read_edition(project)
    return edition, resolve_text(edition, check_edition(edition).text)


def head_of(project: Project, swhid: str = "", *references: dict[str, Any]) -> Any:
    edition, text = read(project)
    head = render_head(edition, text, swhid, references)
    return html.fromstring(f"<html><head>{head}</head><body></body></html>")


def values(head: Any, name: str) -> list[str]:
    return [meta.get("content") for meta in head.iter("meta") if meta.get("name") == name]


def links(head: Any) -> list[tuple[str, str]]:
    return [(link.get("rel"), link.get("href")) for link in head.iter("link")]


def described(head: Any) -> dict[str, Any]:
    (script,) = head.iter("script")
    assert script.get("type") == "application/ld+json"
    data: dict[str, Any] = json.loads(script.text)
    return data


@pytest.fixture
def full(publication: Publication) -> Project:
    """A publication whose front matter has a value for every field."""
    publication.change("manuscript/essay.md", "author: Jane Doe", f"{BEETHOVEN}\n{ADDRESSES}")
    publication.change("manuscript/essay.md", "lang: en", "lang: en\nlicense: CC-BY-4.0")
    return publication.project


@pytest.fixture
def sample_project(tmp_path: Path) -> Project:
    return Project(SAMPLE, tmp_path)


def test_names_are_given_as_an_index_prints_them(full: Project) -> None:
    """Persons stand under their family names, particle included, and corporate authors whole."""
    head = head_of(full)

    names = ["van Beethoven, Ludwig", "Достоевский, Фёдор", "The <Fifth> Society"]
    assert names == values(head, "citation_author") == values(head, "DC.creator")


def test_affiliation_and_orcid_follow_their_author(full: Project) -> None:
    """Reference managers give an institution to the author named before it."""
    head = head_of(full)

    found = [(meta.get("name").removeprefix("citation_author"), meta.get("content"))
             for meta in head.iter("meta") if meta.get("name").startswith("citation_author")]
    assert found == [("", "van Beethoven, Ludwig"), ("_institution", "Bonn & Sons"),
            ("_institution", "Wien"), ("_orcid", "https://orcid.org/0000-0002-1825-0097"),
            ("", "Достоевский, Фёдор"), ("", "The <Fifth> Society")]


def test_every_field_is_said(full: Project) -> None:
    """Each field of the front matter stands in the head under the names that tools look for."""
    head = head_of(full, SWHID)

    said = {name: values(head, f"citation_{name}") for name in (
        "title", "publication_date", "language", "keywords", "doi", "isbn", "publisher",
        "public_url", "pdf_url")}
    assert said == {
        "title": ["A Small Essay"], "publication_date": ["2024/05/06"], "language": ["en"],
        "keywords": ["one", "two </script> three"], "doi": ["10.1234/abc<1>"],
        "isbn": ["978-3-16-148410-0"], "publisher": ["Press & Co."],
        "public_url": ["https://example.org/essay"],
        "pdf_url": ["https://example.org/essay/essay.pdf"]}
    assert values(head, "DC.identifier") == [
        "https://doi.org/10.1234/abc%3C1%3E", "https://example.org/essay",
        "urn:isbn:978-3-16-148410-0", SWHID]
    assert values(head, "DC.rights") == ["https://creativecommons.org/licenses/by/4.0/"]


def test_field_without_value_is_left_out(publication: Publication) -> None:
    """An essay that says little has a head that says little: nothing is empty, nothing made up."""
    head = head_of(publication.project)

    assert {"citation_title", "citation_author", "citation_publication_date",
            "citation_language", "DC.title", "DC.creator", "DC.date", "DC.language",
            "DC.type"} == {meta.get("name") for meta in head.iter("meta")}
    assert all(meta.get("content") for meta in head.iter("meta"))
    assert links(head) == [("schema.DC", "http://purl.org/dc/elements/1.1/")]
    data = described(head)
    assert all(data.values())
    assert {"@context", "@type", "@id", "headline", "name", "author", "datePublished", "version",
            "inLanguage"} == set(data)


def test_typed_links_lead_to_what_there_is(full: Project) -> None:
    """Archives find licence, authors, files and descriptions by typed links."""
    assert links(head_of(full)) == [
        ("schema.DC", "http://purl.org/dc/elements/1.1/"),
        ("cite-as", "https://doi.org/10.1234/abc%3C1%3E"),
        ("type", "https://schema.org/ScholarlyArticle"), ("type", "https://schema.org/AboutPage"),
        ("author", "https://orcid.org/0000-0002-1825-0097"),
        ("license", "https://creativecommons.org/licenses/by/4.0/"),
        ("item", "https://example.org/essay/essay.pdf"),
        ("item", "https://example.org/essay/essay.epub"),
        ("describedby", "https://example.org/essay/datacite.json"),
        ("linkset", "https://example.org/essay/linkset.json")]


def test_words_of_an_author_end_no_script(full: Project) -> None:
    """Whatever an author writes stays inside the script, and is read back as it was."""
    edition, text = read(full)
    head = render_head(edition, text, "", [])

    assert head.count("</script>") == 1
    assert "two </script> three" in described(head_of(full))["keywords"]


def test_description_says_who_and_where(full: Project) -> None:
    """The description of the article tells persons from organizations and names its files."""
    data = described(head_of(full, SWHID))

    person, other, society = data["author"]
    assert person == {
        "@type": "Person", "@id": "https://orcid.org/0000-0002-1825-0097",
        "name": "Ludwig van Beethoven", "givenName": "Ludwig", "familyName": "van Beethoven",
        "affiliation": [{"@type": "Organization", "name": "Bonn & Sons"},
                        {"@type": "Organization", "name": "Wien"}]}
    assert other["familyName"] == "Достоевский"
    assert society == {"@type": "Organization", "name": "The <Fifth> Society"}
    assert [entry["propertyID"] for entry in data["identifier"]] == ["DOI", "ISBN", "SWHID"]
    assert [entry["contentUrl"] for entry in data["encoding"]] == [
        "https://example.org/essay/essay.pdf", "https://example.org/essay/essay.epub"]
    assert data["abstract"] == "It is “short” & sweet."
    assert data["isAccessibleForFree"] is True


def test_sources_are_listed(full: Project) -> None:
    """Each source is given in one line, in which only separators are semicolons."""
    head = head_of(full, "", REPLACED, BOOK)

    assert values(head, "citation_reference") == [
        "citation_title=Über das Muster, ein Versuch; citation_author=von Muster, Erika; "
        "citation_publication_date=2019/05",
        "citation_title=A Book; citation_author=The Society; "
        "citation_publication_date=2020/01/02; citation_doi=10.1234/sample.2020",
    ]
    article, book = described(head)["citation"]
    assert (article["@type"], article["datePublished"]) == ("ScholarlyArticle", "2019-05")
    assert (book["@type"], book["@id"]) == ("Book", "https://doi.org/10.1234/sample.2020")


def test_corrections_are_of_the_replaced_text(sample_project: Project) -> None:
    """The corrections stand with the text that they correct, which this one is based on."""
    data = described(head_of(sample_project, "", REPLACED, BOOK))

    (correction,) = data["isBasedOn"]["correction"]
    assert data["isBasedOn"]["name"] == "Über das Muster; ein Versuch"
    assert (correction["@type"], correction["identifier"], correction["name"]) == (
        "CorrectionComment", "s1", "wrong")
    assert "[not] even *this*" in correction["text"]
    assert "correction" not in data


def test_changes_are_of_the_version_before(tmp_path: Path) -> None:
    """Each earlier version is described with the changes that the version after it made."""
    replaced = {"id": "tale1990", "title": "A Tale"}
    data = described(head_of(Project(REVISED, tmp_path), "", replaced))

    tale, first, second = data["isBasedOn"]
    assert tale["name"] == "A Tale"
    assert [entry["identifier"] for entry in tale["correction"]] == ["c1", "c2"]
    assert (first["version"], second["version"]) == ("1.0.0", "1.0.1")
    assert [entry["identifier"] for entry in first["correction"]] == ["v101a", "v101b"]
    assert [entry["identifier"] for entry in second["correction"]] == [
        "v110a", "v110b", "v110c", "v110d"]
    assert [entry["propertyID"] for entry in second["identifier"]] == ["DOI", "SWHID"]


@pytest.mark.parametrize(("url", "expected"), [
    ("https://example.org/essay", "https://example.org/essay/essay.pdf"),
    ("https://example.org/essay/", "https://example.org/essay/essay.pdf"),
    ("https://example.org/a/index.html?x#y", "https://example.org/a/essay.pdf"),
    ("https://example.org", "https://example.org/essay.pdf"),
    ("example.org/essay", "")])
def test_files_stand_beside_the_page(
    publication: Publication, url: str, expected: str
) -> None:
    """A file has the address of the page's folder and its own name."""
    publication.change("manuscript/essay.md", "lang: en", f"lang: en\nurl: {url}")

    assert expected == address_of(read_edition(publication.project), "essay.pdf")


@pytest.mark.parametrize(("parts", "expected"), [
    ([[1954, 3, 31]], "1954-03-31"), ([["1954", "3"]], "1954-03"), ([[962]], "0962"),
    ([[2020, 21]], "2020"), ([[-44]], ""), ([], ""), ([[]], "")])
def test_dates_are_as_exact_as_they_are_known(parts: list[Any], expected: str) -> None:
    """A date has a month and a day only where the source has them."""
    assert expected == item_date({"issued": {"date-parts": parts}})


@pytest.mark.parametrize("which", ["full", "sample_project", "publication"])
def test_head_is_sound_html(
    which: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    """The Nu checker has nothing to say about a page with this head."""
    found = request.getfixturevalue(which)
    edition, text = read(getattr(found, "project", found))
    page = tmp_path / "page.html"
    page.write_text(
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n<title>A</title>\n'
        f"{render_head(edition, text, SWHID, [REPLACED, BOOK])}\n</head>\n"
        "<body><p>Text</p></body>\n</html>\n", encoding="utf-8")

    assert html_messages(page) == []
