"""What corrections say is compared with the essay, words as a reader reads them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from offprint.body import render_body
from offprint.corrections import read_corrections
from offprint.document import plain_text
from offprint.edition import read_edition
from offprint.history import read_history
from offprint.manuscript import version_order
from offprint.paragraphs import find_paragraphs
from offprint.passages import make_plain
from offprint.project import PRESS, Project
from offprint.text import read_text, resolve_text

from .conftest import BASE, SAMPLE, Publication, write_release

Write = Callable[[str], Publication]

CHANGE = """\
  - id: {id}
    date: 2024-05-06
    version: 1.0.0
    kind: wording
    was: "{was}"
    now: "{now}"
    why: A better word.
"""


def with_changes(publication: Publication, *changes: tuple[str, str, str]) -> Publication:
    publication.write("manuscript/corrections.yaml", "changes:\n" + "".join(
        CHANGE.format(id=name, was=was, now=now) for name, was, now in changes))
    return publication


# Words


def test_new_words_may_run_over_markup_notes_and_lines(write_essay: Write) -> None:
    """Emphasis, links, notes and line ends are no part of the words that are compared."""
    publication = with_changes(
        write_essay("The *Soviet*\nnote^[Of 1954.] was “[handed](https://a.org) over” --\nlate."),
        ("a", "old", 'note was \\"handed over\\" – late'))

    assert publication.problems() == []


def test_words_of_notes_are_the_essays_too(write_essay: Write) -> None:
    """A note can be corrected; its old words are found there."""
    publication = with_changes(
        write_essay("A claim.^[Printed in *London*, 1954.]"),
        ("a", "in Paris", "in London"), ("b", "London, 1954", "Bonn, 1955"))

    assert [problem.what for problem in publication.problems()] == [
        "b: the essay does not say “Bonn, 1955”",
        "b: the essay still says “London, 1954”, in manuscript/essay.md:9"]


def test_old_words_may_stand_inside_the_new_ones(write_essay: Write) -> None:
    """Where words were added to others, the old ones are a part of the new."""
    publication = with_changes(
        write_essay("The note of March 31 was sent."), ("a", "The note", "The note of March 31"))

    assert publication.problems() == []


def test_old_words_are_whole_words(write_essay: Write) -> None:
    """A misspelling is not found inside a longer word."""
    publication = with_changes(write_essay("A formal note from Moscow."), ("a", "form", "from"))

    assert publication.problems() == []


@pytest.mark.parametrize("later", [
    ("March 31", "April 1"), ("The note was sent on March 31", "The note arrived")],
    ids=["a part of them", "all of them and more"])
def test_words_that_were_replaced_again_need_not_stand(
    write_essay: Write, later: tuple[str, str]
) -> None:
    """Only the latest state matters: a later change may replace the words of an earlier one."""
    essay = "The note was sent on March 31.".replace(*later)
    publication = with_changes(
        write_essay(essay), ("a", "on March 30", "on March 31"), ("b", *later))

    assert publication.problems() == []


def test_a_change_may_be_taken_back(write_essay: Write) -> None:
    """Old words that a later change has put back are not an error that came back."""
    publication = with_changes(
        write_essay("The note was declined."), ("a", "declined", "refused"),
        ("b", "refused", "declined"))

    assert publication.problems() == []


@given(st.text(st.sampled_from("ab —–-'’“\", \n\u00ad")))
def test_plain_words_stay_plain(text: str) -> None:
    """Words made plain once are plain, and each character knows where it stood."""
    plain = make_plain(text)

    assert plain.text == make_plain(plain.text).text
    assert len(plain.text) == len(plain.places)
    assert sorted(plain.places) == list(plain.places)


# Places


@pytest.mark.parametrize("root", [PRESS, SAMPLE, BASE], ids=["essay", "sample", "plain"])
def test_paragraphs_have_their_numbers_before_pages_are_made(root: Path) -> None:
    """Pandoc's tree and the finished page count the same paragraphs, in the same order."""
    assert_same_numbers(Project(root, root / "output"))


def test_what_is_apart_has_no_number_in_either_tree(write_essay: Write) -> None:
    """Sections, blocks and quotations are counted or left out alike in both trees."""
    assert_same_numbers(write_essay("""
One.

# An appendix {role="doc-appendix"}

Not counted.

## Within it

Not counted.

# After it

Two.

::: abstract
Not counted.
:::

::: remark
Three.

## Heading in a block

> Four.
>
> - not this
:::

::: {role="doc-footnote"}
Not counted.
:::

Five, and a term:

Term
:   Not counted.

    Nor this.

> # A heading quoted {role="doc-appendix"}
>
> Six.

![A grey field.](figures/no.png)

<!-- a comment -->

$$x$$
""").project)


def assert_same_numbers(project: Project) -> None:
    edition = read_edition(project)
    text = read_text(edition)
    before = [plain_text(block)[:12] for block in find_paragraphs(text.essay)]
    article = render_body(edition, resolve_text(edition, text)).article
    after = [" ".join("".join(p.itertext()).split())[:12] for p in article.iter("p")
             if p.get("data-number")]

    assert before == after


# Releases


def test_versions_are_ordered_as_semantic_versioning_orders_them() -> None:
    """Numbers count as numbers, and a version that precedes another precedes it."""
    versions = ["1.10.0", "1.0.0-rc.10", "1.0.0", "1.2.0", "0.9.12", "1.0.0-rc.2", "1.0.0-alpha"]

    assert sorted(versions, key=version_order) == [
        "0.9.12", "1.0.0-alpha", "1.0.0-rc.2", "1.0.0-rc.10", "1.0.0", "1.2.0", "1.10.0"]


def test_history_is_read_in_the_order_of_versions(publication: Publication) -> None:
    """Releases come in the order of their versions; none is no problem."""
    assert read_history(publication.project).releases == ()
    for version in ("1.10.0", "1.0.0", "1.2.0"):
        write_release(publication, version)

    history = read_history(publication.project)

    assert [release.version for release in history.releases] == ["1.0.0", "1.2.0", "1.10.0"]
    assert [release.version for release in history.before("1.10.0")] == ["1.0.0", "1.2.0"]
    assert history.problems == ()


def test_tally_counts_what_holds_and_what_does_not() -> None:
    """The claims of the circulating essay are counted by verdict, those that hold too."""
    corrections = read_corrections(Project(PRESS, PRESS / "output"))

    assert corrections.tally == {
        "true": 7, "misleading": 9, "wrong": 6, "unsupported": 7, "omits": 5}
