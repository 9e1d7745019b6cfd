"""Tells in which letters a language is written, and marks the words of sources as theirs.

A screen reader pronounces, and a reader hyphenates, by the language of the words at hand
(WCAG 2.2, 3.1.2). Letters are told apart by script, in the codes of ISO 15924.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from babel.core import get_global
from fontTools import unicodedata

from .document import Element, attribute, plain_text, rewrite

# Marks and figures that all scripts share, and Latin letters, which every voice reads.
EVERYWHERE = frozenset(("Zyyy", "Zinh", "Zzzz", "Latn"))
# The fields of a source that are in its language.
TITLES = ("title", "title-short", "original-title")


def script_of(lang: str) -> str:
    """Return the script in which `lang`, a language tag, is written; Latin where unknown."""
    language, *rest = lang.split("-")
    named = next((part.title() for part in rest if re.fullmatch("[A-Za-z]{4}", part)), "")
    likely: str = get_global("likely_subtags").get(language.lower(), "und_Latn_XX")
    return named or likely.split("_")[1]


def is_known(lang: str) -> bool:
    """Tell whether `lang` begins with a language that has a tag (BCP 47)."""
    return lang.split("-")[0].lower() in get_global("likely_subtags")


def foreign_words(text: str, lang: str) -> list[tuple[str, str]]:
    """Return the words of `text` in letters that `lang` does not use, each with its script.

    Words that follow each other are one; a single letter is a sign and no word. Latin letters
    are foreign nowhere.
    """
    scripts = {unicodedata.script(char) for char in text} - EVERYWHERE - {script_of(lang)}
    return [(text[start:end], script) for script in sorted(scripts)
            for start, end in _find_words(text, script) if end - start > 1]


def mark_references(references: list[Element], lang: str) -> list[Element]:
    """Return those of `references`, in Pandoc's form, that are not in `lang`, titles marked.

    A translation in square brackets after a title is not part of it.
    """
    marked = []
    for reference in references:
        language = language_of(reference)
        if is_known(language) and language.split("-")[0] != lang.split("-")[0]:
            marked.append({"t": "MetaMap", "c": {
                name: _mark_title(value, language) if name in TITLES else value
                for name, value in reference["c"].items()}})
    return marked


def language_of(reference: Element) -> str:
    """Return the language of a reference in Pandoc's form; nothing where it names none."""
    return plain_value(reference["c"].get("language"))


def plain_value(value: Any) -> str:
    """Return a value of Pandoc's metadata as text."""
    if not value:
        return ""
    return value["c"] if value["t"] == "MetaString" else plain_text(value["c"])


def mark_sources(blocks: list[Element], languages: dict[str, str]) -> list[Element]:
    """Return `blocks`, citations resolved, with names and titles marked as of their language.

    `languages` holds the language of each source by key; a word is taken to be in the one,
    of the languages of the sources at hand, that is written in its letters.
    """
    by_script = {key: {script_of(lang): lang} for key, lang in languages.items()
                 if script_of(lang) not in EVERYWHERE}

    def change(element: Element) -> list[Element] | None:
        keys: list[str] = []
        if element["t"] == "Cite":
            keys = [citation["citationId"] for citation in element["c"][0]]
        elif element["t"] == "Div" and attribute(element)[0].startswith("ref-"):
            keys = [attribute(element)[0].removeprefix("ref-")]
        known = {script: lang for key in keys for script, lang in by_script.get(key, {}).items()}
        return [{"t": element["t"], "c": [
            element["c"][0], _mark_words(element["c"][1], known)]}] if known else None

    marked: list[Element] = rewrite(blocks, change)
    return marked


def without_marked(blocks: list[Element]) -> list[Element]:
    """Return `blocks` without the parts that say their language, and without code."""
    def change(element: Element) -> list[Element] | None:
        is_code = element["t"] in ("Code", "CodeBlock", "Math")
        return [] if is_code or _says_language(element) else None

    unmarked: list[Element] = rewrite(blocks, change)
    return unmarked


def _says_language(element: Element) -> bool:
    return (element["t"] in ("Span", "Div", "Link")
            and any(name == "lang" for name, _ in attribute(element)[2]))


def _find_words(text: str, script: str) -> Iterator[tuple[int, int]]:
    """Yield where words of `script` begin and end, spaces and marks between them included."""
    kinds = "".join(
        "x" if found == script else "-" if found in ("Zyyy", "Zinh") else "o"
        for found in map(unicodedata.script, text))
    for words in re.finditer("x(-*x)*", kinds):
        yield words.span()


def _mark_title(value: Element, lang: str) -> Element:
    if value["t"] != "MetaInlines":
        return value
    inlines = value["c"]
    gloss = next((number for number, inline in enumerate(inlines)
                  if number and inline["t"] == "Str" and inline["c"].startswith("[")), None)
    title = inlines[:gloss]
    rest = inlines[gloss:] if gloss else []
    while title and rest and title[-1]["t"] in ("Space", "SoftBreak"):
        rest = [title[-1], *rest]
        title = title[:-1]
    return {"t": "MetaInlines", "c": [_span(title, lang), *rest]}


def _mark_words(node: Any, languages: dict[str, str]) -> Any:
    """Return `node` with the words in the scripts of `languages` marked where they are not."""
    if isinstance(node, dict):
        if "t" in node and _says_language(node):
            return node
        return {name: _mark_words(value, languages) for name, value in node.items()}
    if not isinstance(node, list):
        return node
    items: list[Any] = []
    for item in node:
        if isinstance(item, dict) and item.get("t") == "Str":
            items += _mark_word(item["c"], languages)
        else:
            items.append(_mark_words(item, languages))
    return _join_marked(items)


def _mark_word(word: str, languages: dict[str, str]) -> list[Element]:
    """Return a word in pieces, those in the scripts of `languages` marked."""
    pieces, done = [], 0
    found = sorted((*place, lang) for script, lang in languages.items()
                   for place in _find_words(word, script))
    for start, end, lang in found:
        pieces += [{"t": "Str", "c": word[done:start]}] if start > done else []
        pieces.append(_span([{"t": "Str", "c": word[start:end]}], lang))
        done = end
    return [*pieces, {"t": "Str", "c": word[done:]}] if done < len(word) else pieces


def _join_marked(items: list[Any]) -> list[Any]:
    """Join neighbours of the same language, with the space between them, to one."""
    joined: list[Any] = []
    for item in items:
        if (len(joined) > 1 and _is_marked(item) and _is_marked(joined[-2])
                and joined[-1] == {"t": "Space"} and item["c"][0] == joined[-2]["c"][0]):
            space = joined.pop()
            before = joined.pop()
            item = {"t": "Span", "c": [item["c"][0], [*before["c"][1], space, *item["c"][1]]]}
        joined.append(item)
    return joined


def _is_marked(item: Any) -> bool:
    return isinstance(item, dict) and item.get("t") == "Span" and _says_language(item)


def _span(inlines: list[Element], lang: str) -> Element:
    return {"t": "Span", "c": [["", [], [["lang", lang]]], inlines]}
