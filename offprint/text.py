"""Turns an edition into one converted text: read by Pandoc once, citations resolved once.

The press's own pages (title block, apparatus, bibliography, colophon) are templates that write
Markdown and are read together with the essay, so that every edition holds the same words.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from . import __version__, pandoc
from .corrections import CITED_KEY
from .document import (
    Element,
    attribute,
    citation_keys,
    drop_addresses,
    drop_comments,
    drop_second_stops,
    elements,
    has_class,
    make_part,
    plain_text,
    rewrite,
    shift_headings,
    take_part,
    top_level,
    unwrap_notes,
)
from .edition import Edition
from .languages import language_of, mark_references, mark_sources, plain_value
from .licenses import license_of
from .manuscript import doi_address
from .pandoc import Document
from .passages import mark_passages, name_places, places_of
from .problems import Problem, ProblemsFoundError
from .templating import escape_markdown, long_date
from .timeline import Timeline, as_inline, cited_sources, read_timeline, render_timeline

FRONT, BACK = "offprint-front", "offprint-back"
OWN_PAGES = ("front.md.j2", "back.md.j2")


@dataclass(frozen=True)
class Text:
    """The converted text in its three parts, as Pandoc blocks; the title is a heading 1.

    `timelines` holds what images of timeline data show, by the name of the image.
    """

    document: Document
    front: list[Element]
    essay: list[Element]
    back: list[Element]
    timelines: dict[str, Timeline]

    @property
    def blocks(self) -> list[Element]:
        """All blocks in reading order."""
        return [*self.front, *self.essay, *self.back]

    def as_document(self, blocks: list[Element]) -> Document:
        """Return `blocks` as a document of their own."""
        return {**self.document, "blocks": blocks}

    @property
    def has_bold(self) -> bool:
        """Tell whether any of the text is set in bold letters."""
        return any(True for _ in elements(self.blocks, "Strong"))

    @property
    def has_code(self) -> bool:
        """Tell whether any of the text is set in the typeface of code."""
        return any(True for _ in elements(self.blocks, "Code", "CodeBlock"))

    @property
    def has_pictures(self) -> bool:
        """Tell whether there is an image or a drawing in the essay."""
        return any(element["t"] == "Image" or "<svg" in element["c"][1]
                   for element in elements(self.essay, "Image", "RawInline"))

    @property
    def title(self) -> str:
        """The title in plain words."""
        return plain_text(next(elements(self.front, "Header")))

    @property
    def subtitle(self) -> str:
        """The subtitle in plain words, or nothing."""
        return "".join(plain_text(div) for div in elements(self.front, "Div")
                       if has_class(div, "subtitle"))


def read_text(edition: Edition) -> Text:
    """Read the essay of `edition` and the press's own pages; citations are not resolved yet.

    Raises ProblemsFoundError for what Pandoc warns of.
    """
    document = _read_with_own_pages(edition)
    document["blocks"] = drop_comments(document["blocks"])
    _check_own_pages(edition, document["blocks"])
    front, rest = take_part(document["blocks"], FRONT)
    back, essay = take_part(rest, BACK)
    top = top_level(essay)
    places = places_of(edition.corrections, edition.front.version, essay)
    mark_passages(places, edition.words["correction"])
    return Text(document, front, shift_headings(essay, 2 - top) if top else essay,
                name_places(back, places, "¶\u00a0{}" if edition.theme.paragraph_numbers
                            else edition.words["place"]), read_timelines(edition, essay))


def _read_with_own_pages(edition: Edition) -> Document:
    """Return the essay and, after it, the press's own pages, as Pandoc reads them.

    Raises ProblemsFoundError for what Pandoc warns of, in a publication's own pages too.
    """
    manuscript, pages = edition.manuscript, _own_pages(edition)
    try:
        return pandoc.read_markdown(
            f"{manuscript.body}\n\n" + "\n".join(pages), manuscript.file)
    except ProblemsFoundError as error:
        ends = [manuscript.body.count("\n") + 1]
        ends.append(ends[0] + pages[0].count("\n") + 2)  # of the essay, of the title block
        raise ProblemsFoundError(
            problem if problem.line <= ends[0] else replace(
                problem, file="templates/" + OWN_PAGES[problem.line > ends[1]], line=0)
            for problem in error.problems) from None


def resolve_text(edition: Edition, text: Text) -> Text:
    """Return `text` with timelines drawn and citations and bibliography in their style."""
    back = text.back if cited_keys(edition, text) else _without_bibliography(text.back)
    document = text.as_document([
        make_part(FRONT, text.front), *draw_timelines(edition, text), make_part(BACK, back)])
    foreign = _foreign_references(edition)
    document["meta"] = {
        "nocite": _nocite(cited_aside(edition, text)),
        # These stand for the same sources in the bibliography.
        "references": {"t": "MetaList", "c": foreign}}
    resolved = pandoc.resolve_citations(
        document, edition.style, edition.project.references, edition.front.lang,
        edition.manuscript.file)
    blocks = mark_sources(resolved["blocks"], {
        plain_value(reference["c"]["id"]): language_of(reference) for reference in foreign})
    if any(attribute(div)[0].startswith("ref-") for div in elements(blocks, "Div")):
        blocks = drop_addresses(blocks)
    blocks = drop_second_stops(blocks)
    front, rest = take_part(blocks, FRONT)
    back, essay = take_part(rest, BACK)
    return Text({**resolved, "meta": {}}, front, essay, unwrap_notes(back, "correction"),
                text.timelines)


def cited_keys(edition: Edition, text: Text) -> set[str]:
    """Return the keys of all sources that `text` cites or the front matter lists."""
    return citation_keys(text.blocks) | set(cited_aside(edition, text))


def cited_aside(edition: Edition, text: Text) -> list[str]:
    """Return the keys that stand in the bibliography without a citation in the text."""
    keys = [name.strip().removeprefix("@")
            for item in edition.front.nocite for name in item.split(",")]
    for timeline in text.timelines.values():
        for _, sources in cited_sources(timeline):
            keys += CITED_KEY.findall(sources)
    return keys


def image_path(edition: Edition, image: Element) -> Path:
    """Return the file that an image names."""
    return path_of(edition, image["c"][2][0])


def path_of(edition: Edition, source: str) -> Path:
    """Return the file of the publication that is the `source` of an image."""
    return edition.project.manuscript / unquote(source)


def is_timeline(edition: Edition, path: Path) -> bool:
    """Tell whether an image file of the publication is the data of a timeline."""
    return (path.suffix.lower() == ".yaml" and path.is_file()
            and edition.project.contains(path))


def read_timelines(edition: Edition, blocks: list[Element]) -> dict[str, Timeline]:
    """Return the data of the images whose file is timeline data, by the name of the image."""
    found = {}
    for image in elements(blocks, "Image"):
        path = image_path(edition, image)
        if is_timeline(edition, path):
            timeline, _ = read_timeline(path, edition.project.name(path))
            if timeline:
                found[image["c"][2][0]] = timeline
    return found


def draw_timelines(edition: Edition, text: Text) -> list[Element]:
    """Return the essay with each image of timeline data replaced by its drawing."""
    def draw(element: Element) -> list[Element] | None:
        if element["t"] != "Image" or element["c"][2][0] not in text.timelines:
            return None
        identifier, _, pairs = attribute(element)
        source = element["c"][2][0]
        name = identifier or "timeline-" + re.sub(r"\W+", "-", source)
        return [as_inline(render_timeline(
            text.timelines[source], dict(pairs).get("alt") or plain_text(element["c"][1]),
            name, edition.front.lang, edition.theme.typeface))]

    drawn: list[Element] = rewrite(text.essay, draw)
    return drawn


def _own_pages(edition: Edition) -> list[str]:
    """Return the press's own pages as Markdown, the title block before the back matter."""
    front = edition.front
    values: dict[str, Any] = {
        "front": front, "words": edition.words, "draft": edition.draft, "press": __version__,
        "swhid": edition.swhid,
        "date": long_date(front.date, front.lang), "authors": edition.authors,
        "license": license_of(front.license), "corrections": edition.corrections,
        "withdrawal": edition.withdrawal, "earlier": edition.earlier,
        "first_version": edition.first_version, "quoted": _quoted,
        "doi_address": doi_address, "long_date": lambda day: day and long_date(day, front.lang),
        "has_code": "`" in edition.manuscript.body}
    return [edition.render(name, **values) for name in OWN_PAGES]


def _check_own_pages(edition: Edition, blocks: list[Element]) -> None:
    """Raise ProblemsFoundError where a publication's templates leave out what is looked for."""
    kept = {attribute(element)[0] for element in elements(blocks, "Div")} | {
        attribute(element)[0] for element in elements(blocks, "Header")}
    needed = {"front.md.j2": (FRONT, "edition-title"), "back.md.j2": (
        BACK, "edition-bibliography", "refs", "edition-colophon")}
    problems = [Problem(f"templates/{name}", 0, f"the part {{#{identifier}}} is missing",
                        f'keep it as the press has it, or extend "press/{name}"')
                for name, identifiers in needed.items()
                for identifier in identifiers if identifier not in kept]
    if problems:
        raise ProblemsFoundError(problems)


def _foreign_references(edition: Edition) -> list[Element]:
    """Return the sources that say they are in another language than the essay."""
    if not any("langid" in entry.fields for entry in edition.bibliography.entries.values()):
        return []
    references = pandoc.read_reference_values(
        edition.project.references, edition.bibliography.file)
    return mark_references(references, edition.front.lang)


def _quoted(words: str) -> str:
    """Return what a change quotes as Markdown: words in quotes, a citation as its note."""
    return f"^[[{words}]]" if words.startswith("@") else f"“{escape_markdown(words)}”"


def _without_bibliography(back: list[Element]) -> list[Element]:
    """Return the back matter of an essay that cites nothing."""
    return [block for block in back if block["t"] not in ("Header", "Div")
            or attribute(block)[0] not in ("edition-bibliography", "refs")]


def _nocite(keys: list[str]) -> dict[str, Any]:
    """Return `keys` as Pandoc's metadata for works that are listed without being cited."""
    citations = [{
        "citationId": key, "citationPrefix": [], "citationSuffix": [], "citationNoteNum": 0,
        "citationMode": {"t": "NormalCitation"}, "citationHash": 0} for key in keys]
    return {"t": "MetaInlines", "c": [{"t": "Cite", "c": [citations, []]}]}
