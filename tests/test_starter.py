"""A new publication builds at once; a manuscript of another tool becomes one."""

from __future__ import annotations

import datetime
import shutil
import tempfile
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from offprint.authors import divide_name
from offprint.manuscript import read_manuscript
from offprint.problems import ProblemsFoundError
from offprint.project import TEMPLATES
from offprint.starter import read_starter, write_publication
from offprint.takeover import read_date, take_over

from . import validators
from .conftest import Publication, build_into, run

MANUSCRIPTS = Path(__file__).parent / "manuscripts"
TODAY = datetime.date(2026, 2, 3)
# Said of every EPUB that embeds a font, and not a fault: "use of @font-face".
FONTS_ARE_EMBEDDED = "CSS-028"


# The publication to begin with


def test_new_publication_is_without_a_fault(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What `new` writes has no problem and no note, and its editions pass their judges."""
    assert run("new", tmp_path / "own") == 0
    said = capsys.readouterr()
    assert said.err.splitlines() == [
        f"to print it: python3 build.py --project {tmp_path / 'own'}"]
    assert str(tmp_path / "own" / "manuscript" / "essay.md") in said.out.splitlines()

    made = build_into(tmp_path / "own", tmp_path / "own" / "output")

    assert capsys.readouterr().err == ""
    assert validators.pdf_findings(made.pdf, "ua1") == []
    assert validators.html_messages(made.html) == []
    assert [message for message in validators.epub_messages(made.epub)
            if FONTS_ARE_EMBEDDED not in message] == []


def test_new_publication_is_of_today(tmp_path: Path) -> None:
    """Its date is the day on which it was begun; all else is as the template has it."""
    files = read_starter(TODAY)
    template = (TEMPLATES / "new/manuscript/essay.md").read_text(encoding="utf-8")

    lines = set(files["manuscript/essay.md"].decode().splitlines())

    assert lines - set(template.splitlines()) == {"date: 2026-02-03"}


def test_readme_of_a_new_publication_is_short() -> None:
    """Its README has ten lines at most."""
    assert len(read_starter(TODAY)["README.md"].splitlines()) <= 10


@pytest.mark.parametrize("there", ["folder", "file", "link"])
def test_nothing_is_overwritten(
    there: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A place that is in use is a wrong command line, and stays as it is."""
    place = tmp_path / "own"
    if there == "folder":
        place.mkdir()
        (place / "thesis.md").write_text("years of work", encoding="utf-8")
    elif there == "file":
        place.write_text("years of work", encoding="utf-8")
    else:
        place.symlink_to("nowhere")

    assert run("new", place) == 2

    assert "name a new folder" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["own"]
    if there != "link":
        assert (place / "thesis.md" if there == "folder" else place).read_text(
            encoding="utf-8") == "years of work"


def test_an_empty_folder_is_filled(tmp_path: Path) -> None:
    """A folder that is there and empty may be named."""
    assert run("new", tmp_path, "--quiet") == 0

    assert (tmp_path / "manuscript/essay.md").is_file()


# Manuscripts of other tools


@pytest.mark.parametrize("name", sorted(path.name for path in MANUSCRIPTS.iterdir()))
def test_manuscript_is_taken_over(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    """Each folder holds a manuscript, the essay that it must become, and what must be said."""
    folder = MANUSCRIPTS / name
    monkeypatch.chdir(folder)
    paper, = folder.glob("paper.[mqR]*")

    files, notes = take_over(Path(paper.name), None, TODAY)

    write_publication(tmp_path / "own", files)
    problems = Publication(tmp_path / "own").problems()
    report = "".join(f"{problem}\n" for problem in [
        *notes, *problems]) + "".join(f"{name}\n" for name in sorted(files))
    essay = files["manuscript/essay.md"].decode()
    if request.config.getoption("--save-expected"):
        (folder / "expected.md").write_text(essay, encoding="utf-8")
        (folder / "report.txt").write_text(report, encoding="utf-8")
    assert (folder / "expected.md").read_text(encoding="utf-8") == essay
    assert (folder / "report.txt").read_text(encoding="utf-8") == report


def test_mended_manuscript_builds(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A manuscript without marks of its tool prints as it is, with its sources."""
    paper = shutil.copytree(MANUSCRIPTS / "joss", tmp_path / "theirs") / "paper.md"
    text = paper.read_text(encoding="utf-8").replace("\\autoref{fig:output} shows", "all see")
    paper.write_text(text.replace("\\label{fig:output}", ""), encoding="utf-8")

    assert run("new", tmp_path / "own", "--from", paper) == 0
    assert run("html", "--project", tmp_path / "own", "--quiet") == 0

    page = (tmp_path / "own/output/essay.html").read_text(encoding="utf-8")
    assert "A Book of Samples" in page
    assert "Institute for Samples" in page


def test_problems_of_a_manuscript_are_shown(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What the check finds in the new publication is reported there; the exit code is 1."""
    assert run("new", tmp_path / "own", "--from", MANUSCRIPTS / "joss/paper.md") == 1

    assert "manuscript/essay.md:31: a command of TeX, \\autoref" in capsys.readouterr().err
    assert (tmp_path / "own/manuscript/figures/output.png").is_file()


def test_bibliography_may_be_named(tmp_path: Path) -> None:
    """`--bib` takes the place of the bibliography that the manuscript names."""
    (tmp_path / "paper.md").write_text(
        "---\ntitle: T\nauthor: A B\nbibliography: gone.bib\n---\nWords [@extra].\n", "utf-8")

    assert run("new", tmp_path / "own", "--from", tmp_path / "paper.md", "--bib",
               MANUSCRIPTS / "quarto/two.bib", "--quiet") == 0

    assert (tmp_path / "own/bibliography/references.bib").read_bytes() == (
        MANUSCRIPTS / "quarto/two.bib").read_bytes()


@pytest.mark.parametrize(("front", "said"), [
    ("bibliography: gone.bib", "paper.md:3: there is no bibliography {}/gone.bib"),
    ("bibliography: paper.md", "paper.md:3: {}/paper.md is not BibTeX or BibLaTeX"),
    ("title: again", 'paper.md:3: "title" is given twice; the first is in line 2'),
    ("author: [", "paper.md:4: this is not valid YAML"),
])
def test_unreadable_manuscript_writes_nothing(
    front: str, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Front matter or a bibliography that cannot be read is a problem with its line."""
    (tmp_path / "paper.md").write_text(f"---\ntitle: T\n{front}\n---\nWords.\n", "utf-8")

    assert run("new", tmp_path / "own", "--from", tmp_path / "paper.md") == 1

    assert said.format(tmp_path.as_posix()) in capsys.readouterr().err
    assert not (tmp_path / "own").exists()


@pytest.mark.parametrize(("arguments", "said"), [
    (["--from", "gone.md"], "there is no manuscript gone.md"),
    (["--from", "paper.docx"], "pandoc paper.docx -t markdown -o paper.md"),
    (["--bib", "paper.bib"], "name it with --from"),
])
def test_wrong_arguments_are_exit_code_2(
    arguments: list[str], said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """A manuscript that is not there, or no Markdown, is a wrong command line."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "paper.docx").write_bytes(b"PK")

    assert run("new", "own", *arguments) == 2

    assert said in capsys.readouterr().err
    assert not (tmp_path / "own").exists()


# Names and dates


@pytest.mark.parametrize(("written", "parts"), [
    ("Jane Q. Doe", ("Jane Q.", "", "Doe", "")),
    ("Doe, Jane", ("Jane", "", "Doe", "")),
    ("Ludwig van der Muster", ("Ludwig", "van der", "Muster", "")),
    ("van der Muster, Ludwig", ("Ludwig", "van der", "Muster", "")),
    ("Muster, Ludwig van der", ("Ludwig", "van der", "Muster", "")),
    ("García Márquez, Gabriel", ("Gabriel", "", "García Márquez", "")),
    ("Martin King, Jr.", ("Martin", "", "King", "Jr.")),
    ("bell hooks", ("bell", "", "hooks", "")),
])
def test_name_is_divided(written: str, parts: tuple[str, str, str, str]) -> None:
    """A name in one is divided as English reads it, or as BibTeX does where it has a comma."""
    divided = divide_name(written)

    assert tuple(divided.get(name, "") for name in (
        "given", "particle", "family", "suffix")) == parts


@pytest.mark.parametrize("written", [
    "Plato", "University of Nowhere", "The Samples", "Offprint Project"])
def test_corporate_name_stays_whole(written: str) -> None:
    """What no person is called by is a corporate author."""
    assert divide_name(written) == {"name": written}


@given(st.text(st.sampled_from("ab AB,.'é-"), min_size=1))
def test_no_letter_of_a_name_is_lost(written: str) -> None:
    """Dividing a name keeps all its letters."""
    def letters(text: str) -> list[str]:
        return sorted(char for char in text if char not in " ,")

    assert letters("".join(divide_name(written).values())) == letters(written)


@pytest.mark.parametrize(("written", "lang", "day"), [
    ("2017-08-13", "en", "2017-08-13"),
    ("2017/8/3", "en", "2017-08-03"),
    ("2017-08-13T10:00:00Z", "en", "2017-08-13"),
    ("13 August 2017", "en", "2017-08-13"),
    ("August 13th, 2017", "en", "2017-08-13"),
    ("Aug. 3, 2017", "en", "2017-08-03"),
    ("13. März 2017", "de", "2017-03-13"),
    ("3 août 2017", "fr", "2017-08-03"),
    ("8/13/2017", "en", "2017-08-13"),
    ("13.8.2017", "de", "2017-08-13"),
    ("3/4/2017", "en", None),
    ("2017-02-30", "en", None),
    ("August 2017", "en", None),
    ("today", "en", None),
    ("", "en", None),
])
def test_day_is_read(written: str, lang: str, day: str | None) -> None:
    """A date is read in every usual form; one that may be two days is not guessed."""
    assert read_date(written, lang) == (day and datetime.date.fromisoformat(day))


SHAPES = st.recursive(
    st.none() | st.sampled_from(["", "a", "1, 2", "Jane Doe", "A^[b", "@", "2020-01-01", "."]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(
        st.sampled_from(["name", "given", "family", "ref", "index", "id", "affiliation", "a"]),
        inner, max_size=3), max_leaves=6)


@settings(deadline=None)
@given(st.dictionaries(st.sampled_from(
    ["title", "author", "authors", "affiliations", "institute", "date", "lang", "tags", "license",
     "csl", "bibliography", "nocite", "abstract", "format"]), SHAPES, max_size=4))
def test_no_front_matter_is_too_strange(fields: dict[str, object]) -> None:
    """Whatever shape a field has, the manuscript is taken over, or has problems with lines."""
    with tempfile.TemporaryDirectory() as folder:
        paper = Path(folder) / "paper.md"
        paper.write_text(f"---\n{yaml.safe_dump(fields)}---\n\nWords.\n", encoding="utf-8")
        try:
            files, _ = take_over(paper, None, TODAY)
        except ProblemsFoundError as error:
            assert all(problem.line for problem in error.problems)
            return
        write_publication(Path(folder) / "own", files)
        read_manuscript(Publication(Path(folder) / "own").project)
