"""What an essay may choose of its looks: a design, a typeface, a measure, a colour, its notes.

Two designs stand on the same structure; each brings a typeface and colours, which an essay may
change. Whatever is chosen, links keep the contrast that WCAG 2.2 asks for, light and dark.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from .fonts import CODE_FAMILY, Face, typefaces
from .problems import suggestion

# WCAG 2.2, 1.4.3: contrast of text with what is behind it.
LEAST_CONTRAST = 4.5
COLOUR = re.compile(r"#[0-9a-f]{6}", re.I)
# Each accent on light and on dark paper.
ACCENTS = {
    "red": ("#7b2418", "#eba58f"), "blue": ("#1b4f8a", "#9cc4f2"),
    "green": ("#1f5c3d", "#8fd1ac"), "violet": ("#5a2d82", "#ccb0ee"),
    "grey": ("#45413c", "#cdc7be")}


@dataclass(frozen=True)
class Design:
    """What a design brings: its typeface and accent, and colours on light and dark paper."""

    typeface: str
    accent: str
    paper: tuple[str, str]
    mark: tuple[str, str]  # behind what a link has led to
    cover: str
    bold_headings: bool = False


DESIGNS = {
    "bookish": Design("EB Garamond", "red", ("#fdfcf9", "#181614"), ("#f6ecd2", "#3a3122"),
                      "#f4efe4"),
    "modern": Design("Source Sans 3", "blue", ("#ffffff", "#15171a"), ("#fdf1c7", "#35311f"),
                     "#e9eff6", bold_headings=True)}


@dataclass(frozen=True)
class Measure:
    """The width of the text: margins of an A5 page in millimetres, and rem on a screen."""

    inner: int
    outer: int
    rem: float


# The text block, with its paragraph numbers, fits half a letter sheet in each (139.7 mm).
MEASURES = {
    "narrow": Measure(24, 32, 31), "normal": Measure(21, 27, 34.5), "wide": Measure(17, 23, 38)}


def _one_of(known: Iterable[str]) -> BeforeValidator:
    names = sorted(known)

    def check(value: Any) -> Any:
        if str(value) not in names:
            raise ValueError(f"“{value}” is not known here\n"
                             + suggestion(str(value), names, "choose " + ", ".join(names)))
        return value

    return BeforeValidator(check)


def _installed(value: Any) -> Any:
    names = typefaces()
    by_lower = {name.lower(): name for name in names}
    if str(value).lower() not in by_lower:
        raise ValueError(f"the typeface “{value}” is not installed with an italic\n" + suggestion(
            str(value), names, "installed are " + ", ".join(names)
            + "; others are packages named fontpkg-…"))
    return by_lower[str(value).lower()]


def _colour(value: Any) -> Any:
    if value is None or value == "":
        raise ValueError("no colour is given\nput it in quotes: \"#7b2418\"")
    if str(value) not in ACCENTS and not COLOUR.fullmatch(str(value)):
        raise ValueError(f"“{value}” is not a colour\n" + suggestion(
            str(value), ACCENTS, "choose " + ", ".join(ACCENTS) + ', or write one as "#7b2418"'))
    return value


class Theme(BaseModel):
    """The looks of an essay, as its front matter chooses them; a design's name alone will do."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    design: Annotated[str, _one_of(DESIGNS), Field(description="bookish or modern")] = "bookish"
    typeface: Annotated[str, BeforeValidator(_installed), Field(
        description="a family that a package fontpkg-… brings; the design has its own"
    )] = "EB Garamond"
    measure: Annotated[str, _one_of(MEASURES), Field(
        description="the width of the text: narrow, normal or wide")] = "normal"
    accent: Annotated[str, BeforeValidator(_colour), Field(
        description="of links and cover: " + ", ".join(ACCENTS) + ", or one such as \"#005f5f\"; "
                    "the design has its own")] = "red"
    paragraph_numbers: Annotated[bool, Field(
        validation_alias="paragraph-numbers", description="whether paragraphs show theirs")] = True
    notes: Annotated[str, _one_of(["foot", "end"]), Field(
        description="at the foot of the page, or the end of the essay: foot or end")] = "foot"

    @model_validator(mode="before")
    @classmethod
    def _begin_with_design(cls, value: Any) -> Any:
        chosen = {"design": value} if isinstance(value, str) else value
        if not isinstance(chosen, dict):
            return chosen
        design = DESIGNS.get(str(chosen.get("design", "bookish")))
        return {"typeface": design.typeface, "accent": design.accent, **chosen} if (
            design) else chosen

    @model_validator(mode="after")
    def _require_contrast(self) -> Theme:
        for which, behind in enumerate(("light", "dark")):
            ratio = min(contrast(self.accents[which], paper) for paper in self._papers(which))
            if ratio < LEAST_CONTRAST:
                raise ValueError(
                    f"the accent {self.accent} has a contrast of {ratio:.1f} to 1 on {behind} "
                    f"paper; WCAG asks for {LEAST_CONTRAST} to 1\n"
                    "take a darker colour, or one of " + ", ".join(ACCENTS))
        return self

    @property
    def looks(self) -> Design:
        """What the design brings."""
        return DESIGNS[self.design]

    def faces(self, has_bold: bool, has_code: bool) -> tuple[Face, ...]:
        """Return the faces that a text is set in: bold letters and code only where it has some."""
        weights = (400, 700) if has_bold or self.looks.bold_headings else (400,)
        text = [Face(self.typeface, weight, style)
                for weight in weights for style in ("normal", "italic")]
        return (*text, Face(CODE_FAMILY)) if has_code else tuple(text)

    @property
    def margins(self) -> Measure:
        """The width of the text in its units."""
        return MEASURES[self.measure]

    @property
    def accents(self) -> tuple[str, str]:
        """The accent on light and on dark paper; that on dark is a lighter tint of a colour."""
        if self.accent in ACCENTS:
            return ACCENTS[self.accent]
        tints = (tint(self.accent, part / 20) for part in range(21))
        return self.accent, next(
            colour for colour in tints
            if min(contrast(colour, paper) for paper in self._papers(1)) >= LEAST_CONTRAST)

    def _papers(self, which: int) -> list[str]:
        looks = self.looks
        return [looks.paper[which], looks.mark[which], *([] if which else [looks.cover])]


def contrast(one: str, other: str) -> float:
    """Return the contrast of two colours such as "#7b2418", from 1 to 21 (WCAG 2.2)."""
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def tint(colour: str, part: float) -> str:
    """Return `colour` mixed with white, of which it gets `part`, from 0 to 1."""
    return "#" + "".join(f"{round(value + (255 - value) * part):02x}" for value in _rgb(colour))


def _luminance(colour: str) -> float:
    linear = [value / 255 / 12.92 if value / 255 <= 0.04045
              else ((value / 255 + 0.055) / 1.055) ** 2.4 for value in _rgb(colour)]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _rgb(colour: str) -> list[int]:
    return [int(colour[place:place + 2], 16) for place in (1, 3, 5)]
