"""Laws that hold for any input."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from offprint import pandoc
from offprint.document import plain_text, shift_headings
from offprint.fonts import CODE_FAMILY, missing_characters, text_width
from offprint.templating import escape_markdown
from offprint.timeline import _wrap
from offprint.tree import ADDRESS, break_addresses, unwrap

PRINTABLE = st.text(
    st.characters(min_codepoint=0x21, max_codepoint=0x24F, exclude_categories=["C", "Z"]))


@settings(max_examples=30, deadline=None)
@given(st.lists(PRINTABLE.filter(bool), min_size=1, max_size=8))
def test_escaped_words_are_read_as_they_are(words: list[str]) -> None:
    """Whatever is escaped for Markdown, Pandoc reads as these very characters."""
    text = " ".join(words)

    document = pandoc.read_markdown("x " + escape_markdown(text), "file.md")

    assert " ".join(f"x {text}".split()) == plain_text(document["blocks"])


addresses = st.builds(
    lambda host, path: f"https://{host}/{path}",
    st.from_regex(r"[a-z]{1,9}\.[a-z]{2,3}", fullmatch=True),
    st.from_regex(r"[a-zA-Z0-9/_.?=&~%-]{0,40}", fullmatch=True))


@given(st.lists(st.one_of(PRINTABLE, addresses)), addresses)
def test_breaks_in_addresses_change_no_text(words: list[str], address: str) -> None:
    """Where addresses may break, their text stays the same, in text and in tail."""
    root = etree.Element("p")
    root.text = " ".join([*words, address])
    etree.SubElement(root, "em").tail = f" {address} and {' '.join(words)}"
    before = "".join(root.itertext())

    break_addresses(root)

    assert before == "".join(root.itertext())
    assert root.find("wbr") is not None
    assert ADDRESS.search(before)


@given(PRINTABLE, PRINTABLE, PRINTABLE)
def test_unwrapping_keeps_the_text(before: str, inside: str, after: str) -> None:
    """An element that is taken away leaves its words behind."""
    root = etree.fromstring("<p><em/><span><b/></span></p>")
    em, span = root
    em.tail, span.text, span[0].tail, span.tail = before, inside, inside, after
    text = "".join(root.itertext())

    unwrap(span)

    assert text == "".join(root.itertext())
    assert root.find("span") is None


@given(st.lists(PRINTABLE.filter(bool), min_size=1), st.floats(20, 300))
def test_wrapped_labels_fit_and_keep_their_words(words: list[str], width: float) -> None:
    """Lines of a label are no wider than asked for, unless a word is, and lose no word."""
    lines = _wrap(" ".join(words), width)

    assert words == " ".join(lines).split()
    assert all(text_width(line, 12.5) <= width for line in lines if " " in line)


@given(st.integers(1, 4), st.integers(-2, 2))
def test_shifting_headings_back_restores_them(level: int, by: int) -> None:
    """Headings that are shifted and shifted back are as they were."""
    header = {"t": "Header", "c": [level, ["a", [], []], [{"t": "Str", "c": "A"}]]}

    assert [header] == shift_headings(shift_headings([header], by), -by)


@given(st.text(st.characters(codec="ascii", exclude_categories=["C"])))
def test_every_ascii_character_has_a_letterform(text: str) -> None:
    """No plain letter, figure or sign is missing from the typefaces."""
    assert set() == missing_characters(text) | missing_characters(text, CODE_FAMILY)
