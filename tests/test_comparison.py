"""What became of each passage, and laws that hold for any two texts."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from offprint.comparison import Pair, compare, diff_words, match_texts
from offprint.concordance import follow_paragraphs
from offprint.corrections import Change
from offprint.reading import Passage, Place, Start

WORDS = st.lists(st.sampled_from(["the", "town", "fire", "reader", "year,", "winter."]),
                 min_size=1, max_size=12).map(" ".join)
TEXTS = st.lists(WORDS, max_size=9)


def paragraphs(*texts: str) -> list[Passage]:
    return [Passage("paragraph", text, Place(number, 0), number)
            for number, text in enumerate(texts, 1)]


def change(**fields: object) -> Change:
    return Change.model_validate({
        "id": "x", "kind": "wording", "date": "2024-01-01", "version": "1.0.1", "why": "So.",
        "sources": "@a", **fields})


def unexplained(old: list[Passage], new: list[Passage], *changes: Change) -> list[str]:
    """Return the words that differ without an entry that says so."""
    return [piece.text for pair in compare(old, new, changes) for piece in pair.unexplained]


# Laws


@given(TEXTS)
def test_a_text_is_concordant_with_itself(texts: list[str]) -> None:
    """Where nothing has changed, every paragraph leads to itself."""
    passages = paragraphs(*texts)
    starts = [Start(1, Place(0, 0), "")]

    rows = follow_paragraphs(compare(passages, passages, []), starts, starts)

    assert [(row.old, row.new, row.state) for row in rows] == [
        (number, number, "same") for number in range(1, len(texts) + 1)]


@settings(deadline=None)
@given(st.lists(WORDS, unique=True, max_size=8), st.data())
def test_every_unchanged_paragraph_leads_to_itself(texts: list[str], data: st.DataObject) -> None:
    """However paragraphs are moved, taken away and added, one that stays leads to itself."""
    kept = data.draw(st.permutations(texts).map(lambda order: order[:len(order) // 2 + 1]))
    new = list(kept)
    for words in data.draw(st.lists(WORDS, max_size=4)):
        new.insert(data.draw(st.integers(0, len(new))), f"{words} and more")
    starts = [Start(1, Place(0, 0), "")]

    rows = follow_paragraphs(
        compare(paragraphs(*texts), paragraphs(*new), []), starts, starts)

    for row in rows:
        if texts[row.old - 1] in new:
            assert row.new
            assert new[row.new - 1] == texts[row.old - 1]
            assert row.state in ("same", "moved")


@given(TEXTS, TEXTS)
def test_every_passage_is_in_one_pair(old: list[str], new: list[str]) -> None:
    """No paragraph is lost and none counts twice, whatever the texts."""
    pairs = match_texts(old, new)

    assert sorted(first for first, _ in pairs if first is not None) == list(range(len(old)))
    assert sorted(second for _, second in pairs if second is not None) == list(range(len(new)))


@given(st.text(), st.text())
def test_pieces_make_up_both_texts(old: str, new: str) -> None:
    """What is the same and what is gone is the old text; the same and the new is the new one."""
    pieces = list(diff_words(old, new))

    for kind, text in (("old", old), ("new", new)):
        mine = [piece for piece in pieces if piece.kind in ("same", kind)]
        assert "".join(piece.text for piece in mine) == text
        assert all(text[piece.position:].startswith(piece.text) for piece in mine
                   if piece.kind == kind)


# Cases


def test_words_are_told_apart_by_word() -> None:
    """Insertions and deletions are whole words, and neighbours make one change."""
    pieces = list(diff_words("It burned in 1921, at night.", "It burned down in 1923, at night."))

    assert [(piece.kind, piece.text) for piece in pieces] == [
        ("same", "It burned "), ("new", "down "), ("same", "in "), ("old", "1921"),
        ("new", "1923"), ("same", ", at night.")]


def test_moved_paragraphs_are_recognised() -> None:
    """A paragraph that stands elsewhere is moved, with as few moves as can be; it is no change."""
    pairs = compare(paragraphs("One is here.", "Two goes back.", "Three is there.", "Four stays."),
                    paragraphs("One is here.", "Three is there.", "Four stays.", "Two goes back."),
                    [])

    assert [(pair.passage.text, pair.moved, pair.changed) for pair in pairs] == [
        ("One is here.", False, False), ("Three is there.", False, False),
        ("Four stays.", False, False), ("Two goes back.", True, False)]


def test_a_paragraph_that_is_gone_stands_where_it_was() -> None:
    """What was taken away is shown behind what it used to follow."""
    pairs = compare(paragraphs("One.", "Gone for good.", "Three."), paragraphs("One.", "Three."),
                    [])

    assert [pair.new.text if pair.new else None for pair in pairs] == ["One.", None, "Three."]


def test_a_change_is_explained_by_the_words_around_it() -> None:
    """An entry explains what it quotes, and nothing else in the same paragraph."""
    old = paragraphs("The town burned in 1921, and nobody saved it.")
    new = paragraphs("The town burned in 1923, and no one saved it.")

    assert unexplained(old, new, change(was="burned in 1921", now="burned in 1923")) == [
        "nobody", "no one"]
    assert unexplained(old, new, change(was="burned in 1921", now="burned in 1923"),
                       change(was="nobody saved", now="no one saved")) == []


def test_two_changes_of_one_place_explain_it_together() -> None:
    """Words that were changed twice are explained by the first old and the last new words."""
    old = paragraphs("It burned in 1921, they say.")
    new = paragraphs("It burned in 1924, they say.")

    assert unexplained(old, new, change(was="in 1921", now="in 1923"),
                       change(was="in 1923", now="in 1924")) == []


def test_a_passage_that_comes_or_goes_is_explained_by_words_of_it() -> None:
    """A whole paragraph need not be quoted to the end."""
    old, new = paragraphs("One stays."), paragraphs("One stays.", "A new one, and long at that.")

    assert unexplained(old, new) == ["A new one, and long at that."]
    assert unexplained(old, new, change(kind="omission", now="A new one")) == []
    assert unexplained(new, old, change(was="A new one")) == []


def note(text: str, citation: str, *keys: str) -> Passage:
    return Passage("note", text, Place(1, 9), 1, keys=frozenset(keys), citation=citation)


def test_a_citation_is_explained_where_it_is_printed() -> None:
    """An entry that quotes citations explains the note that shows them, in its paragraph."""
    old = [note("Roe, Fires, 3.", "@roe, p. 3", "roe")]
    new = [note("Roe, Fires, 30.", "@roe, p. 30", "roe")]

    assert unexplained(old, new, change(kind="source", was="@roe, p. 3", now="@roe, p. 30")) == []
    assert unexplained(old, new, change(
        kind="source", paragraph=2, was="@roe, p. 3", now="@roe, p. 30")) == ["3", "30"]


def test_the_form_of_a_note_is_not_a_change() -> None:
    """A note that cites the same is the same, though its style now makes it shorter."""
    source = Passage("source", "Roe, Richard. Fires. 1950.", Place(1, 99), name="roe")
    old = [note("Richard Roe, Fires (1950), 3.", "@roe, p. 3", "roe"), source]
    new = [note("Roe, Fires, 3.", "@roe, p. 3", "roe"), source]

    assert not any(pair.changed for pair in compare(old, new, []))


def test_a_source_that_is_corrected_is_a_change() -> None:
    """An entry of the bibliography that says something else needs an entry of its own."""
    old, new = ([Passage("source", f"Roe, Richard. Fires. {year}.", Place(1, 99), name="roe")]
                for year in (1950, 1951))

    assert unexplained(old, new) == ["1950", "1951"]
    assert unexplained(old, new, change(kind="source", was="1950", now="1951")) == []


def test_pairs_know_their_entries() -> None:
    """A pair lists each entry that explains it once."""
    entry = change(was="a b c", now="d b e")
    pair: Pair
    pair, = compare(paragraphs("a b c, and the rest stays"),
                    paragraphs("d b e, and the rest stays"), [entry])

    assert pair.entries == [entry]


def test_an_added_sentence_begins_with_its_first_word() -> None:
    """A sentence behind another is added whole, without the full stop before it."""
    pieces = list(diff_words(
        "It burned. It was rebuilt.", "It burned. Who knows why. It was rebuilt."))

    assert [piece.text for piece in pieces if piece.kind == "new"] == ["Who knows why. "]
