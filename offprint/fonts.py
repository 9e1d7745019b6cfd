"""Cuts the installed font families down to what an edition needs: TrueType and WOFF2.

Families are pip packages (`fontpkg-*`), found by their names, so that no edition depends on
the fonts of a machine. A cut has one weight and the whole of each script that the text uses:
letter by letter would be smaller, and would be cut anew for every new letter.
"""

from __future__ import annotations

import base64
import hashlib
import io
import logging
import os
import tempfile
import threading
import unicodedata
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from pathlib import Path

import fontpkg
from fontTools import subset
from fontTools import version as fonttools_version
from fontTools.ttLib import TTFont
from fontTools.ttLib.scaleUpem import scale_upem
from fontTools.varLib import instancer

from .templating import render

TEXT_FAMILY = "EB Garamond"  # unless a theme chooses another
# How tall small letters are at most, in em; those of EB Garamond are 0.4.
X_HEIGHT = 0.42
CODE_FAMILY = "Source Code Pro"
FEATURES = ("kern", "liga", "clig", "calt", "locl", "ccmp", "mark", "mkmk", "onum", "lnum", "pnum",
            "tnum", "smcp", "c2sc", "sups", "case")

# Kept whole as soon as one of their characters is used (Unicode blocks, first and last).
SCRIPTS = (
    (0x0020, 0x024F), (0x2000, 0x206F), (0x20A0, 0x20BF), (0x2100, 0x214F), (0x2190, 0x22FF),
    (0x0370, 0x03FF), (0x1F00, 0x1FFF), (0x0400, 0x052F), (0x1E00, 0x1EFF))
ALWAYS = (0x20, 0x2014)  # Latin and its punctuation
# What a font need not have: layout does not draw it.
INVISIBLE = frozenset("\n\t\r\u00ad\u200b\u200c\u200d\u2060\ufffc\ufeff\u034f"
                      + "".join(map(chr, range(0xFE00, 0xFE10))))


@dataclass(frozen=True)
class Face:
    """One face of a family: what a style sheet asks for."""

    family: str
    weight: int = 400
    style: str = "normal"

    @property
    def source(self) -> Path:
        """The installed font that this face is cut from."""
        return Path(fontpkg.path(self.family, self.weight, self.style, nearest=True))

    @property
    def name(self) -> str:
        """A file name for the cut, without its ending."""
        style = "-Italic" if self.style == "italic" else ""
        return f"{self.family.replace(' ', '')}-{self.weight}{style}"


@dataclass(frozen=True)
class Cut:
    """A face cut down: the same outlines twice, for paper and e-books, and for browsers."""

    face: Face
    truetype: bytes
    woff2: bytes

    @property
    def truetype_url(self) -> str:
        """The TrueType cut as a data address."""
        return "data:font/ttf;base64," + base64.b64encode(self.truetype).decode()

    @property
    def woff2_url(self) -> str:
        """The WOFF2 cut as a data address."""
        return "data:font/woff2;base64," + base64.b64encode(self.woff2).decode()


@cache
def typefaces() -> tuple[str, ...]:
    """Return the installed families that a text can be set in: upright and italic."""
    families = map(fontpkg.family, fontpkg.families())
    return tuple(sorted(family.name for family in families if family.name != CODE_FAMILY
                        and {file.style for file in family.files} >= {"normal", "italic"}))


def has_small_capitals(family: str) -> bool:
    """Tell whether the upright face of `family` has small capitals."""
    table = TTFont(fontpkg.path(family), lazy=True).get("GSUB")
    return bool(table and table.table.FeatureList and any(
        record.FeatureTag == "smcp" for record in table.table.FeatureList.FeatureRecord))


def cut_fonts(faces: Iterable[Face], text: str) -> tuple[Cut, ...]:
    """Return each face cut down to the scripts of `text`.

    Cutting takes about a second a face and is done once for each set of scripts: the cuts are
    kept in the user's cache folder, under a name made of all that they depend on.
    """
    wanted = tuple(faces)
    characters = _whole_scripts(text)
    missing = [face for face in wanted if not _is_cached(face, characters)]
    # Where other threads run, another process might begin with their locks held.
    if len(missing) > 1 and threading.active_count() == 1:
        with ProcessPoolExecutor(max_workers=min(len(missing), os.cpu_count() or 1)) as pool:
            list(pool.map(_write_cut, missing, [characters] * len(missing)))
    else:
        for face in missing:
            _write_cut(face, characters)
    return tuple(_read_cut(face, characters) for face in wanted)


def style_rules(cuts: Iterable[Cut], kind: str) -> str:
    """Return the style sheet that brings `cuts` along, as "truetype" or as "woff2"."""
    return render("fonts.css.j2", kind=kind, fonts=[
        (cut.face, cut.truetype_url if kind == "truetype" else cut.woff2_url) for cut in cuts])


def missing_characters(text: str, family: str = TEXT_FAMILY, style: str = "normal") -> set[str]:
    """Return the characters of `text` that `family` cannot draw, upright or in italics.

    Spaces of any width are made of the plain one; signs that only steer others are not drawn.
    """
    known = _coverage(family, style)
    return {char for char in set(text) - INVISIBLE
            if ord(char) not in known and unicodedata.category(char) not in ("Zs", "Cf")}


def text_width(text: str, size: float, family: str = TEXT_FAMILY) -> float:
    """Return the width of `text` in the upright of `family`, in the unit of `size`, unkerned."""
    widths, units = _advances(family)
    return sum(widths.get(ord(char), units / 2) for char in text) * size / units


@cache
def _coverage(family: str, style: str = "normal") -> frozenset[int]:
    return frozenset(TTFont(Face(family, style=style).source, lazy=True).getBestCmap())


@cache
def _advances(family: str) -> tuple[dict[int, float], float]:
    font = TTFont(fontpkg.path(family), lazy=True)
    glyphs = font.getGlyphSet(location={"wght": 400}) if "fvar" in font else font.getGlyphSet()
    scale = _scale(font)
    widths = {code: glyphs[name].width * scale for code, name in font.getBestCmap().items()}
    return widths, font["head"].unitsPerEm


def _scale(font: TTFont) -> float:
    """Return by how much a face is made smaller, so that style sheets hold for all of them."""
    height = getattr(font["OS/2"], "sxHeight", 0) / font["head"].unitsPerEm
    return min(1, X_HEIGHT / height) if height else 1


def _whole_scripts(text: str) -> tuple[int, ...]:
    used = {ord(char) for char in text} | set(ALWAYS)
    for first, last in SCRIPTS:
        if any(first <= code <= last for code in used):
            used.update(range(first, last + 1))
    return tuple(sorted(used))


@cache
def _cached(face: Face, characters: tuple[int, ...]) -> Path:
    recipe = repr((fonttools_version, version("brotli"), FEATURES, X_HEIGHT, face.weight,
                   characters)).encode()
    digest = hashlib.sha256(face.source.read_bytes() + recipe).hexdigest()[:24]
    root = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return root / "offprint" / f"{face.name}-{digest}"


def _is_cached(face: Face, characters: tuple[int, ...]) -> bool:
    return _cached(face, characters).with_suffix(".woff2").exists()


def _read_cut(face: Face, characters: tuple[int, ...]) -> Cut:
    path = _cached(face, characters)
    return Cut(face, path.with_suffix(".ttf").read_bytes(),
               path.with_suffix(".woff2").read_bytes())


def _write_cut(face: Face, characters: tuple[int, ...]) -> None:
    # It reports tables that it leaves out; none of them is seen on a page.
    logging.getLogger("fontTools.subset").setLevel(logging.ERROR)
    font = TTFont(face.source, recalcTimestamp=False)
    units = font["head"].unitsPerEm
    scaled = round(units * _scale(font))
    options = subset.Options(layout_features=list(FEATURES), hinting=False, notdef_outline=True)
    subsetter = subset.Subsetter(options)
    subsetter.populate(unicodes=characters)
    subsetter.subset(font)
    if "fvar" in font:
        at = {axis.axisTag: axis.defaultValue for axis in font["fvar"].axes}
        instancer.instantiateVariableFont(font, {**at, "wght": face.weight}, inplace=True)
    if face.family != CODE_FAMILY and scaled < units:
        scale_upem(font, scaled)
        font["head"].unitsPerEm = units
    path = _cached(face, characters)
    path.parent.mkdir(parents=True, exist_ok=True)
    for flavor, suffix in ((None, ".ttf"), ("woff2", ".woff2")):
        font.flavor = flavor
        data = io.BytesIO()
        font.save(data)
        _put(path.with_suffix(suffix), data.getvalue())


def _put(path: Path, data: bytes) -> None:
    """Write `data` to `path` so that no other process ever sees half of it."""
    handle, name = tempfile.mkstemp(dir=path.parent)
    with os.fdopen(handle, "wb") as file:
        file.write(data)
    Path(name).replace(path)
