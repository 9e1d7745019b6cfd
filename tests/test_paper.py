"""The printed page: notes where they are called, nothing lost, nothing off the sheet."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from offprint import paper
from offprint.body import render_body
from offprint.checks import check_edition
from offprint.edition import read_edition
from offprint.fonts import cut_fonts, faces_for
from offprint.paper import Layout
from offprint.problems import ProblemsFoundError
from offprint.text import resolve_text

from .conftest import Publication

WriteEssay = Callable[[str], Publication]


def lay_out(publication: Publication) -> Layout:
    """Set the pages of a publication."""
    edition = read_edition(publication.project)
    text = resolve_text(edition, check_edition(edition)[0])
    body = render_body(edition, text)
    cuts = cut_fonts(faces_for(text, edition.theme), body.characters)
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

    calls, notes = paper.find_notes(layout.document)
    assert len(calls) == 100
    assert calls == notes


def test_no_line_begins_with_the_call_of_a_note(write_essay: WriteEssay) -> None:
    """The call of a note is on the line of the word before it."""
    layout = lay_out(write_essay(crowded_essay(12, 2)))

    firsts = []
    for page in layout.document.pages:
        for box in paper._boxes(page._page_box.children[0]):
            if type(box).__name__ == "LineBox":
                texts = [inner for inner in paper._boxes(box)
                         if getattr(inner, "text", "").strip()]
                firsts.append(texts[0].element_tag if texts else "")
    assert firsts
    assert "fn-note::footnote-call" not in firsts


def test_a_note_longer_than_its_page_is_a_problem(write_essay: WriteEssay) -> None:
    """A note that no page can hold is reported, and nothing is printed."""
    publication = write_essay(f"Call.^[{'A note that goes on and on. ' * 200}]")

    with pytest.raises(ProblemsFoundError, match="leaves the page"):
        lay_out(publication)


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
    words = "several ordinary words are here "
    blocks = "".join(f'<p style="width: {240 + step / 4}px">{words}<em>unbreakable</em> now.</p>'
                     for step in range(80))
    style = "body { font: 10pt monospace } p { margin: 0 }"

    layout = paper.lay_out(edition, f"<style>{style}</style><body>{blocks}")

    firsts = [_first_line(block) for page in layout.document.pages
              for block in page._page_box.children[0].children[0].children]
    assert len(firsts) == 80
    assert [line for line in firsts if len(line.split()) < 2] == []


def _first_line(block: Any) -> str:
    """Return the words of the first line of a block."""
    boxes, found = [block.children[0]], ""
    while boxes:
        box = boxes.pop(0)
        found += getattr(box, "text", "")
        boxes = [*getattr(box, "children", ()), *boxes]
    return found
