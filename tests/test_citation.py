"""Every way to cite an edition says the same, whoever reads it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cffconvert
import pytest
import rispy
import yaml
from bibtexparser import parse_string
from bibtexparser.middlewares import SeparateCoAuthors, SplitNameParts
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree
from pylatexenc.latex2text import LatexNodes2Text

from offprint import citation, pandoc
from offprint.checks import check_edition
from offprint.edition import Edition, read_edition
from offprint.project import PRESS, Project
from offprint.text import Text

from .conftest import SAMPLE, Publication

SWHID = "swh:1:dir:d198bc9d7a6bcf6db04f476d29314f157507d505"
ITEM: dict[str, Any] = {
    "id": "doe2024", "type": "report", "title": "A Small Essay",
    "author": [{"family": "Doe", "given": "Jane"}], "issued": {"date-parts": [[2024, 5, 6]]},
    "version": "1.0.0", "language": "en"}

CORPORATE = "author: {name: Offprint & Sons}"
AUTHORS = """author:
  - {given: Ludwig, particle: van, family: Beethoven, orcid: 0000-0002-1825-0097,
     affiliation: [Univ. of A, Institute B]}
  - {given: Martin Luther, family: King, suffix: Jr.}
  - {given: Николай, family: Кочкин}
  - {given: Цзэдун, family: Мао}
  - {family: Plato}
  - {name: "Peace, War and Company"}"""
IDENTIFIED = """publisher: Nowhere Press
doi: 10.1234/ab_c.d(e)5
isbn: 978-0-306-40615-7
url: https://example.org/a_b?c=d&e=%20f#g
license: CC-BY-4.0
keywords: [peace, "Geneva, Treaty of"]
abstract: |
  In *one* paragraph, 100% & more.

  In another."""
TITLES = {
    "question": ("Did It?", "A *Corrected* Answer", "Did It? A Corrected Answer"),
    "quoted question": ("Why “Why?”", "Notes", "Why “Why?”: Notes"),
    "statement": ("It Did", "An Answer", "It Did: An Answer"),
    "markup": ("The *Common* `Reader` of H~2~O", "", "The Common Reader of H2O"),
    "signs": (r"100% of A & B: \{C\} \$5 \#1 a\_b \~ \^ \\ “D”", "",
              r"100% of A & B: {C} $5 #1 a_b ~ ^ \ “D”")}


@pytest.fixture
def cited(publication: Publication) -> Callable[..., tuple[Edition, Text, dict[str, Any]]]:
    """Return a function that gives the small publication other front matter and reads it."""
    def read(
        author: str = "author: {given: Jane, family: Doe}", more: str = "", title: str = "A",
        subtitle: str = "", lang: str = "en-GB",
    ) -> tuple[Edition, Text, dict[str, Any]]:
        titles = f"title: {json.dumps(title)}\nsubtitle: {json.dumps(subtitle)}\n"
        publication.write("manuscript/essay.md", (
            f"---\n{titles}{author}\nversion: 1.2.3\ndate: 2024-05-06\nlang: {lang}\n{more}\n"
            "---\n\nOne paragraph.\n"))
        edition = read_edition(publication.project)
        assert edition.problems == ()
        text = check_edition(edition).text
        return edition, text, citation.csl_item(edition, text, SWHID)

    return read


def words(latex: str) -> str:
    """Return LaTeX as words, as a program that shows BibTeX does."""
    while re.fullmatch(r"\{.*\}", latex) and "{" not in latex[1:-1].replace(r"\{", ""):
        latex = latex[1:-1]
    plain: str = LatexNodes2Text().latex_to_text(latex)
    return plain.replace("ˆ", "^")  # it knows no other circumflex


def from_bibtexparser(item: dict[str, Any]) -> dict[str, Any]:
    library = parse_string(citation.render_bibtex(item),
                           append_middleware=[SeparateCoAuthors(), SplitNameParts()])
    assert library.failed_blocks == []
    [entry] = library.entries
    fields = {field.key: field.value for field in entry.fields}
    return {
        "title": words(fields["title"]),
        "authors": [", ".join(words(" ".join(part)) for part in (
            [*name.von, *name.last], name.first, name.jr) if part) for name in fields["author"]],
        "date": fields["date"], "version": fields["version"],
        "doi": fields.get("doi"), "url": fields.get("url"), "isbn": fields.get("isbn"),
        "publisher": words(fields.get("institution", "")) or None,
        "abstract": words(fields.get("abstract", "")) or None,
        "swhid": fields.get("swhid")}


def from_pandoc(item: dict[str, Any], folder: Path) -> dict[str, Any]:
    """Return what Pandoc makes of the BibLaTeX file."""
    path = folder / "essay.bib"
    path.write_text(citation.render_bibtex(item), encoding="utf-8")
    [read] = pandoc.read_references(path, "essay.bib")
    return from_csl(read) | {"swhid": item.get("custom", {}).get("swhid")}  # unknown to Pandoc


def from_csl(item: dict[str, Any]) -> dict[str, Any]:
    date = item["issued"]["date-parts"][0]
    return {
        "title": re.sub("</?span[^>]*>", "", item["title"]),
        "authors": [name.get("literal") or ", ".join(filter(None, (
            " ".join(filter(None, (name.get("non-dropping-particle"), name["family"]))),
            name.get("given"), name.get("suffix")))) for name in item["author"]],
        "date": f"{date[0]}-{date[1]:02}-{date[2]:02}", "version": item["version"],
        "doi": item.get("DOI"), "url": item.get("URL"), "isbn": item.get("ISBN"),
        "publisher": item.get("publisher"), "abstract": item.get("abstract"),
        "swhid": item.get("custom", {}).get("swhid")}


def from_ris(item: dict[str, Any]) -> dict[str, Any]:
    [entry] = rispy.loads(citation.render_ris(item))
    assert entry["year"] == entry["date"][:4]
    return {
        "title": entry["title"], "authors": entry["authors"],
        "date": entry["date"].replace("/", "-"), "version": entry["edition"],
        "doi": entry.get("doi"), "url": "".join(entry.get("urls", [])) or None,
        "isbn": entry.get("issn"), "publisher": entry.get("publisher"),
        "abstract": entry.get("abstract"), "swhid": entry.get("custom1")}


def from_cff(item: dict[str, Any]) -> dict[str, Any]:
    text = citation.render_cff(item)
    cffconvert.Citation(text).validate()
    essay = yaml.safe_load(text)["preferred-citation"]
    return {
        "title": essay["title"],
        "authors": [name.get("name") or ", ".join(filter(None, (
            " ".join(filter(None, (name.get("name-particle"), name["family-names"]))),
            name.get("given-names"), name.get("name-suffix")))) for name in essay["authors"]],
        "date": essay["date-published"], "version": essay["version"],
        "doi": essay.get("doi"), "url": essay.get("url"), "isbn": essay.get("isbn"),
        "publisher": essay.get("publisher", {}).get("name"), "abstract": essay.get("abstract"),
        "swhid": item.get("custom", {}).get("swhid")}  # the file lies beside what it names


def assert_all_say_the_same(item: dict[str, Any], folder: Path) -> None:
    [said] = map(from_csl, json.loads(citation.render_csl_json(item)))
    assert said == from_bibtexparser(item)
    assert said == from_pandoc(item, folder)
    assert said == from_ris(item)
    assert said == from_cff(item)


@pytest.mark.parametrize("author", [CORPORATE, AUTHORS], ids=["corporate", "several"])
@pytest.mark.parametrize("more", ["", IDENTIFIED], ids=["bare", "identified"])
def test_all_files_name_the_same_authors(
    cited: Callable[..., Any], tmp_path: Path, author: str, more: str
) -> None:
    """Four readers find the same authors, date, version and identifiers in the files."""
    _, _, item = cited(author, more)

    assert_all_say_the_same(item, tmp_path)


@pytest.mark.parametrize(("title", "subtitle", "joined"), TITLES.values(), ids=TITLES)
def test_all_files_give_the_same_title(
    cited: Callable[..., Any], tmp_path: Path, title: str, subtitle: str, joined: str
) -> None:
    """Title and subtitle are one title in plain words, and the same to every reader."""
    _, _, item = cited(title=title, subtitle=subtitle)

    assert joined == item["title"]
    assert_all_say_the_same(item, tmp_path)


@pytest.mark.parametrize("lang", ["en", "en-US", "en-GB", "de", "fr", "ru", "pt-BR"])
def test_all_files_name_the_same_language(
    cited: Callable[..., Any], tmp_path: Path, lang: str
) -> None:
    """The language of the essay is known to every reader, and keeps the title's capitals."""
    _, _, item = cited(title="Über the NATO Of Old", lang=lang)
    (tmp_path / "essay.bib").write_text(citation.render_bibtex(item), encoding="utf-8")
    [read] = pandoc.read_references(tmp_path / "essay.bib", "essay.bib")
    essay = yaml.safe_load(citation.render_cff(item))["preferred-citation"]

    assert lang == item["language"] == rispy.loads(citation.render_ris(item))[0]["language"]
    assert lang.split("-")[0] == essay["languages"][0] == read["language"].split("-")[0]
    assert_all_say_the_same(item, tmp_path)


def test_keywords_are_the_same_everywhere(cited: Callable[..., Any]) -> None:
    """A keyword with a comma in it is one keyword."""
    _, _, item = cited(more=IDENTIFIED)

    keywords = ["peace", "Geneva, Treaty of"]
    assert keywords == rispy.loads(citation.render_ris(item))[0]["keywords"]
    assert keywords == yaml.safe_load(citation.render_cff(item))["preferred-citation"]["keywords"]


def test_files_say_nothing_that_is_not_known(publication: Publication) -> None:
    """Without DOI, address, publisher, abstract and keywords no file has a field for them."""
    edition = read_edition(publication.project)
    item = citation.csl_item(edition, check_edition(edition).text, "")

    assert {"id", "type", "title", "author", "issued", "version", "language"} == set(item)
    for render in (citation.render_bibtex, citation.render_ris, citation.render_csl_json,
                   citation.render_cff):
        said = render(item)
        assert said.endswith("\n")
        assert not re.search(r"doi|url|\bUR\b|\bDO\b|http|null|None|\{\},|''|: *$", re.sub(
            r"^(authors|preferred-citation|  authors|  languages):$", "", said, flags=re.M),
            re.I | re.M), said


@pytest.mark.parametrize("title", ["1e3", "0x1F", "yes", "2024-05-06", "~", "null", "- a: b #c"])
def test_cff_reads_every_title_as_words(title: str) -> None:
    """What YAML of any version could take for a number, a date or nothing stays a title."""
    assert from_cff(ITEM | {"title": title})["title"] == title


def test_people_keep_their_identifiers(cited: Callable[..., Any]) -> None:
    """CITATION.cff and CSL-JSON know ORCID and affiliation of those who gave them."""
    _, _, item = cited(AUTHORS)

    first, second, *_ = yaml.safe_load(citation.render_cff(item))["preferred-citation"]["authors"]
    assert first["orcid"] == "https://orcid.org/0000-0002-1825-0097"
    assert first["affiliation"] == "Univ. of A; Institute B"
    assert "orcid" not in second
    assert item["custom"]["authors"][0]["orcid"] == "0000-0002-1825-0097"


@pytest.mark.parametrize(("license_name", "field", "value"), [
    ("CC-BY-4.0", "license", "CC-BY-4.0"),
    ("https://example.org/terms", "license-url", "https://example.org/terms"),
    ("All rights reserved", "license", None)])
def test_cff_names_a_licence_that_it_knows(
    cited: Callable[..., Any], license_name: str, field: str, value: str | None
) -> None:
    """CITATION.cff is valid whatever the licence: a known name, an address, or neither."""
    _, _, item = cited(more=f"license: {license_name}")
    from_cff(item)

    essay = yaml.safe_load(citation.render_cff(item))["preferred-citation"]
    assert value == essay.get(field)


def test_cff_with_a_doi_that_it_does_not_allow(cited: Callable[..., Any]) -> None:
    """A DOI with signs that CITATION.cff forbids stands there as an address."""
    _, _, item = cited(more="doi: 10.1002/1097<1::AID>3.0.CO;2-D")
    cffconvert.Citation(citation.render_cff(item)).validate()

    [identifier] = yaml.safe_load(citation.render_cff(item))["preferred-citation"]["identifiers"]
    assert identifier["value"].startswith("https://doi.org/10.1002/1097%3C1")


def test_ris_lines_end_as_specified() -> None:
    """Every line of RIS is a tag with a value, and ends with CR LF."""
    said = citation.render_ris(ITEM | {"abstract": "One.\n\nTwo.\r\nER  - "})

    *lines, last, rest = said.split("\r\n")
    assert rest == ""
    assert last == "ER  - "
    assert all(re.fullmatch(r"[A-Z][A-Z0-9]  - \S.*", line) for line in lines)


@pytest.mark.parametrize(("name", "key"), [
    ("{given: Ludwig, particle: van, family: Beethoven}", "beethoven2024"),
    ("{given: Jürgen, family: Groß}", "gross2024"),
    ("{name: Offprint}", "offprint2024"), ("{given: Николай, family: Кочкин}", "edition2024")])
def test_key_is_plain_letters_and_the_year(
    cited: Callable[..., Any], name: str, key: str
) -> None:
    """The key is the first author's name in plain letters, and the year."""
    assert cited(f"author: {name}")[2]["id"] == key


def test_draft_is_cited_as_one(publication: Publication) -> None:
    """The version of a draft says that it is one, in every form."""
    edition = read_edition(publication.project, draft=True)
    text = check_edition(edition).text

    assert citation.csl_item(edition, text, "")["version"] == "1.0.0-draft"
    assert all("1.0.0-draft" in plain
               for _, _, plain in citation.render_citations(edition, text, ""))


def citations_of(project: Path) -> dict[str, str]:
    edition = read_edition(Project(project, project / "output"))
    text = check_edition(edition).text
    return {label: plain for label, _, plain in citation.render_citations(edition, text, SWHID)}


def test_essay_is_cited_in_three_styles() -> None:
    """The essay of this repository is cited in its own style, which is Chicago, and two more."""
    version = read_edition(Project(PRESS, PRESS / "output")).front.version
    assert list(citations_of(PRESS)) == ["Chicago", "MLA", "APA"]
    for cited in citations_of(PRESS).values():
        assert cited.startswith("Offprint. ")
        assert "Did the USSR Ever Seek Membership in NATO? A " in cited
        assert f"ersion {version}" in cited
        assert "2026" in cited
        assert "swh:" not in cited


def test_own_style_comes_first() -> None:
    """An essay in another style is cited in that one too, by its name."""
    said = citations_of(SAMPLE)

    assert list(said) == [
        "Chicago Manual of Style 18th edition (author-date)", "Chicago", "MLA", "APA"]
    assert said["APA"] == (
        "de la Cruz, M., & Groß, J. (2024). The Common Reader’s Guide to Everything: "
        "A sample of what an essay may hold (Version 2.3.1).")


@pytest.mark.parametrize(("title", "subtitle", "joined"), TITLES.values(), ids=TITLES)
def test_every_citation_prints_the_title(
    cited: Callable[..., Any], title: str, subtitle: str, joined: str
) -> None:
    """No sign of the title is lost in print, and HTML says the same as plain words."""
    edition, text, _ = cited(title=title, subtitle=subtitle, lang="de-DE", more=IDENTIFIED)
    quotes = str.maketrans("“”„‘’‚", '""""""')

    for _, html, plain in citation.render_citations(edition, text, SWHID):
        assert joined.translate(quotes).lower() in plain.translate(quotes).lower()
        read = "".join(etree.fromstring(f"<p>{html}</p>").itertext())
        assert read == plain


def test_numbered_style_has_no_number(cited: Callable[..., Any]) -> None:
    """A citation that stands alone has no [1] before it."""
    edition, text, _ = cited(more="csl: ieee\ndoi: 10.1234/abc", lang="en-US")
    own, *_ = citation.render_citations(edition, text, "")

    assert own[0].startswith("IEEE")
    assert own[2].startswith("J. Doe, “A,”")
    assert '<a href="https://doi.org/10.1234/abc">' in own[1]


def test_style_without_bibliography_is_left_out(
    publication: Publication, cited: Callable[..., Any]
) -> None:
    """A style that prints notes and no bibliography gives no citation; the others do."""
    publication.write("manuscript/notes.csl", (
        '<style xmlns="http://purl.org/net/xbiblio/csl" class="note" version="1.0"><info>'
        "<title>Notes</title><id>notes</id><updated>2024-01-01T00:00:00Z</updated></info>"
        '<citation><layout><text variable="title"/></layout></citation></style>'))
    edition, text, _ = cited(more="csl: notes.csl")

    labels = [label for label, _, _ in citation.render_citations(edition, text, "")]
    assert labels == ["Chicago", "MLA", "APA"]


def test_references_are_offered_as_written() -> None:
    """The bibliography is the author's own file, and RIS with all sources and capitals."""
    edition = read_edition(Project(PRESS, PRESS / "output"))
    files = citation.render_references(edition, citation.read_sources(edition))
    sources = {entry["id"]: entry for entry in rispy.loads(files["references.ris"].decode())}

    assert files["references.bib"] == edition.project.references.read_bytes()
    assert set(sources) == set(edition.bibliography.entries)
    assert sources["circulating2025"]["title"] == (
        "Did the USSR Ever Seek Membership in NATO? A Historical Inquiry")
    assert sources["hdiplo2013"]["title"] == (
        "Roundtable on Geoffrey Roberts, Molotov: Stalin’s Cold Warrior")
    assert sources["luthi2008"]["type_of_reference"] == "BOOK"
    assert b"<" not in files["references.ris"]


def test_no_bibliography_gives_no_files(publication: Publication) -> None:
    """An essay that cites nothing has no bibliography to offer."""
    edition = read_edition(publication.project)

    assert citation.render_references(edition, citation.read_sources(edition)) == {}


def test_stale_citation_file_is_noted(
    publication: Publication, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The press's own CITATION.cff that differs is a note; the same one, or none, is none."""
    monkeypatch.setattr(citation, "PRESS", publication.root)
    edition = read_edition(publication.project)
    item = citation.csl_item(edition, check_edition(edition).text, "")

    assert list(citation.check_citation_file(edition, item)) == []
    publication.write("CITATION.cff", citation.render_cff(item))
    assert list(citation.check_citation_file(edition, item)) == []
    publication.change("CITATION.cff", "A Small Essay", "A Large Essay")
    [problem] = citation.check_citation_file(edition, item)
    assert problem.note
    assert problem.file == "CITATION.cff"
    assert "stale" in problem.what


# Straight quotes are left out because readers of LaTeX set them as curly ones, braces and the
# circumflex because pylatexenc and Pandoc each know only one way to write them, and raised
# letters because Pandoc writes them as markup.
PRINTABLE = st.text(st.characters(
    min_codepoint=0x20, max_codepoint=0x24F, exclude_categories=["C", "Zs"],
    include_characters=" Кочкин毛澤東“”–—", exclude_characters="'\"`{}^´¨¯¸˙˚²³¹ªº"),
    min_size=1).map(lambda text: " ".join(text.split())).filter(bool)
NAME = st.text(st.characters(categories=["Lu", "Ll"], max_codepoint=0x24F), min_size=1,
               max_size=12).map(str.capitalize).filter(lambda text: text[0].isupper())
AUTHOR = st.one_of(
    st.builds(lambda name: {"literal": name}, PRINTABLE),
    st.fixed_dictionaries({"family": NAME, "given": NAME}, optional={
        "non-dropping-particle": st.sampled_from(["van", "de la", "von und zu"]),
        "suffix": st.sampled_from(["Jr.", "III"])}))
AUTHORS_OF_ANY_NAME = st.lists(AUTHOR, min_size=1, max_size=4, unique_by=str)


@settings(max_examples=60, deadline=None)
@given(PRINTABLE, AUTHORS_OF_ANY_NAME)
def test_any_title_and_names_survive_ris_and_cff(
    title: str, authors: list[dict[str, str]]
) -> None:
    """Whatever is printed in a title or a name is read back from RIS, CSL-JSON and CFF."""
    item = ITEM | {"title": title, "author": authors}

    assert from_csl(item) == from_ris(item) == from_cff(item)
    assert [item] == json.loads(citation.render_csl_json(item))


@settings(max_examples=60, deadline=None)
@given(PRINTABLE, AUTHORS_OF_ANY_NAME)
def test_any_title_and_names_survive_bibtex(title: str, authors: list[dict[str, str]]) -> None:
    """Whatever is printed in a title or a name is read back from BibLaTeX."""
    item = ITEM | {"title": title, "author": authors}

    assert from_csl(item) == from_bibtexparser(item)


@settings(max_examples=25, deadline=None)
@given(title=PRINTABLE)
def test_any_title_survives_pandoc(tmp_path_factory: pytest.TempPathFactory, title: str) -> None:
    """Whatever is printed in a title, Pandoc finds it in the BibLaTeX file."""
    item = ITEM | {"title": title}

    assert title == from_pandoc(item, tmp_path_factory.getbasetemp())["title"]


@given(st.text(), st.text())
def test_bibtex_braces_always_match(title: str, name: str) -> None:
    """No title or name, whatever its braces, breaks the BibLaTeX file."""
    item = ITEM | {"title": f"{{{title}", "author": [{"literal": f"{name}}}"}]}

    library = parse_string(citation.render_bibtex(item))
    assert library.failed_blocks == []
    assert len(library.entries) == 1
