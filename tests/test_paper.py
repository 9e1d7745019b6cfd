"""The printed page: notes where they are called, nothing lost, nothing off the sheet."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree, html

from offprint import footnotes, paper
from offprint.body import render_body
from offprint.checks import check_edition
from offprint.edition import read_edition
from offprint.fonts import cut_fonts, text_width
from offprint.layout import Layout, lines, text_block, walk, words
from offprint.problems import ProblemsFoundError
from offprint.project import PRESS
from offprint.text import resolve_text

from .conftest import Publication

WriteEssay = Callable[[str], Publication]


def lay_out(publication: Publication) -> Layout:
    """Set the pages of a publication."""
    edition = read_edition(publication.project)
    text = resolve_text(edition, check_edition(edition).text)
    body = render_body(edition, text)
    cuts = cut_fonts(
        edition.theme.faces(text.has_bold, text.has_code), body.characters)
    return paper.lay_out(edition, paper.render_print(edition, body, cuts))


def crowded_essay(paragraphs: int, words: int) -> str:
    """Return an essay in which notes of many lengths are called in every sentence."""
    parts = []
    for number in range(paragraphs):
        if number % 5 == 0:
            parts.append(f"## Section {number}")
        parts.append(" ".join(
            f"Sentence {number}.{place} says {'something more ' * (place % 4 + words)}here.^[Note "
            f"{number}.{place}: {'a remark of some length, ' * ((number + place) % 5 + 1)}end.]"
            for place in range(4)))
    return "\n\n".join(parts)


@pytest.mark.parametrize("words", [1, 2, 3, 4])
def test_every_note_stands_on_the_page_that_calls_it(write_essay: WriteEssay, words: int) -> None:
    """However crowded the pages are, no note is lost and none is on another page."""
    layout = lay_out(write_essay(crowded_essay(25, words)))

    calls, notes = footnotes.find_notes(layout.document.pages)
    assert len(calls) == 100
    assert calls == notes


def test_no_line_begins_with_the_call_of_a_note(write_essay: WriteEssay) -> None:
    """The call of a note is on the line of the word before it."""
    layout = lay_out(write_essay(crowded_essay(12, 2)))

    firsts = []
    for page in layout.document.pages:
        for line in lines(page._page_box.children[0]):
            texts = [box for box in walk(line) if getattr(box, "text", "").strip()]
            firsts.append(texts[0].element_tag if texts else "")
    assert firsts
    assert "fn-note::footnote-call" not in firsts


def test_a_note_longer_than_its_page_is_continued(write_essay: WriteEssay) -> None:
    """A note that no page can hold goes on at the foot of the next pages, word by word."""
    said = " ".join(f"word{number}" for number in range(900))
    publication = write_essay(f"Call.^[{said}]\n\n" + "Some text that follows. " * 400)

    layout = lay_out(publication)

    note = layout.notes[-1]
    assert note.what == "note 1 is too long for page 1"
    assert note.remedy == "it is continued at the foot of page 2, 3"
    parts = [words(box) for page in layout.document.pages for box in footnotes.notes_on(page)]
    assert len(parts) > 2
    assert said.replace(" ", "") == "".join("".join(parts).replace("\u2060", "").split())
    assert all(_overlap(page) <= 0 for page in layout.document.pages)


def _overlap(page: object) -> float:
    """Return by how much the notes of a page reach into its text, in pixels."""
    if not footnotes.notes_on(page):
        return 0
    ends = [line.position_y + line.height for line in lines(text_block(page))]
    return max(ends, default=0) - min(
        line.position_y for box in footnotes.notes_on(page) for line in lines(box))


def test_a_note_that_fits_is_not_continued(write_essay: WriteEssay) -> None:
    """However many long notes there are, no page has two parts of the same one."""
    paragraphs = [
        "Some text at the start. " * (7 * number % 19 + 1)
        + f"Call.^[{' '.join(f'word{n}' for n in range(number * 47 % 300))}.] "
        + "Text that follows. " * (number * 13 % 29) for number in range(1, 16)]

    layout = lay_out(write_essay("\n\n".join(paragraphs)))

    found = [[box.element.get("data-continues") or box.element.get("id")
              for box in footnotes.notes_on(page)] for page in layout.document.pages]
    assert all(len(names) == len(set(names)) for names in found)
    assert {name for names in found for name in names} == {f"n{n}" for n in range(1, 16)}
    assert any("is too long" in note.what for note in layout.notes)


MARKED = st.recursive(
    st.text("abc ,", max_size=8),
    lambda inner: st.lists(inner, max_size=3).map(lambda parts: f"<i>{'x'.join(parts)}</i>"))


@given(st.lists(MARKED, min_size=1, max_size=5), st.integers(0, 30))
def test_a_note_that_is_cut_can_be_joined(parts: list[str], at: int) -> None:
    """Cutting a note loses none of its words or markup; joined again, it is what it was."""
    note = etree.fromstring(f"<note>{'y'.join(parts)}</note>")
    text = "".join(note.itertext())

    rest = footnotes.cut_after(note, at)
    assert "".join(note.itertext()) + "".join(rest.itertext()) == text
    footnotes.join(note, rest)

    assert "".join(note.itertext()) == text


def test_a_long_note_at_the_end_has_a_page_of_its_own(write_essay: WriteEssay) -> None:
    """Where no text follows a note that must be continued, the rest has a page to itself."""
    layout = lay_out(write_essay(f"Call.^[{'A note that goes on. ' * 160}]"))

    assert len(layout.notes) == 1
    assert "note 1 is too long" in layout.notes[0].what


# Alarms: what is printed, but should not stay as it is.


def alarms(publication: Publication, monkeypatch: pytest.MonkeyPatch, css: str) -> list[str]:
    """Return the alarms of a publication whose style sheet has some bad rules more."""
    style = paper.print_style
    monkeypatch.setattr(paper, "print_style", lambda edition, cuts: style(edition, cuts) + css)
    return [str(note) for note in lay_out(publication).notes]


def test_words_that_run_into_the_margin_are_named(write_essay: WriteEssay) -> None:
    """A word that can't break and is wider than the text is named with its line."""
    alarm, = lay_out(write_essay(f"Text.\n\nThen {'x' * 70} and more.")).notes

    assert str(alarm).startswith(
        f"manuscript/essay.md:11: note: page 1: “{'x' * 40}")
    assert "runs into the margin" in alarm.what


def test_a_gaping_line_is_named(write_essay: WriteEssay) -> None:
    """A line whose spaces are far too wide is named with its line in the manuscript."""
    text = f"Some words before, a few,\nand now {'9x' * 22} that can't be broken."

    found = [str(note) for note in lay_out(write_essay(text)).notes]

    assert found[0].startswith(
        "manuscript/essay.md:9: note: page 1: “Some words before, a few, and now” is set far too")


def test_a_heading_at_the_foot_of_a_page_is_named(
    write_essay: WriteEssay, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A heading that is parted from its text by a page break is named."""
    publication = write_essay("Text.\n\n## A lonely heading\n\nMore text.")

    alarm, *_ = alarms(publication, monkeypatch, "h2 + p { break-before: page }")

    assert alarm.startswith("manuscript/essay.md:11: note: the heading “A lonely heading” "
                            "stands alone at the foot of page 1")


def test_a_lone_line_is_named(write_essay: WriteEssay, monkeypatch: pytest.MonkeyPatch) -> None:
    """A line of a paragraph that is alone at the head or the foot of a page is named."""
    publication = write_essay("\n\n".join(["Words that fill a page, slowly. " * 7] * 40))

    found = alarms(publication, monkeypatch, "body { orphans: 1; widows: 1 }")

    assert any("a single line at the head of page" in alarm for alarm in found)
    assert any("a single line at the foot of page" in alarm for alarm in found)


def test_this_essay_gives_no_alarm() -> None:
    """The pages of this repository's essay are as they should be."""
    assert lay_out(Publication(PRESS)).notes == ()


def test_what_weasyprint_warns_of_is_a_problem(
    write_essay: WriteEssay, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A style sheet that WeasyPrint does not understand stops the build."""
    monkeypatch.setattr(paper, "print_style", lambda edition, cuts: "p { no-such-property: 1 }")

    with pytest.raises(ProblemsFoundError, match="no-such-property"):
        lay_out(write_essay("Text."))


def test_no_word_stands_alone_where_the_line_has_room(write_essay: WriteEssay) -> None:
    """A line is filled also where it has room for the words before a mark, but for their space."""
    edition = read_edition(write_essay("Words.").project)
    words_before = "several ordinary words are here "
    blocks = "".join(
        f'<p style="width: {240 + step / 4}px">{words_before}<em>unbreakable</em> now.</p>'
        for step in range(80))
    style = "body { font: 10pt Source Code Pro } p { margin: 0 }"

    layout = paper.lay_out(edition, f"<style>{style}</style><body>{blocks}")

    firsts = [words(next(lines(block))) for page in layout.document.pages
              for block in text_block(page).children[0].children]
    assert len(firsts) == 80
    assert [line for line in firsts if len(line.split()) < 2] == []


def test_a_long_note_is_continued_before_crowded_pages(write_essay: WriteEssay) -> None:
    """A note that no page can hold goes on, although the notes of later pages move lines too."""
    long = " ".join(f"word{number}" for number in range(900))
    crowd = " ".join(f"{'Some words of it ' * 4}here.^[{'A remark. ' * (10 + 4 * (call % 8))}]"
                     for call in range(24))
    layout = lay_out(write_essay(
        f"{'Words before it. ' * 220}\n\nCall.^[{long}] {'Words after it. ' * 90}\n\n{crowd}"))

    calls, notes = footnotes.find_notes(layout.document.pages)
    assert all(notes[name] == page for name, page in calls.items())
    assert len(calls) == 24 + 1 + 2  # the long one has parts on two more pages


def test_running_heads_keep_to_one_line(publication: Publication) -> None:
    """Where authors or title are too long for the head of a page, they are shortened."""
    names = "".join(f"\n  - {{given: Author, family: Number{number}}}" for number in range(9))
    publication.change("manuscript/essay.md", "author: Jane Doe", f"author:{names}")
    publication.change("manuscript/essay.md", "A Small Essay", "A Small Essay That Says Much " * 6)
    edition = read_edition(publication.project)
    body = render_body(edition, resolve_text(edition, check_edition(edition).text))

    header = html.fromstring(paper.render_print(edition, body, ())).find(".//header")

    assert header.get("data-author") == "Author Number0 et al."
    assert header.get("data-title").startswith("A Small Essay That Says Much A Small")
    assert header.get("data-title").endswith(" …")
    assert text_width(header.get("data-title"), 9.5) < 240
