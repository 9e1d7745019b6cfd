"""Finds what would keep some readers out of the text, so that no edition claims too much.

The press sees to the structure of an edition, and its tests judge that. What an author can
spoil is looked at here, at every build: the claim of EPUB Accessibility 1.1, at WCAG 2.2,
Level AA, is made where nothing is found. Images without words and headings that skip a level
are not here: `checks` does not let them pass at all.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import chain

from babel import Locale

from .bibliography import TITLES
from .document import attribute, elements, has_class, plain_text
from .edition import Edition
from .identity import own_templates
from .languages import foreign_words, without_marked
from .problems import Problem
from .project import CALL
from .text import Text, image_path, path_of

# Words that say nothing of where a link leads (WCAG 2.2, 2.4.4), by language.
BARE_LINKS = {
    "en": ("here", "click here", "link", "this link", "more", "read more", "this", "page"),
    "de": ("hier", "hier klicken", "link", "dieser link", "mehr", "weiterlesen"),
    "fr": ("ici", "cliquez ici", "lien", "ce lien", "plus", "lire la suite")}
# Text alternatives that say nothing of what is shown (WCAG 2.2, 1.1.1, failure F30).
BARE_PICTURES = ("image", "picture", "photo", "photograph", "figure", "bild", "foto", "abbildung")
PARAGRAPHS = ("Para", "Plain")
TITLE_FIELDS = (*TITLES, "subtitle", "shorttitle", "journaltitle", "journal")


def find_barriers(edition: Edition, text: Text) -> list[Problem]:
    """Return a note for each thing in `text`, not resolved yet, that falls short of the claim."""
    return sorted(set(chain.from_iterable(check(edition, text) for check in CHECKS)))


def check_own_looks(edition: Edition, text: Text) -> Iterator[Problem]:
    """Nobody has looked at the contrast and order of what a publication's style sheets show."""
    for path in own_templates(edition.project):
        if path.suffix == ".css" and path.name in ("epub.css", "type.css"):
            yield Problem(edition.project.name(path), 0,
                          "no build can tell whether these looks keep a reader out, so that the "
                          "EPUB does not claim to be accessible",
                          f"have it judged: {CALL} check --editions", note=True)


def check_link_words(edition: Edition, text: Text) -> Iterator[Problem]:
    """The words of a link say where it leads."""
    bare = BARE_LINKS.get(edition.front.lang.split("-")[0], BARE_LINKS["en"])
    for link in elements(text.blocks, "Link"):
        words = plain_text(link["c"][1]) or dict(attribute(link)[2]).get("aria-label", "")
        target = link["c"][2][0]
        if not words and not any(True for _ in elements(link["c"][1], "Image")):
            yield _note(edition, f"({target}", f'the link to "{target}" has no words',
                        "write some, or remove it")
        elif words.casefold().strip(" .…") in bare:
            yield _note(edition, f"({target}", f"the link “{words}” does not say where it leads",
                        "make words of the sentence the link that name its end")


def check_table_heads(edition: Edition, text: Text) -> Iterator[Problem]:
    """Every column of a table has a head; only the corner over row heads may be empty."""
    for table in elements(text.blocks, "Table"):
        _, _, columns, head, bodies, _ = table["c"]
        words = [plain_text(cell) for row in head[1] for cell in row[1]]
        if not any(words):
            cells = (plain_text(block) for block in elements(bodies, *PARAGRAPHS))
            yield _note(edition, next(filter(None, cells), ""), "a table has no heads",
                        "name its columns in a line above the first ---")
        elif len(head[1]) == 1 and len(words) == len(columns) and not all(words[1:]):
            yield _note(edition, next(filter(None, words)), "a column of this table has no head",
                        "name it")


def check_picture_words(edition: Edition, text: Text) -> Iterator[Problem]:
    """A text alternative says what is shown, and not only that something is."""
    for image in elements(text.blocks, "Image"):
        source = image["c"][2][0]
        words = (dict(attribute(image)[2]).get("alt") or plain_text(image["c"][1])).strip()
        if words.casefold() in BARE_PICTURES or words == image_path(edition, image).name:
            both = re.compile(rf"{re.escape(source)}.*{re.escape(words)}")
            yield _note(edition, both, f"the text alternative “{words}” says nothing of what "
                        f'"{source}" shows', 'describe it: ![caption](file){alt="…"}')


def check_languages(edition: Edition, text: Text) -> Iterator[Problem]:
    """Words in other letters than those of the essay's language say which language they are."""
    corrections = [block for block in text.back if has_class(block, "correction")]
    front = [block for block in text.front if not has_class(block, "byline")]
    unmarked = without_marked([*front, *text.essay, *corrections])
    for block in elements(unmarked, *PARAGRAPHS, "Header"):
        for words, script in foreign_words(plain_text(block), edition.front.lang):
            here = re.compile(re.escape(words.split()[0]) + r"(?![^\[\]]*\]\{[^}]*\blang=)")
            yield _note(edition, here, _in_letters(words, script),
                        f"name it, by its tag: [{words}]{{lang=…}}")
    for source, timeline in text.timelines.items():
        labels = [timeline.title, *(kind.label for kind in timeline.kinds.values()),
                  *(event.label for event in timeline.events)]
        for words, script in chain.from_iterable(
                foreign_words(label, edition.front.lang) for label in labels):
            yield Problem(edition.project.name(path_of(edition, source)), 0,
                          _in_letters(words, script),
                          "a drawing cannot name it: write it in other letters", note=True)


def check_source_languages(edition: Edition, text: Text) -> Iterator[Problem]:
    """A source with a title in other letters says which language it is in."""
    for key, entry in edition.bibliography.entries.items():
        titles = [entry.fields.get(field, "") for field in TITLE_FIELDS]
        found = [words for title in titles for words in foreign_words(title, edition.front.lang)]
        if found and not entry.fields.get("langid"):
            yield Problem(edition.bibliography.file, entry.line,
                          f'"{key}": {_in_letters(*found[0])}',
                          "add a line langid = {…}, such as langid = {russian}", note=True)


CHECKS = (check_own_looks, check_link_words, check_table_heads, check_picture_words,
          check_languages, check_source_languages)


def _in_letters(words: str, script: str) -> str:
    shown = words if len(words) <= 40 else words[:40].rsplit(" ", 1)[0] + " …"
    return f"“{shown}” is in {Locale('en').scripts.get(script, script)} letters, of no language"


def _note(edition: Edition, words: str | re.Pattern[str], what: str, remedy: str) -> Problem:
    file, line = edition.places_of(words)[0]
    return Problem(file, line, what, remedy, note=True)
