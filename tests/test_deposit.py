"""The deposit: what archives and registries are told is valid, complete and made up by nobody."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from datacite import schema45
from lxml import etree

from offprint import pandoc
from offprint.deposit import check_deposit, render_deposit, three_letters
from offprint.document import elements, plain_text, rewrite
from offprint.edition import read_edition
from offprint.metadata import Item
from offprint.paragraphs import find_paragraphs
from offprint.project import PRESS, Project

from .conftest import REVISED, SAMPLE, WITHDRAWAL, Publication
from .test_metadata import ADDRESSES, BEETHOVEN, SWHID, read

WriteEssay = Callable[[str], Publication]
DTDS = "@jats4r/dtds@0.0.10"  # all released versions of the JATS DTDs
CROSSREF = {"c": "http://www.crossref.org/schema/5.3.1",
            "jats": "http://www.ncbi.nlm.nih.gov/JATS1"}
XLINK = "{http://www.w3.org/1999/xlink}"
# The order of Crossref's schema 5.3.1 for the elements that we write.
ORDERS = {
    "posted_content": ("contributors", "titles", "posted_date", "abstract", "program", "doi_data",
                       "citation_list"),
    "head": ("doi_batch_id", "timestamp", "depositor", "registrant"),
    "person_name": ("given_name", "surname", "suffix", "affiliations", "ORCID"),
    "posted_date": ("month", "day", "year"), "titles": ("title", "subtitle"),
    "citation": ("doi", "unstructured_citation"), "doi_data": ("doi", "resource")}


@pytest.fixture(scope="session")
def jats(tmp_path_factory: pytest.TempPathFactory) -> etree.DTD:
    """The DTD of JATS 1.3 (Archiving), which npm brings once; without it the test is skipped."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "offprint"
    folder = cache / ("jats-" + DTDS.rpartition("/")[2])
    if not folder.exists():
        npm, fresh = shutil.which("npm"), tmp_path_factory.mktemp("dtds")
        done = npm and subprocess.run(
            [npm, "pack", DTDS, "--pack-destination", str(fresh)], capture_output=True,
            check=False, timeout=120)
        if not done or done.returncode:
            stop = pytest.fail if os.environ.get("CI") == "true" else pytest.skip
            stop(f"the JATS DTDs are missing: npm pack {DTDS}")
        with tarfile.open(next(fresh.glob("*.tgz"))) as archive:
            archive.extractall(fresh, filter="data")
        cache.mkdir(parents=True, exist_ok=True)
        shutil.move(fresh / "package", folder)
    return etree.DTD(file=str(folder / "schema/1.3/JATS-archivearticle1-3-mathml3.dtd"))


def references(project: Project) -> list[Item]:
    """Return the bibliography of `project` as CSL-JSON."""
    if not project.references.exists():
        return []
    return pandoc.read_references(project.references, "references.bib")


def deposit_of(project: Project, swhid: str = "") -> dict[str, bytes]:
    edition, text = read(project)
    return render_deposit(edition, text, swhid, references(project))


def essay_of(files: dict[str, bytes]) -> Any:
    return etree.fromstring(files["essay.jats.xml"])


def words(element: Any) -> str:
    return " ".join("".join(element.itertext()).split())


@pytest.fixture
def bare(publication: Publication) -> Project:
    """A publication that says as little as one can."""
    return publication.project


@pytest.fixture
def full(publication: Publication) -> Project:
    """A publication whose front matter has a value for every field, and whose text cites."""
    publication.change("manuscript/essay.md", "author: Jane Doe", f"{BEETHOVEN}\n{ADDRESSES}")
    publication.change("manuscript/essay.md", "lang: en", "lang: en\nlicense: CC-BY-4.0")
    publication.change("manuscript/essay.md", "is enough.", "is enough.[@a; @b]")
    publication.write("bibliography/references.bib", """\
@book{a, author = {Doe, Jane}, title = {Letters}, date = {2020}, doi = {10.1234/a}}
@online{b, author = {{The Society}}, title = {A Page}, date = {2021-02-03}, url = {https://b.org}}
""")
    publication.write("manuscript/corrections.yaml", """\
replaces: b
corrections:
  - {id: c1, verdict: wrong, was: Two., now: One paragraph, why: It was counted., sources: "@a"}
""")
    return publication.project


@pytest.fixture
def sample_project(tmp_path: Path) -> Project:
    return Project(SAMPLE, tmp_path)


@pytest.fixture
def own(tmp_path: Path) -> Project:
    return Project(PRESS, tmp_path)


@pytest.fixture
def revised_project(tmp_path: Path) -> Project:
    """A publication with two earlier versions, only the second of which has a DOI."""
    return Project(REVISED, tmp_path)


@pytest.fixture
def withdrawn_project(tmp_path: Path) -> Project:
    """The same, withdrawn."""
    shutil.copytree(REVISED, tmp_path / "withdrawn")
    path = tmp_path / "withdrawn" / "manuscript" / "corrections.yaml"
    path.write_text(path.read_text(encoding="utf-8") + WITHDRAWAL, encoding="utf-8")
    return Project(tmp_path / "withdrawn", tmp_path)


@pytest.mark.parametrize("which", [
    "bare", "full", "sample_project", "own", "revised_project", "withdrawn_project"])
def test_jats_is_valid(which: str, request: pytest.FixtureRequest, jats: etree.DTD) -> None:
    """Whatever an essay holds, it is valid JATS 1.3."""
    essay = essay_of(deposit_of(request.getfixturevalue(which), SWHID))

    jats.validate(essay)
    assert [f"{error.line}: {error.message}" for error in jats.error_log] == []


def test_every_kind_of_block_is_valid_jats(write_essay: WriteEssay, jats: etree.DTD) -> None:
    """Nested lists, verse, code and pictures in notes, lists and quotations are valid JATS too."""
    publication = write_essay("""\
| A verse *with*
|    a note[^n]

# Heading with a note^[Here.] and `code`

> | Verse in a quotation.
>
> - a list

1. One

    | Verse in a list

    ![Caption.](a.svg){alt="A"}

Word ![](a.svg){alt="B"} word.

A | B
--|--
1 | ![](a.svg){alt="C"}

: Caption.

Term
:   ```
    code
    ```

---

::: {.box}
# A heading in a box
Text $x^2$ and $$y$$
:::

[^n]: Para.

        code

    > quoted
""")
    publication.write("manuscript/a.svg", '<svg xmlns="http://www.w3.org/2000/svg"/>')

    essay = essay_of(deposit_of(publication.project))

    jats.validate(essay)
    assert [f"{error.line}: {error.message}" for error in jats.error_log] == []
    assert [words(found) for found in essay.iter("alt-text")] == ["A", "B", "C"]
    assert words(next(essay.iter("verse-line"))) == "A verse with"


def test_jats_names_authors_as_they_are(full: Project) -> None:
    """Surnames keep their particles and letters, and a corporate author stays whole."""
    essay = essay_of(deposit_of(full))

    assert [words(name) for name in essay.findall(".//contrib//surname")] == [
        "van Beethoven", "Достоевский"]
    assert [words(name) for name in essay.findall(".//contrib/collab")] == ["The <Fifth> Society"]
    assert [words(found) for found in essay.iter("contrib-id")] == [
        "https://orcid.org/0000-0002-1825-0097"]
    places = {aff.get("id"): words(aff) for aff in essay.iter("aff")}
    assert [places[xref.get("rid")] for xref in essay.findall(".//contrib/xref")] == [
        "Bonn & Sons", "Wien"]


def test_jats_says_what_the_front_matter_says(full: Project) -> None:
    """Identifiers, version, date, licence, abstract and keywords are in the front of the file."""
    front = essay_of(deposit_of(full, SWHID)).find("front")

    assert {found.get("pub-id-type"): found.text for found in front.iter("article-id")} == {
        "doi": "10.1234/abc<1>", "custom": SWHID}
    assert words(front.find(".//article-version")) == "1.0.0"
    assert front.find(".//pub-date").get("iso-8601-date") == "2024-05-06"
    assert front.find(".//license").get(f"{XLINK}href") == (
        "https://creativecommons.org/licenses/by/4.0/")
    assert words(front.find(".//abstract")) == "It is “short” & sweet."
    assert [words(found) for found in front.iter("kwd")] == ["one", "two </script> three"]
    replaced = front.find(".//related-article")
    assert (replaced.get("related-article-type"), replaced.get(f"{XLINK}href")) == (
        "corrected-article", "https://b.org")


def test_jats_of_a_bare_essay_has_nothing_empty(bare: Project) -> None:
    """A field that the front matter does not give has no element, and no element is empty."""
    essay = essay_of(deposit_of(bare))

    assert [element.tag for element in essay.iter() if not words(element)] == []
    assert {"article-version", "title-group", "contrib-group", "pub-date"} == {
        element.tag for element in essay.find("front/article-meta")}


def test_jats_loses_no_word(sample_project: Project) -> None:
    """Every paragraph and heading of the essay is in the file, word for word."""
    edition, text = read(sample_project)
    essay = essay_of(render_deposit(edition, text, "", references(sample_project)))
    for call in essay.findall(".//xref[@ref-type='fn']"):
        call.text = None
    etree.strip_elements(essay, "{*}math", with_tail=False)  # which the TeX beside it repeats
    told = " ".join(re.findall(r"\w+", words(essay)))
    blocks = rewrite(text.essay, lambda found: found["c"][1] if found["t"] == "Cite" else None)

    printed = [" ".join(re.findall(r"\w+", plain_text(block)))
               for kind in ("Para", "Header") for block in elements(blocks, kind)]
    assert printed
    assert [line for line in printed if line not in told] == []


def test_jats_keeps_apart_what_belongs_behind(full: Project) -> None:
    """Corrections are an appendix, sources a list, notes their own; the body is the essay."""
    essay = essay_of(deposit_of(full))

    assert words(essay.find("body")) == "One paragraph is enough.1"
    assert [part.tag for part in essay.find("back")] == [
        "app-group", "ref-list", "fn-group", "notes"]
    assert "It was counted." in words(essay.find("back/app-group/app/boxed-text"))


def test_sources_have_printed_words_and_fields(full: Project) -> None:
    """Each source is given as it is printed, and once more in fields."""
    book, page = essay_of(deposit_of(full)).findall(".//ref/citation-alternatives")

    assert words(book.find("mixed-citation")).startswith("Doe, Jane. Letters.")
    fields = {element.tag: words(element) for element in book.find("element-citation")}
    assert fields == {
        "person-group": "DoeJane", "source": "Letters", "date": "2020", "pub-id": "10.1234/a"}
    assert words(page.find(".//collab")) == "The Society"
    assert page.find(".//date").get("iso-8601-date") == "2021-02-03"


def test_drawings_are_not_lost(own: Project) -> None:
    """A drawn timeline is a file of the deposit, named in the text, with its events in words."""
    files = deposit_of(own)

    graphic = essay_of(files).find(".//fig/graphic")
    name = graphic.get(f"{XLINK}href")
    assert etree.fromstring(files[name]).tag == "{http://www.w3.org/2000/svg}svg"
    assert words(graphic.find("alt-text"))
    assert "1954" in words(graphic.find("long-desc"))


def test_pictures_are_files_of_the_deposit(sample_project: Project) -> None:
    """Every picture that the text names is in the deposit as it was."""
    files = deposit_of(sample_project)

    named = [graphic.get(f"{XLINK}href") for graphic in essay_of(files).iter("graphic")]
    figures = SAMPLE / "manuscript" / "figures"
    assert [(figures / "shapes.svg").read_bytes(), (figures / "field.png").read_bytes()] == [
        files[name] for name in named]


@pytest.mark.parametrize("which", ["full", "sample_project", "own"])
def test_datacite_fits_its_schema(which: str, request: pytest.FixtureRequest,
                                  tmp_path: Path) -> None:
    """What DataCite is told has the fields and the values of its schema 4.5."""
    project = request.getfixturevalue(which)
    if which != "full":
        shutil.copytree(project.manuscript, tmp_path / "copy" / "manuscript")
        shutil.copytree(project.references.parent, tmp_path / "copy" / "bibliography")
        essay = tmp_path / "copy" / "manuscript" / "essay.md"
        essay.write_text(essay.read_text(encoding="utf-8").replace(
            "\nversion:", "\npublisher: Press\nversion:", 1), encoding="utf-8")
        project = Project(tmp_path / "copy", tmp_path)

    data = json.loads(deposit_of(project, SWHID)["datacite.json"])

    assert [error.message for error in schema45.validator.iter_errors(data)] == []


def test_datacite_says_who_and_what(full: Project) -> None:
    """DataCite learns the names in parts, the collective DOI, and which text is replaced."""
    data = json.loads(deposit_of(full, SWHID)["datacite.json"])

    names = [(creator["name"], creator["nameType"], creator.get("familyName"))
             for creator in data["creators"]]
    assert names == [
        ("van Beethoven, Ludwig", "Personal", "van Beethoven"),
        ("Достоевский, Фёдор", "Personal", "Достоевский"),
        ("The <Fifth> Society", "Organizational", None)]
    related = [(found["relatedIdentifier"], found["relationType"])
               for found in data["relatedIdentifiers"]]
    assert related == [
        ("10.1234/all", "IsVersionOf"), ("10.1234/a", "References"),
        ("https://b.org", "IsDerivedFrom")]
    assert data["alternateIdentifiers"][0]["alternateIdentifier"] == SWHID


def test_zenodo_says_who_and_what(full: Project) -> None:
    """Zenodo gets names in index form, a language of three letters, a licence it knows."""
    data = json.loads(deposit_of(full, SWHID)["zenodo.json"])

    assert [creator["name"] for creator in data["creators"]] == [
        "van Beethoven, Ludwig", "Достоевский, Фёдор", "The <Fifth> Society"]
    assert (data["creators"][0]["orcid"], data["creators"][0]["affiliation"]) == (
        "0000-0002-1825-0097", "Bonn & Sons; Wien")
    fields = ("language", "license", "upload_type", "publication_type", "version")
    assert [data[name] for name in fields] == [
        "eng", "cc-by-4.0", "publication", "other", "1.0.0"]
    assert data["description"] == "<p>It is “short” &amp; sweet.</p>"
    assert {"identifier": "https://b.org", "relation": "isDerivedFrom"} in (
        data["related_identifiers"])


def test_crossref_keeps_the_order_of_its_schema(full: Project) -> None:
    """Crossref's elements stand in the order that its schema prescribes."""
    deposit = etree.fromstring(deposit_of(full)["crossref.xml"])

    for name, order in ORDERS.items():
        found = list(deposit.iter(f"{{{CROSSREF['c']}}}{name}"))
        assert found, name
        for element in found:
            tags = [etree.QName(child).localname for child in element]
            assert sorted(tags, key=order.index) == tags


def test_crossref_registers_the_doi(full: Project) -> None:
    """Crossref learns the DOI and where it leads, at the edition's date and not at today's."""
    deposit = etree.fromstring(deposit_of(full)["crossref.xml"])

    def said(path: str) -> list[str]:
        return [words(element) for element in deposit.iterfind(path, CROSSREF)]

    assert [*said(".//c:doi_data/c:doi"), *said(".//c:resource")] == [
        "10.1234/abc<1>", "https://example.org/essay"]
    assert said(".//c:timestamp") == ["20240506000000"]
    assert said(".//c:depositor_name") == said(".//c:registrant") == ["Press & Co."]
    assert said(".//c:email_address") == ["editor@example.org"]
    assert said(".//c:surname") == ["van Beethoven", "Достоевский"]
    assert said(".//c:organization") == ["The <Fifth> Society"]
    assert said(".//c:citation/c:doi") == ["10.1234/a"]


def test_link_set_has_an_anchor_for_each_resource(full: Project) -> None:
    """The link set leads from the page to its files, and from each file to its page."""
    page, *files = json.loads(deposit_of(full)["linkset.json"])["linkset"]

    assert page["anchor"] == "https://example.org/essay"
    assert [file["anchor"] for file in files] == [link["href"] for link in page["item"]]
    assert all(file["collection"][0]["href"] == page["anchor"] for file in files)


def test_registry_that_requires_more_gets_no_file(bare: Project) -> None:
    """Where a registry requires what the front matter lacks, there is no file with a stand-in."""
    assert {"essay.jats.xml", "zenodo.json"} == set(deposit_of(bare))


@pytest.mark.parametrize("line", ["url: https://", "doi: 10.", "publisher: ", "contact: "])
def test_crossref_needs_all_four(full: Project, line: str) -> None:
    """Without any one of the four nothing is registered, and a note says so."""
    lines = full.essay.read_text(encoding="utf-8").splitlines(keepends=True)
    full.essay.write_text("".join(kept for kept in lines if not kept.startswith(line)),
                          encoding="utf-8")

    notes = list(check_deposit(read_edition(full)))

    assert "crossref.xml" not in deposit_of(full)
    assert any("crossref.xml" in problem.what for problem in notes)


def test_full_front_matter_gets_no_note(full: Project) -> None:
    """Where nothing is missing but one ORCID, the one note names its author."""
    full_notes = list(check_deposit(read_edition(full)))

    assert [problem.what for problem in full_notes] == [
        "Фёдор Достоевский has no ORCID: archives tell authors of one name apart by it"]
    assert all(problem.note and problem.remedy for problem in full_notes)


def test_bare_essay_is_told_everything(bare: Project) -> None:
    """An essay that says little learns all that archives ask for, and no problem stops it."""
    notes = list(check_deposit(read_edition(bare)))

    assert [problem.what.partition(":")[0] for problem in notes] == [
        "no licence", "no abstract", "no keywords", "no publisher", "no address", "no DOI",
        "no mail address"]
    assert all(problem.note and problem.remedy for problem in notes)


def test_same_edition_gives_the_same_files(full: Project) -> None:
    """A deposit depends on the edition alone."""
    assert deposit_of(full, SWHID) == deposit_of(full, SWHID)


@pytest.mark.parametrize(("tag", "code"), [
    ("en-US", "eng"), ("de", "deu"), ("fr", "fra"), ("el", "ell"), ("nl", "nld"), ("cs", "ces"),
    ("sr-Latn", "srp"), ("zh", "zho"), ("sv", "swe"), ("grc", "grc"), ("xx", "")])
def test_languages_have_codes_of_three_letters(tag: str, code: str) -> None:
    """A language is named by the code of ISO 639-3, and by none where there is none."""
    assert code == three_letters(tag)


# Earlier versions, and withdrawal


def test_jats_numbers_the_paragraphs_as_the_editions_do(sample_project: Project) -> None:
    """Paragraphs of the body have the identifiers that they have in the HTML edition."""
    _, text = read(sample_project)
    article = essay_of(deposit_of(sample_project))
    numbered = [p for p in article.iter("p") if (p.get("id") or "").startswith("p")]

    assert [f"p{number}" for number in range(1, len(numbered) + 1)] == [
        p.get("id") for p in numbered]
    assert [plain_text(block)[:12] for block in find_paragraphs(text.essay)] == [
        words(p)[:12] for p in numbered]


def test_jats_names_earlier_versions(revised_project: Project) -> None:
    """JATS lists earlier versions as events and as the articles that are corrected."""
    article = essay_of(deposit_of(revised_project))

    assert [words(event.find("article-version")) for event in article.iter("event")] == [
        "1.0.0", "1.0.1"]
    assert [(related.get("ext-link-type"), related.get(f"{XLINK}href"))
            for related in article.iter("related-article")][-2:] == [
        ("swhid", "swh:1:dir:" + 40 * "1"), ("doi", "10.1234/log.2")]


def test_datacite_names_earlier_versions(revised_project: Project) -> None:
    """DataCite learns which versions came before: by DOI, or in words where there is none."""
    data = json.loads(deposit_of(revised_project)["datacite.json"])

    assert [error.message for error in schema45.validator.iter_errors(data)] == []
    assert {"relatedIdentifier": "10.1234/log.2", "relatedIdentifierType": "DOI",
            "relationType": "IsNewVersionOf"} in data["relatedIdentifiers"]
    (item,) = data["relatedItems"]
    assert (item["relationType"], item["number"]) == ("IsNewVersionOf", "1.0.0")
    assert "swh:1:dir:" + 40 * "1" in item["titles"][0]["title"]


def test_zenodo_and_crossref_name_earlier_versions(revised_project: Project) -> None:
    """Each earlier version stands in their files by DOI, or by SWHID where there is none."""
    files = deposit_of(revised_project)
    deposit = etree.fromstring(files["crossref.xml"])
    named = ["swh:1:dir:" + 40 * "1", "10.1234/log.2"]

    assert named == [related["identifier"] for related in
                     json.loads(files["zenodo.json"])["related_identifiers"]
                     if related["relation"] == "isNewVersionOf"]
    assert named == [words(related) for related in deposit.iter("{*}intra_work_relation")
                     if related.get("relationship-type") == "replaces"]


def test_link_set_leads_from_version_to_version(revised_project: Project) -> None:
    """The link set leads to the version before, and from there to this one (RFC 5829)."""
    page, *_, before = json.loads(deposit_of(revised_project)["linkset.json"])["linkset"]

    assert page["predecessor-version"] == [{"href": "https://doi.org/10.1234/log.2"}]
    assert before == {"anchor": "https://doi.org/10.1234/log.2",
                      "successor-version": [{"href": "https://doi.org/10.1234/log.3"}]}


def test_archives_are_told_of_a_withdrawal(withdrawn_project: Project) -> None:
    """A withdrawn edition says so where each format has a place for it, and why."""
    files = deposit_of(withdrawn_project)
    data = json.loads(files["datacite.json"])
    deposit, article = etree.fromstring(files["crossref.xml"]), essay_of(files)

    assert [error.message for error in schema45.validator.iter_errors(data)] == []
    assert data["version"] == "1.1.0 (withdrawn)"
    assert data["dates"][-1] == {
        "date": "2025-03-01", "dateType": "Withdrawn",
        "dateInformation": "The leaf has been shown to be a forgery."}
    assert words(deposit.find(".//c:title", CROSSREF)).startswith("WITHDRAWN: ")
    (event,) = article.findall(".//event[@event-type='withdrawn']")
    assert words(event.find("event-desc")) == "The leaf has been shown to be a forgery."
    assert words(article.find(".//article-version")) == "1.1.0 (withdrawn)"
