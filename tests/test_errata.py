"""Whoever holds an old copy gets a slip that says what to read where."""

from __future__ import annotations

from pathlib import Path

import pypdfium2
import pytest
from lxml import html

from . import validators
from .conftest import SAMPLE, Publication, run


@pytest.fixture(scope="module")
def slips(
    released_library: Publication, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """The slips for copies of the first version of the library."""
    output = tmp_path_factory.mktemp("errata")
    assert run("errata", "--since", "1.0.0", "--project", released_library.root, "--output",
               output, "--quiet") == 0
    return output


def errata_of(path: Path) -> list[tuple[str, str]]:
    """Return the place and the words of each erratum of a page."""
    page = html.parse(str(path)).getroot()
    return [(" ".join(place.text_content().split()), " ".join(words.text_content().split()))
            for place, words in zip(page.iter("dt"), page.iter("dd"), strict=True)]


def test_slip_says_what_to_read_where(slips: Path) -> None:
    """Page, paragraph and line are those of the old copy; words are those of both versions."""
    assert errata_of(slips / "errata-1.0.0.html") == [
        ("p. 1, ¶ 1, line 1 e1", "for “burned in 1921” read “burned in 1923”"),
        ("p. 1, note 1, line 1 e2",
         "for “(Sample Press, 1950), 3.” read “(Sample Press, 1950), 30.”"),
        ("p. 1, ¶ 1, line 1 e3",
         "after “nobody saved its catalogue.” add “The fire began in the attic, where the "
         "newspapers were kept.”"),
        ("p. 1, ¶ 5, line 1 e4", "for “and some of them stay” read “and a few of them stay”")]


def test_as_many_slips_as_fit_stand_on_a_sheet(slips: Path) -> None:
    """A short slip stands on A4 and on Letter several times, whole, with both identifiers."""
    for paper, size in (("a4", [297, 210]), ("letter", [279, 216])):
        path = slips / f"errata-1.0.0-{paper}.pdf"
        page, = validators.pdf_text(path)
        sheet = pypdfium2.PdfDocument(path)[0]
        count = page.count("for “burned in 1921” read “burned in 1923”")
        assert count == 6
        assert page.count("swh:1:dir:") == 2 * count
        assert [round(side / 72 * 25.4) for side in sheet.get_size()] == size


def test_slip_for_the_circulating_text(tmp_path: Path) -> None:
    """Without a version, the slip quotes the text that is replaced, with the verdict on it."""
    assert run("errata", "--project", SAMPLE, "--output", tmp_path, "--quiet") == 0

    errata = errata_of(tmp_path / "errata.html")
    assert errata
    assert all("for “" in words and "read “" in words for _, words in errata)
    assert any("wrong" in place for place, _ in errata)


def test_long_slip_goes_on_on_the_next_sheet(library: Publication) -> None:
    """What does not fit on one slip stands on several, each with its number, no word lost."""
    now = ["The library burned", "The fire began", "The town built it", "This paragraph is",
           "It has never been", "Readers come from far"]
    library.write("manuscript/corrections.yaml", "corrections:\n" + "".join(
        f"  - {{id: c{number}, verdict: wrong, was: 'Claim {number} {'of a long text ' * 45}',\n"
        f"     now: {now[number % 6]}, why: It is not so, sources: '@roe1950'}}\n"
        for number in range(12)))

    assert run("errata", "--project", library.root, "--quiet") == 0

    pages = validators.pdf_text(library.root / "output/errata-a4.pdf")
    assert len(pages) > 2
    assert [f"{number}/{len(pages)}" in page for number, page in enumerate(pages, 1)] == (
        [True] * len(pages))
    for number in range(12):
        assert sum(page.count(f"“Claim {number} ") for page in pages) == 2


def test_words_changed_twice_are_read_as_they_are_now(library: Publication) -> None:
    """An erratum gives the last words; a change of later words has no line of its own."""
    library.change("manuscript/essay.md", "version: 1.1.0", "version: 1.2.0")
    library.change("manuscript/essay.md", "burned in 1923", "burned in 1924")
    path = library.root / "manuscript/corrections.yaml"
    path.write_text(path.read_text(encoding="utf-8") + """
  - {id: e5, kind: fact, date: 2024-09-08, version: 1.2.0, paragraph: 1, was: in 1923,
     now: in 1924, why: It did, sources: "@roe1950, p. 30"}
""", encoding="utf-8")

    assert run("errata", "--since", "1.0.0", "--project", library.root, "--quiet") == 0
    assert errata_of(library.root / "output/errata-1.0.0.html")[0][1] == (
        "for “burned in 1921” read “burned in 1924”")
    assert not [place for place, _ in errata_of(library.root / "output/errata-1.0.0.html")
                if "e5" in place]
    assert run("errata", "--since", "1.1.0", "--project", library.root, "--quiet") == 0
    assert errata_of(library.root / "output/errata-1.1.0.html") == [
        ("p. 1, ¶ 1, line 1 e5", "for “in 1923” read “in 1924”")]


def test_nothing_to_correct_is_a_problem(
    library: Publication, publication: Publication, capsys: pytest.CaptureFixture[str]
) -> None:
    """Without corrections there is no slip, and the report says which slips there can be."""
    assert run("errata", "--since", "1.1.0", "--project", library.root) == 1
    assert "nothing is to be corrected in copies of 1.1.0" in capsys.readouterr().err
    assert run("errata", "--project", publication.root) == 1
    assert "there are no corrections of a circulating text" in capsys.readouterr().err


def test_slips_pass_their_validators(slips: Path) -> None:
    """The sheets are PDF/UA-1 in our typefaces, the page has no fault for Nu checker and axe."""
    for path in sorted(slips.glob("*.pdf")):
        assert validators.pdf_findings(path, "ua1") == []
        assert validators.pdf_fonts(path) == {"EB Garamond"}
    assert validators.html_messages(slips / "errata-1.0.0.html") == []
    with validators.browser() as browser:
        page = browser.new_page(viewport={"width": 320, "height": 900})
        page.goto((slips / "errata-1.0.0.html").as_uri())
        assert validators.axe_violations(page) == []
