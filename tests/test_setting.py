"""Pages that are set again after a change: the same as if all had been set anew, and fewer."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from offprint import paper
from offprint.edition import read_edition
from offprint.footnotes import end_before_lost_note, set_with_notes
from offprint.layout import blocks_of_lines, walk
from offprint.layout import words as words_of
from offprint.problems import ProblemsFoundError
from offprint.progress import PAGE, PAGES, listening
from offprint.project import Project
from offprint.setting import Setting

from .conftest import SAMPLE

HEAD = """<html lang="en"><head><style>
@page { size: 90mm 100mm; margin: 8mm; @top-left { content: counter(page) " " string(head) } }
body { orphans: 2; widows: 2 }
h2 { break-after: avoid; string-set: head content() }
h2 + p { text-indent: 0 }
p { text-indent: 1em; margin: 0 }
fn-note { float: footnote; footnote-policy: line; font-size: 80% }
fn-note::footnote-call { content: "*" }
fn-note::footnote-marker { content: "* " }
</style></head>"""

# A block of text: its kind, how many words it has, and those of its note.
Block = tuple[str, int, int]
KINDS = st.sampled_from(("p", "p", "p", "h2", "ul"))
BLOCKS = st.tuples(KINDS, st.integers(1, 70), st.one_of(st.just(0), st.integers(1, 40)))


def as_html(blocks: Sequence[Block], head: str = HEAD) -> str:
    """Return an essay for paper, in which a heading begins a section."""
    parts, open_sections = [], ""
    for number, (kind, words, note) in enumerate(blocks):
        said = " ".join(f"word{(number * 7 + place) % 23}" for place in range(words))
        noted = f'<fn-note id="n{number}">{"a remark " * note}</fn-note>' if note else ""
        if kind == "h2":
            parts.append(f"{open_sections}<section><h2>Heading {number}</h2>\n")
            open_sections = "</section>"
        elif kind == "ul":
            parts.append(f"<ul><li>{said}{noted} end.</li><li>{said}</li></ul>\n")
        else:
            parts.append(f'<p id="p{number}">{said}{noted} end.</p>\n')
    return f"{head}<body><article>{''.join(parts)}{open_sections}</article></body></html>"


def set_anew(html: str) -> Setting:
    """Return the pages of `html`, set from the start."""
    setting = Setting(html, end_before_lost_note)
    set_with_notes(setting)
    return setting


def pdf(setting: Setting) -> bytes:
    """Return the pages as they are drawn, with their links and bookmarks."""
    return setting.document.write_pdf(pdf_identifier=b"1", pdf_tags=True)


@contextmanager
def counting_pages() -> Iterator[list[int]]:
    """Collect the number of every page that WeasyPrint sets while the block runs."""
    numbers: list[int] = []

    def note(record: logging.LogRecord) -> None:
        if found := PAGE.search(record.getMessage()):
            numbers.append(int(found[1]))

    with listening(PAGES, note):
        yield numbers


@settings(max_examples=40, deadline=None)
@given(st.lists(st.lists(BLOCKS, min_size=1, max_size=14), min_size=2, max_size=4))
def test_pages_set_again_are_as_pages_set_anew(states: list[list[Block]]) -> None:
    """However an essay is changed, its pages are those that a first setting makes."""
    setting = set_anew(as_html(states[0]))
    for state in states[1:]:
        html = as_html(state)
        assert setting.update(html)
        set_with_notes(setting)
        assert pdf(setting) == pdf(set_anew(html))


@settings(max_examples=40, deadline=None)
@given(st.lists(BLOCKS, min_size=8, max_size=20), st.data())
def test_one_change_is_set_as_if_all_were_new(blocks: list[Block], data: st.DataObject) -> None:
    """A block that is changed, added or taken away leaves no other trace on the pages."""
    setting = set_anew(as_html(blocks))
    for _ in range(3):
        place = data.draw(st.integers(0, len(blocks) - 1))
        new = data.draw(st.lists(BLOCKS, max_size=2))
        blocks = [*blocks[:place], *new, *blocks[place + 1:]]
        assert setting.update(as_html(blocks))
        set_with_notes(setting)
        assert pdf(setting) == pdf(set_anew(as_html(blocks)))


class StoppedError(Exception):
    """The setting of pages has been broken off."""


@settings(max_examples=30, deadline=None)
@given(st.lists(BLOCKS, min_size=8, max_size=20), st.integers(0, 6), st.data())
def test_pages_can_be_set_after_a_setting_that_was_broken_off(
    blocks: list[Block], after: int, data: st.DataObject
) -> None:
    """Whoever saves again while pages are set loses nothing, and gets the newest text."""
    setting = set_anew(as_html(blocks))
    place = data.draw(st.integers(0, len(blocks) - 1))
    blocks[place] = ("p", 60, 5)
    assert setting.update(as_html(blocks))
    with counting_pages() as numbers:
        def stop(record: logging.LogRecord) -> None:
            if len(numbers) > after:
                raise StoppedError

        with listening(PAGES, stop), suppress(StoppedError):
            set_with_notes(setting)
    blocks[data.draw(st.integers(0, len(blocks) - 1))] = ("p", 3, 0)

    assert setting.update(as_html(blocks))
    set_with_notes(setting)

    assert pdf(setting) == pdf(set_anew(as_html(blocks)))


def test_only_pages_that_a_change_reaches_are_set() -> None:
    """Another word costs the pages of its paragraph and the one before, not those after."""
    blocks = [("p", 60, 4)] * 40
    setting = set_anew(as_html(blocks))
    changed = as_html(blocks).replace('<p id="p20">word2 ', '<p id="p20">other ')
    reached = [number for number, page in enumerate(setting.document.pages, 1)
               if any(block.element.get("id") == "p20" for block, _ in blocks_of_lines(page))]

    assert setting.update(changed)
    with counting_pages() as numbers:
        set_with_notes(setting)

    assert numbers == [reached[0] - 1, *reached]
    assert len(setting.document.pages) > numbers[-1]
    assert pdf(setting) == pdf(set_anew(changed))


def test_nothing_is_set_where_nothing_has_changed() -> None:
    """The same text again has the same pages, without work."""
    html = as_html([("p", 60, 4)] * 12)
    setting = set_anew(html)
    before = pdf(setting)

    assert setting.update(html)
    with counting_pages() as numbers:
        set_with_notes(setting)

    assert numbers == []
    assert pdf(setting) == before


@pytest.mark.parametrize("rule", [
    "p:last-of-type { margin: 1em }", "section:has(ul) { margin: 1em }",
    "p { counter-increment: all } p::before { content: counter(all) }",
    "fn-note::footnote-call { content: counter(footnote) }",
    "a::after { content: target-counter(attr(href), page) }",
    "p::after { content: counter(page) }", "ul { float: left }"])
def test_a_style_sheet_that_counts_or_looks_ahead_has_all_pages_set_anew(rule: str) -> None:
    """Where one block may change how another one looks, no page is kept."""
    head = HEAD.replace("</style>", f"{rule}</style>")
    setting = set_anew(as_html([("p", 60, 4)] * 3, head))

    assert not setting.update(as_html([("p", 60, 4)] * 4, head))


def test_another_style_sheet_has_all_pages_set_anew() -> None:
    """What is not text may reach every page."""
    blocks = [("p", 60, 4)] * 3
    setting = set_anew(as_html(blocks))

    assert not setting.update(as_html(blocks, HEAD.replace("margin: 0", "margin: 1em")))


def test_a_page_that_ends_sooner_for_its_notes_changes_no_other_block() -> None:
    """Where one item of a list must keep more of its lines together, those like it need not."""
    items = "".join(
        f"<li>{'some words of an item ' * 3}<fn-note id='n{number}'>"
        f"{'a remark ' * (14 + number % 5 * 3)}</fn-note> and an end.</li>"
        for number in range(30))

    setting = set_anew(f"{HEAD}<body><article><ol>{items}</ol></article></body></html>")

    kept = {box.element for box in walk(setting._root) if box.style["orphans"] != 2}
    ruled = {box.element for rules in setting._rules.values() for box, _ in rules}
    assert ruled
    assert kept == ruled


def test_text_that_is_in_no_block_has_all_pages_set_anew() -> None:
    """A long note is continued wherever it is called, also beside text of a template's own."""
    paragraph = f"<p>Words.<fn-note id='n1'>{'a remark ' * 400}</fn-note> More words.</p>"
    setting = Setting(f"{HEAD}<body>Loose text {paragraph} and more.</body></html>",
                      end_before_lost_note)

    continued = set_with_notes(setting)

    assert len(continued["n1"]) > 1
    assert not setting.update(f"{HEAD}<body>Loose text <p>Words.</p> and more.</body></html>")


@pytest.mark.parametrize(("before", "after"), [
    ("<p>Old words.</p>", "<p>New words.</p><em>alone</em>"),
    ("<p>Old words.</p><em>alone</em>", "<p>New words.</p><em>alone</em>"),
    ("<p>Old words.</p><p class='hidden'>x</p>",
     "<p>Old words.</p><p class='hidden'>x</p><p>New words.</p>"),
    ("<p id='n1'>Old words.</p><p>Old.</p>", "<p id='n1'>Old words.</p><p id='n1'>New.</p>"),
], ids=["words in no block", "beside words in no block", "after what is hidden", "a name twice"])
def test_what_cannot_be_put_in_has_all_pages_set_anew(before: str, after: str) -> None:
    """What a part of the pages cannot show is refused, and nothing half done is kept."""
    head = HEAD.replace("</style>", ".hidden { display: none }</style>")
    old, new = (f"{head}<body><article><section>{text}</section></article></body></html>"
                for text in (before, after))
    setting = set_anew(old)

    assert not setting.update(new)
    assert not setting.update(new)
    set_with_notes(setting)
    assert "New" in "".join(words_of(page._page_box) for page in setting.document.pages)


def test_a_warning_is_said_again_while_its_cause_is_there() -> None:
    """A fault in what is kept would not be warned of again, and so nothing is kept."""
    edition = read_edition(Project(SAMPLE, SAMPLE / "output"))
    html = as_html([("p", 20, 0)] * 3)
    broken = html.replace("word0", '<img src="data:image/png;base64,AAAA">', 1)
    setting = set_anew(html)
    for text in (broken, broken.replace("word1", "other", 1)):
        with pytest.raises(ProblemsFoundError, match="image"):
            paper.lay_out(edition, text, setting)
