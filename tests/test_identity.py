"""The edition says who it is, and anybody can check it."""

from __future__ import annotations

import shutil
import subprocess
import zipfile
from pathlib import Path

import pikepdf
import pytest
from lxml import html

from offprint.edition import read_edition
from offprint.identity import identify_source
from offprint.project import PRESS, Project

from . import validators
from .conftest import SAMPLE, Built, Publication, run, write_release


@pytest.mark.parametrize("root", [PRESS, SAMPLE], ids=["essay", "sample"])
def test_identifier_is_the_git_tree_of_the_source(root: Path, tmp_path: Path) -> None:
    """The identifier is the hash that git computes for the two source folders."""
    for name in ("manuscript", "bibliography"):
        shutil.copytree(root / name, tmp_path / name)
    for command in ("init -q", "add ."):
        subprocess.run(["git", *command.split()], cwd=tmp_path, check=True)
    tree = subprocess.run(["git", "write-tree"], cwd=tmp_path, check=True, capture_output=True,
                          text=True).stdout.strip()

    assert identify_source(Project(root, root / "output")) == f"swh:1:dir:{tree}"


def test_identifier_depends_on_the_source_alone(publication: Publication) -> None:
    """What editors and systems leave behind, and output, change nothing; a word changes it."""
    before = identify_source(publication.project)
    publication.write("manuscript/.essay.md.swp", "left behind")
    publication.write("manuscript/essay.md~", "left behind")
    publication.write("output/essay.html", "made")
    (publication.root / "manuscript/empty").mkdir()
    (publication.root / "manuscript/essay.md").chmod(0o600)
    assert identify_source(publication.project) == before

    publication.change("manuscript/essay.md", "enough", "plenty")

    assert identify_source(publication.project) != before


def test_version_date_and_identifier_are_in_every_edition(essay: Built) -> None:
    """PDF, EPUB and HTML name version, date and identifier, in their words and metadata."""
    edition = read_edition(Project(PRESS, PRESS / "output"))
    with zipfile.ZipFile(essay.epub) as archive:
        package = archive.read("EPUB/content.opf").decode()
        colophon = archive.read("EPUB/text/ch005.xhtml").decode()
    page = essay.html.read_text(encoding="utf-8")
    with pikepdf.open(essay.pdf) as pdf:
        metadata = bytes(pdf.Root.Metadata.read_bytes()).decode()

    for said in (package, colophon, page, metadata, "".join(validators.pdf_text(essay.pdf))):
        assert edition.swhid in said
        assert edition.front.version in said
    assert "November 23, 2026" in colophon
    for number, text in enumerate(validators.pdf_text(essay.pdf), 1):
        assert "Version 1.0.0" in text, number


def test_a_draft_says_so_on_every_page_and_in_its_metadata(tmp_path: Path) -> None:
    """With --draft, every page of every edition and its metadata say that it is a draft."""
    assert run("--draft", "--project", SAMPLE, "--output", tmp_path, "--quiet") == 0

    for number, text in enumerate(validators.pdf_text(tmp_path / "essay.pdf"), 1):
        assert "Draft" in text, number
    with pikepdf.open(tmp_path / "essay.pdf") as pdf:
        assert b"2.3.1 (draft)" in pdf.Root.Metadata.read_bytes()
    with zipfile.ZipFile(tmp_path / "essay.epub") as archive:
        assert b"2.3.1 (draft)" in archive.read("EPUB/content.opf")
    page = html.parse(str(tmp_path / "essay.html"))
    assert "Draft" in page.find(".//div[@class='imprint']").text_content()
    assert "2.3.1-draft" in (tmp_path / "essay.bib").read_text(encoding="utf-8")


def test_text_that_differs_from_its_release_is_a_draft(publication: Publication) -> None:
    """A text that is not the one released under its version is a draft without being asked."""
    identifier = identify_source(publication.project)
    write_release(publication, "1.0.0", swhid=identifier)
    assert not read_edition(publication.project).draft

    publication.change("manuscript/essay.md", "enough", "plenty")

    assert read_edition(publication.project).draft


def test_cite_section_says_the_same_in_every_edition(essay: Built) -> None:
    """How to cite the edition stands in PDF, EPUB and HTML, in three styles, with a place."""
    section = html.parse(str(essay.html)).find(".//section[@id='edition-cite']")
    lines = [" ".join(p.text_content().split()) for p in section.iter("p")]
    assert [line.split()[0] for line in lines] == ["Chicago", "MLA", "APA", "Place"]

    pdf = " ".join(" ".join(validators.pdf_text(essay.pdf)).split())
    with zipfile.ZipFile(essay.epub) as archive:
        epub = " ".join("".join(html.fromstring(archive.read(name)).itertext())
                        for name in archive.namelist() if "/ch" in name)
    for line in lines:
        assert line[-25:] in pdf.replace("- ", "")
        assert line[-25:] in " ".join(epub.split())


def test_html_offers_citation_and_bibliography_for_saving(essay: Built) -> None:
    """The page saves the citation in every form, and the bibliography as .bib and .ris."""
    links = html.parse(str(essay.html)).findall(".//a[@download]")

    assert [link.get("download") for link in links] == [
        "references.bib", "references.ris", "essay.bib", "essay.ris", "essay.csl.json",
        "CITATION.cff"]
    assert all(link.get("href").startswith("data:") for link in links)


def test_a_press_on_a_number_copies_a_citation_of_the_place(essay: Built) -> None:
    """A press on the number of a paragraph copies edition, page, paragraph and address."""
    with validators.browser() as browser:
        context = browser.new_context(permissions=["clipboard-read", "clipboard-write"])
        page = context.new_page()
        page.goto(essay.html.as_uri())
        page.locator("a.number[href='#p5']").press("Enter")
        page.locator(".copied").filter(has_text="Citation copied").wait_for()
        copied = page.evaluate("navigator.clipboard.readText()")

    assert copied.startswith("Offprint. Did the USSR Ever Seek Membership in NATO?")
    assert "Version 1.0.0" in copied
    assert "p. 3, ¶ 5" in copied
    assert copied.endswith("essay.html#p5")


def test_numbers_are_plain_links_without_script(essay: Built) -> None:
    """Without JavaScript the number of a paragraph is a link to it."""
    link = html.parse(str(essay.html)).find(".//p[@id='p5']/a[@class='number']")

    assert link.get("href") == "#p5"
    assert link.get("aria-label") == "Paragraph 5"
