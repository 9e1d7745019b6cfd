"""Looks can be chosen and changed without touching code, and every edition stays sound."""

from __future__ import annotations

import io
import re
import shutil
import zipfile
from pathlib import Path

import pytest
from fontTools.ttLib import TTFont
from hypothesis import given
from hypothesis import strategies as st
from lxml import html
from pydantic import ValidationError

from offprint.fonts import Face, cut_fonts, text_width
from offprint.project import PRESS, TEMPLATES, Project
from offprint.theme import ACCENTS, DESIGNS, LEAST_CONTRAST, MEASURES, Theme, contrast

from . import validators
from .conftest import SAMPLE, Built, Publication, build_into, run
from .test_editions import FONTS_ARE_EMBEDDED, epub_trees, words

# Each choice other than its default at least once, and both designs.
THEMES = {
    "modern": "theme: modern",
    "chosen": """\
theme:
  typeface: source sans 3
  measure: wide
  accent: "#005f5f"
  paragraph-numbers: false
  notes: end""",
}
SCHEMES = ("light", "dark")


@pytest.fixture(scope="module", params=sorted(THEMES))
def dressed(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Built:
    """The sample, which holds one of everything, in each theme."""
    return dress(THEMES[request.param], tmp_path_factory.mktemp(request.param))


@pytest.fixture(scope="module")
def chosen(tmp_path_factory: pytest.TempPathFactory) -> Built:
    """The sample with every choice made."""
    return dress(THEMES["chosen"], tmp_path_factory.mktemp("choices"))


def dress(theme: str, folder: Path) -> Built:
    """Build the sample with `theme` in its front matter."""
    shutil.copytree(SAMPLE, folder, dirs_exist_ok=True)
    essay = folder / "manuscript/essay.md"
    essay.write_text(essay.read_text("utf-8").replace("lang: en-GB", f"lang: en-GB\n{theme}"),
                     encoding="utf-8")
    return build_into(folder, folder / "output")


# Both designs, every choice


def test_every_judge_passes_every_theme(dressed: Built) -> None:
    """PDF/UA-1, EPUBCheck and the Nu checker have nothing to say, whatever was chosen."""
    assert validators.pdf_findings(dressed.pdf, "ua1") == []
    assert validators.qpdf_messages(dressed.pdf) == []
    assert [message for message in validators.epub_messages(dressed.epub)
            if FONTS_ARE_EMBEDDED not in message] == []
    assert validators.html_messages(dressed.html) == []


def test_every_theme_is_accessible(dressed: Built) -> None:
    """The rules of WCAG 2.2 A and AA that axe knows hold, light and dark."""
    with validators.browser() as browser:
        for scheme in SCHEMES:
            page = browser.new_page(
                viewport={"width": 1440, "height": 900}, color_scheme=scheme)
            page.goto(dressed.html.as_uri())
            assert validators.axe_violations(page) == []
            page.set_viewport_size({"width": 320, "height": 800})
            assert page.evaluate("document.documentElement.scrollWidth") <= 320
            page.close()


def test_typeface_is_that_of_the_theme(dressed: Built) -> None:
    """Every letter is in the chosen typeface, or in that of code; the colophon names it."""
    assert validators.pdf_fonts(dressed.pdf) == {"Source Sans 3", "Source Code Pro"}
    assert "EB Garamond" not in dressed.html.read_text(encoding="utf-8")
    assert "in Source Sans 3 and" in "".join(
        html.parse(str(dressed.html)).find(".//article").itertext())


def test_words_do_not_depend_on_looks(dressed: Built, sample: Built) -> None:
    """A theme changes no word of the essay, and its printed pages are marked in HTML and EPUB."""
    def text(built: Built) -> str:
        article = html.parse(str(built.html)).find(".//article")
        for section in article.xpath(
                ".//*[@id='edition-colophon' or @id='edition-cite' or @class='place']"):
            section.drop_tree()
        return words("".join(article.itertext()))

    marks = [mark.get("id") for tree in epub_trees(dressed.epub).values()
             for mark in tree.xpath("//*[@role='doc-pagebreak']")]

    assert text(dressed) == text(sample)
    assert marks == html.parse(str(dressed.html)).xpath("//*[@role='doc-pagebreak']/@id")
    assert len(marks) >= 5


def test_pages_of_every_measure_fit_half_letter() -> None:
    """The text block and its paragraph numbers fit half a letter sheet with margins of 10 mm."""
    for measure in MEASURES.values():
        block = 148 - measure.inner - measure.outer
        assert block + 4 + 4 <= 139.7 - 2 * 10  # the gap to the numbers, and three figures
        assert measure.outer >= 4 + 4 + 10


# One choice each


def test_notes_can_stand_at_the_end(chosen: Built) -> None:
    """With notes: end they follow the essay in print, each with its number, none at a foot."""
    pages = validators.pdf_text(chosen.pdf)
    first = next(number for number, page in enumerate(pages) if re.search(r"^Notes$", page, re.M)
                 and "Short." in page)

    assert "A note called from a list" in pages[first]
    assert all("A note called from a list" not in page for page in pages[:first])
    with validators.browser() as browser:
        page = browser.new_page(viewport={"width": 1720, "height": 900})
        page.goto(chosen.html.as_uri())
        text, note = page.locator("#p1").bounding_box(), page.locator("#n1").bounding_box()
    assert note["y"] > text["y"] + text["height"]
    assert note["x"] < text["x"] + text["width"]


def test_paragraph_numbers_can_be_left_out(chosen: Built) -> None:
    """Without paragraph numbers none is shown, and "how to cite" does not speak of them."""
    place = html.parse(str(chosen.html)).xpath("//*[@id='edition-cite']//p[last()]")[-1]
    with validators.browser() as browser:
        page = browser.new_page()
        page.goto(chosen.html.as_uri())
        assert page.locator(".number:visible").count() == 0
        assert page.locator(".number").count() > 0
        assert set(page.locator(".place").all_inner_texts()) == {"Place"}

    assert "¶" not in place.text_content()
    with zipfile.ZipFile(chosen.epub) as archive:
        style = "".join(archive.read(name).decode() for name in archive.namelist()
                        if name.endswith(".css"))
    assert "p[data-number]::before { content: none; }" in style


def test_lines_under_links_can_be_seen(dressed: Built) -> None:
    """The line that shows a link among words of its colour has 3 to 1 (WCAG 2.2, 1.4.11)."""
    with validators.browser() as browser:
        for scheme in SCHEMES:
            page = browser.new_page(color_scheme=scheme)
            page.goto(dressed.html.as_uri())
            line, paper = (page.evaluate(
                f"getComputedStyle(document.documentElement).getPropertyValue('--{name}').trim()")
                for name in ("line", "paper"))
            assert contrast(*(f"#{''.join(2 * c for c in colour[1:])}" if len(colour) == 4
                              else colour for colour in (line, paper))) >= 3


def test_links_have_the_accent(chosen: Built) -> None:
    """Links are in the accent on light paper, and in a lighter tint of it on dark."""
    with validators.browser() as browser:
        colours = []
        for scheme in SCHEMES:
            page = browser.new_page(color_scheme=scheme)
            page.goto(chosen.html.as_uri())
            colours.append(page.evaluate(
                "getComputedStyle(document.querySelector('#r1')).color"))

    assert colours[0] == "rgb(0, 95, 95)"
    assert colours[1] != colours[0]


@given(st.integers(0, 0xFFFFFF), st.sampled_from(sorted(DESIGNS)))
def test_an_accent_can_be_read_or_is_refused(number: int, design: str) -> None:
    """Whatever colour is chosen, links reach 4.5 to 1 on each paper, light and dark."""
    looks = DESIGNS[design]
    try:
        theme = Theme.model_validate({"design": design, "accent": f"#{number:06x}"})
    except ValidationError as error:
        assert "WCAG asks for 4.5 to 1" in str(error)
        return
    for which in (0, 1):
        for paper in (looks.paper[which], looks.mark[which]):
            assert contrast(theme.accents[which], paper) >= LEAST_CONTRAST


@pytest.mark.parametrize("design", sorted(DESIGNS))
@pytest.mark.parametrize("accent", sorted(ACCENTS))
def test_every_named_accent_suits_every_design(design: str, accent: str) -> None:
    """The accents that have names are never refused."""
    assert Theme.model_validate({"design": design, "accent": accent}).accent == accent


def test_contrast_is_that_of_wcag() -> None:
    """Black on white is 21 to 1, a colour on itself 1 to 1, and the order does not matter."""
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#7b2418", "#7b2418") == 1
    assert contrast("#767676", "#ffffff") == contrast("#ffffff", "#767676") == pytest.approx(
        4.54, abs=0.01)


def test_typefaces_are_cut_to_the_same_height() -> None:
    """A typeface with tall small letters is cut smaller, and measured as it is cut."""
    cut, = cut_fonts([Face("Source Sans 3")], "x")
    font = TTFont(io.BytesIO(cut.truetype))
    width = font["hmtx"][font.getBestCmap()[ord("n")]][0] / font["head"].unitsPerEm

    assert font["OS/2"].sxHeight / font["head"].unitsPerEm == pytest.approx(0.42, abs=0.01)
    assert text_width("n", 100, "Source Sans 3") == pytest.approx(100 * width, abs=0.3)


# Templates of a publication's own


def test_a_block_can_be_replaced(publication: Publication) -> None:
    """An own template extends that of the press and replaces one block."""
    publication.write("templates/web.html.j2", (
        '{% extends "press/web.html.j2" %}\n{% block head %}{{ super() }}'
        '<link rel="license" href="https://example.org/">{% block mine %}{% endblock %}'
        "{% endblock %}\n"
        "{% block end %}<footer>{{ front.title }}, printed here</footer>{% endblock %}\n"))

    assert run("html", "--project", publication.root, "--quiet") == 0

    page = (publication.root / "output/essay.html").read_text(encoding="utf-8")
    assert "<footer>A Small Essay, printed here</footer>" in page
    assert "One paragraph" in page


def test_a_style_sheet_can_be_added_to(publication: Publication) -> None:
    """An own style sheet includes that of the press, and what follows wins."""
    publication.write("templates/screen.css", (
        '{% include "press/screen.css" %}\nh1 { color: {{ theme.accents[0] }}; }\n'))

    assert run("html", "--project", publication.root, "--quiet") == 0

    with validators.browser() as browser:
        page = browser.new_page()
        page.goto((publication.root / "output/essay.html").as_uri())
        colour = page.evaluate("getComputedStyle(document.querySelector('h1')).color")
    assert colour == "rgb(123, 36, 24)"


def test_a_language_can_be_added(publication: Publication) -> None:
    """Own words speak where the press knows the language not, or says it otherwise."""
    publication.change("manuscript/essay.md", "lang: en", "lang: la")
    publication.write("templates/words.yaml", "la:\n  colophon: Subscriptio\n")

    assert [problem for problem in publication.problems() if "words of its own" in problem.what
            ] == []
    assert run("html", "--project", publication.root, "--quiet") == 0

    page = (publication.root / "output/essay.html").read_text(encoding="utf-8")
    assert ">Subscriptio</h2>" in page


def test_a_template_may_be_new(publication: Publication) -> None:
    """A template that was not there before takes its place in the same process, as in `watch`."""
    assert run("html", "--project", publication.root, "--quiet") == 0
    publication.write("templates/words.yaml", "en:\n  colophon: Last words\n")
    assert run("html", "--project", publication.root, "--quiet") == 0

    publication.write("templates/screen.css", '{% include "press/screen.css" %}\n/* ours */\n')
    assert run("html", "--project", publication.root, "--quiet") == 0

    assert "/* ours */" in (publication.root / "output/essay.html").read_text(encoding="utf-8")


def test_looks_of_its_own_claim_nothing(publication: Publication) -> None:
    """With a style sheet that nobody has judged, the EPUB does not claim to be accessible."""
    publication.write("templates/epub.css", '{% include "press/epub.css" %}\np { color: #eee }\n')

    assert run("epub", "--project", publication.root, "--quiet") == 0

    with zipfile.ZipFile(publication.root / "output/essay.epub") as archive:
        assert b"conformsTo" not in archive.read("EPUB/content.opf")


def test_a_link_is_no_template(publication: Publication, tmp_path: Path) -> None:
    """A link among the templates is a problem, since a release would not hold what it leads to."""
    (tmp_path / "shared").mkdir()
    (publication.root / "templates").mkdir()
    (publication.root / "templates/shared").symlink_to(tmp_path / "shared")

    assert [str(problem) for problem in publication.problems() if not problem.note] == [
        "templates/shared: this is a link, and no release would hold it\n"
        "    put a copy in its place"]


@pytest.mark.parametrize(("name", "text", "said"), [
    ("web.html.j2", '{% extends "press/web.html.j2" %}\n{% block end %}{{ frnt }}{% endblock %}',
     "templates/web.html.j2:2: the template failed: 'frnt' is undefined"),
    ("web.html.j2", '\n{% extends "press/wbe.html.j2" %}',
     'templates/web.html.j2:2: there is no template "press/wbe.html.j2"\n'
     '    did you mean "press/web.html.j2"'),
    ("web.html.j2", "{{ ''.__class__.__mro__ }}",
     "templates/web.html.j2:1: the template failed: access to attribute '__class__'"),
    ("web.html.j2", "{{ 1 / 0 }}", "templates/web.html.j2:1: the template failed: division"),
    ("web.html.j2", '\n{% extends "web.html.j2" %}',
     'templates/web.html.j2:2: this template asks for itself: "web.html.j2"\n'
     '    write "press/web.html.j2"'),
    ("web.html.j2", '{% extends "press/web.html.j2" %}\n{% block ende %}{% endblock %}',
     'templates/web.html.j2:2: "press/web.html.j2" has no block "ende"\n'
     '    did you mean "end"?'),
    ("web.html.j2", '{% extends "press/web.html.j2" %}\n{% block text %}{% endblock %}',
     "templates/web.html.j2: the text is not on this page, or not as it is"),
    ("web.html.j2", '{% extends "press/web.html.j2" %}\n{% block end %}'
     '<script src="https://example.org/a.js"></script>{% endblock %}',
     "templates/web.html.j2:2: an edition reads nothing from elsewhere: <script"),
    ("screen.css", '{% include "press/screen.css" %}\n@import url("https://example.org/a.css");',
     "templates/screen.css:2: an edition reads nothing from elsewhere: @import"),
    ("epub.css", '{% include "press/epub.css" %}\nh1 { background: url(missing.png) }',
     "templates/epub.css:2: an edition reads nothing from elsewhere: url(missing.png)"),
    ("web.html.j2", "{{ edition.project.root.joinpath('stolen').write_text('x') }}",
     "templates/web.html.j2:1: the template failed: access to attribute 'joinpath'"),
    ("front.md.j2", '{% set x = front.keywords.append("sneaked") %}',
     "templates/front.md.j2:1: the template failed: access to attribute 'append'"),
    ("web.html.j2", "{{ lipsum(n=1) }}",
     "templates/web.html.j2:1: the template failed: 'lipsum' is undefined"),
    ("web.html.j2", '{% extends "press/web.html.j2" %}\n{% block end %}'
     '<img alt="" srcset="https://example.org/a.png 2x">{% endblock %}',
     "templates/web.html.j2:2: an edition reads nothing from elsewhere: <img"),
    ("web.html.j2", '{% include "two.html.j2" %}',
     "templates/web.html.j2: the templates ask for one another without end"),
    ("web.html.j2", "{{ front.model_dump() }}", "templates/web.html.j2:1: the template failed:"),
    ("screen.css", "{{ theme.model_construct() }}",
     "templates/screen.css:1: the template failed:"),
    ("front.md.j2", "# Title", "templates/front.md.j2: the part {#offprint-front} is missing"),
    ("back.md.j2", '{% include "press/colophon.md.j2" %}',
     "templates/back.md.j2: the part {#offprint-back} is missing"),
])
def test_a_mistake_in_a_template_is_a_problem(
    name: str, text: str, said: str, publication: Publication, capsys: pytest.CaptureFixture[str]
) -> None:
    """What is wrong in an own template is reported with its line, and nothing is built."""
    publication.write("templates/two.html.j2", '{% include "web.html.j2" %}')
    publication.write(f"templates/{name}", text)

    assert run("html", "--project", publication.root) == 1

    assert said in capsys.readouterr().err
    assert not (publication.root / "output").exists()


def test_a_mistake_in_a_style_sheet_is_a_problem(
    publication: Publication, capsys: pytest.CaptureFixture[str]
) -> None:
    """A rule that paper does not know is reported with the line of the own style sheet."""
    publication.write("templates/print.css", (
        '{% include "press/print.css" %}\nh1 { font-size: 20pt; }\nh2 { colr: red; }\n'))

    assert run("pdf", "--project", publication.root) == 1

    assert capsys.readouterr().err.startswith("templates/print.css:3: WeasyPrint warns")


def test_templates_of_the_press_are_not_its_publications_own() -> None:
    """The folder templates/ of the repository belongs to the press."""
    assert PRESS / "templates" == TEMPLATES
    assert Project(PRESS, PRESS / "output").templates is None
