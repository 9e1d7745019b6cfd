"""The HTML edition serves whoever reads it: by keyboard, enlarged, in other colours, on paper.

These are the criteria of WCAG 2.2, A and AA, that a machine such as axe cannot judge by rule,
each judged here as a person would, on the page as Chromium shows it.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pypdfium2
import pytest
from lxml import html
from playwright.sync_api import Browser, Page

from offprint.templating import read_template

from . import validators
from .conftest import Built
from .test_editions import words

TELEPHONE, DESK = 375, 1440  # notes at the end, notes in the margin

# What the tests ask of the page. `targets` are the things to press or to type in that show;
# `behind` is the colour that something stands on; `box` is a rectangle in the page.
ASK = """
const targets = () => [...document.querySelectorAll(
  'a[href], button, summary, input, select, textarea, [tabindex="0"]')].filter(
  element => element.checkVisibility());
const behind = element => {
  for (let at = element; at; at = at.parentElement) {
    const colour = getComputedStyle(at).backgroundColor;
    if (!/^rgba\\(.*, 0\\)$/.test(colour)) return colour;
  }
};
const box = rect => [rect.left + scrollX, rect.top + scrollY, rect.right + scrollX,
                     rect.bottom + scrollY];
const named = element =>
  element.id || element.getAttribute('class') || element.textContent.slice(0, 40);
Object.assign(window, {targets, behind, box, named});
"""


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """One browser for all tests of this file."""
    with validators.browser() as browser:
        yield browser


@contextmanager
def opened(
    chromium: Browser, path: Path, width: int, height: int = 900, **preferences: Any
) -> Iterator[Page]:
    """Open a page as a reader with these preferences sees it, its notes in their places."""
    page = chromium.new_page(
        viewport={"width": width, "height": height}, reduced_motion="reduce", **preferences)
    page.add_init_script(ASK)
    page.goto(path.as_uri())
    page.evaluate("document.fonts.ready")
    page.wait_for_timeout(100)
    yield page
    page.close()


def contrast(one: str, other: str) -> float:
    """Return the contrast of two colours, rgb(…), as WCAG 2.2 defines it: from 1 to 21."""
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _luminance(colour: str) -> float:
    red, green, blue = (
        value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4
        for value in (float(part) / 255 for part in re.findall(r"[\d.]+", colour)[:3]))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


# By keyboard


@dataclass(frozen=True)
class Stop:
    """Where the focus is after a press of Tab."""

    number: int         # of the thing in the order of the document; -1: none of ours
    name: str
    region: str
    left: float
    top: float
    seen: bool          # within the window, with nothing over it
    outline: list[Any]  # style, width in pixels, colour, and the colour around it
    clipped: bool       # whether a scroller cuts the outline off


STOP = """() => {
  const element = document.activeElement;
  const style = getComputedStyle(element);
  const rects = [...element.getClientRects()];
  const reach = parseFloat(style.outlineWidth) + parseFloat(style.outlineOffset);
  const shows = rect => {
    const x = (rect.left + rect.right) / 2;
    const y = Math.min(Math.max((rect.top + rect.bottom) / 2, 1), innerHeight - 1);
    const over = document.elementFromPoint(x, y);
    return rect.bottom > 0 && rect.top < innerHeight && over
      && (element.contains(over) || over.contains(element));
  };
  let clipped = false;
  for (let at = element.parentElement; at; at = at.parentElement) {
    if (getComputedStyle(at).overflowX === 'visible' || at === document.documentElement) continue;
    const frame = at.getBoundingClientRect();
    clipped ||= rects.some(rect => rect.left - reach < frame.left || rect.top - reach < frame.top);
  }
  const region = element.closest('.contents, .notes, main');
  return {
    number: parseInt(element.dataset.stop ?? '-1'), name: named(element),
    region: region ? region.className || region.localName : '',
    left: (rects[0]?.left ?? 0) + scrollX, top: (rects[0]?.top ?? 0) + scrollY,
    seen: rects.some(shows), clipped,
    outline: [style.outlineStyle, parseFloat(style.outlineWidth), style.outlineColor,
              behind(element.parentElement)]};
}"""


@pytest.fixture(scope="module", params=[(TELEPHONE, "dark"), (DESK, "light")],
                ids=["telephone", "desk"])
def walk(request: pytest.FixtureRequest, chromium: Browser, built: Built) -> list[Stop]:
    """Press Tab from the top of the page until the focus has left it: all the stops.

    The last is the one that follows when every thing had its turn.
    """
    width, scheme = request.param
    with opened(chromium, built.html, width, color_scheme=scheme) as page:
        count = page.evaluate("""() => {
          targets().forEach((element, number) => { element.dataset.stop = number; });
          return targets().length;
        }""")
        stops = []
        for _ in range(count + 1):
            page.keyboard.press("Tab")
            stops.append(Stop(**page.evaluate(STOP)))
        return stops


def test_keyboard_reaches_everything_in_order(walk: list[Stop]) -> None:
    """Tab leads to each link and control once, in reading order, and out again (2.1.1, 2.1.2)."""
    *stops, after = walk

    assert [stop.number for stop in stops] == list(range(len(stops)))
    assert after.number in (-1, 0)


def test_focus_goes_down_the_page(walk: list[Stop]) -> None:
    """The focus goes down each column as the eye does: contents, text, notes (2.4.3)."""
    before_notes = [stop.region for stop in walk[:-1] if stop.region != "main"]
    assert [region for region, _ in itertools.groupby(before_notes)] in (
        ["", "contents", "notes"], ["", "contents"], ["", "notes"], [""])
    for before, stop in itertools.pairwise(walk[:-1]):
        if before.region == stop.region:
            assert stop.top >= before.top - 10, f"{before.name} to {stop.name}"


def test_focus_is_visible(walk: list[Stop]) -> None:
    """The focus has an outline of two pixels at 3:1, whole, nothing over it (2.4.7, 2.4.11)."""
    for stop in walk[:-1]:
        style, width, colour, around = stop.outline
        assert style == "solid", stop.name
        assert width >= 2, stop.name
        assert contrast(colour, around) >= 3, stop.name
        assert stop.seen, stop.name
        assert not stop.clipped, stop.name


# By pointer


def test_targets_are_large_enough_or_apart(chromium: Browser, built: Built) -> None:
    """What is pressed is 24 by 24 pixels, or stands in a line of text, or well apart (2.5.8)."""
    ask = """() => targets().filter(
      element => getComputedStyle(element).pointerEvents !== 'none').map(element => {
        let block = element;
        while (getComputedStyle(block).display.startsWith('inline')) block = block.parentElement;
        const others = [...block.querySelectorAll('a, button, summary')];
        const rest = others.reduce((text, other) => text.replace(other.textContent, ''),
                                   block.textContent);
        return {
          name: named(element), box: box(element.getBoundingClientRect()),
          native: element.localName === 'input',
          scrolls: element.matches('[role=region]'),
          inline: getComputedStyle(element).display === 'inline' && /\\p{L}/u.test(rest)};
      })"""
    for width in (320, TELEPHONE, 768, DESK):
        with opened(chromium, built.html, width) as page:
            targets = [target for target in page.evaluate(ask) if not target["scrolls"]]
        small = [target for target in targets if not _is_large(target["box"])]
        for target in small:
            assert (target["inline"] or target["native"]
                    or all(_is_apart(target, other, other in small)
                           for other in targets if other is not target)), (width, target["name"])


def _is_large(box: list[float]) -> bool:
    left, top, right, bottom = box
    return right - left >= 23.99 and bottom - top >= 23.99


def _is_apart(target: dict[str, Any], other: dict[str, Any], other_is_small: bool) -> bool:
    """Tell whether the circle of 24 pixels on a target keeps off another target, or its circle."""
    (x, y), (other_x, other_y) = _centre(target["box"]), _centre(other["box"])
    if other_is_small:
        return (x - other_x) ** 2 + (y - other_y) ** 2 >= 24 ** 2
    left, top, right, bottom = other["box"]
    nearest_x, nearest_y = min(max(x, left), right), min(max(y, top), bottom)
    return (x - nearest_x) ** 2 + (y - nearest_y) ** 2 >= 12 ** 2


def _centre(box: list[float]) -> tuple[float, float]:
    return (box[0] + box[2]) / 2, (box[1] + box[3]) / 2


def test_nothing_is_shown_by_pointing_alone() -> None:
    """Pointing at something changes its colour, its line or its ring at most (1.4.13)."""
    changed = {declaration.partition(":")[0].strip()
               for rule in re.findall(r":hover[^{}]*\{([^{}]*)\}", read_template("screen.css"))
               for declaration in rule.split(";") if declaration.strip()}

    assert changed
    assert changed <= {"color", "background", "text-decoration", "text-decoration-thickness"}


# In other colours


TEXTS = """() => {
  const found = [];
  for (const element of document.body.querySelectorAll('*')) {
    if (!element.checkVisibility() || element.closest('script, title, desc')) continue;
    const own = [...element.childNodes].some(node => node.nodeType === 3 && node.data.trim());
    for (const part of [own ? null : undefined, '::before', '::after', '::marker']) {
      if (part === undefined) continue;
      const style = getComputedStyle(element, part);
      if (part && ['none', 'normal', '""'].includes(style.content)) continue;
      const inDrawing = element.closest('svg') && !part;
      found.push([named(element) + (part ?? ''), inDrawing ? style.fill : style.color,
                  behind(element)]);
    }
  }
  return found;
}"""


@pytest.mark.parametrize(("scheme", "preference", "ratio"), [
    ("light", "no-preference", 4.5), ("dark", "no-preference", 4.5),
    ("light", "more", 7), ("dark", "more", 7)])
def test_all_text_has_contrast(
    chromium: Browser, built: Built, scheme: str, preference: str, ratio: float
) -> None:
    """Text, numbers of pages included, has 4.5:1, and 7:1 for who wants more (1.4.3, 1.4.6)."""
    with opened(chromium, built.html, DESK, color_scheme=scheme, contrast=preference) as page:
        texts = page.evaluate(TEXTS)

    assert texts
    assert [text for text in texts if contrast(text[1], text[2]) < ratio] == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_graphics_have_contrast(chromium: Browser, built: Built, scheme: str) -> None:
    """The lines under links and the lines of drawings have 3:1 (1.4.1, 1.4.11)."""
    with opened(chromium, built.html, DESK, color_scheme=scheme) as page:
        lines = page.evaluate("""() => [
          ...[...document.querySelectorAll('article :is(p, li, dd, td, .csl-entry) a')].filter(
            link => getComputedStyle(link).textDecorationLine === 'underline').map(
            link => [named(link), getComputedStyle(link).textDecorationColor, behind(link)]),
          ...[...document.querySelectorAll('svg *')].flatMap(part => ['fill', 'stroke'].map(
            name => [part.localName, getComputedStyle(part)[name], behind(part)])).filter(
            part => part[1].startsWith('rgb'))]""")

    assert [line for line in lines if contrast(line[1], line[2]) < 3] == []


def test_links_in_text_are_known_without_colour(chromium: Browser, built: Built) -> None:
    """A link among words is underlined; a raised number or ring by being one (1.4.1)."""
    with opened(chromium, built.html, DESK) as page:
        bare = page.evaluate("""() => [...document.querySelectorAll(
            'article :is(p, li, dd, td, .csl-entry) '
            + 'a:not(.number, .footnote-ref, .back, .mark)')].filter(
            link => getComputedStyle(link).textDecorationLine !== 'underline').map(named)""")

    assert bare == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_forced_colours_lose_nothing(chromium: Browser, built: Built, scheme: str) -> None:
    """In colours that the reader forces, text, links, drawings and focus keep their contrast."""
    with opened(chromium, built.html, DESK, color_scheme=scheme,
                forced_colors="active") as page:
        texts = page.evaluate(TEXTS)
        lines = page.evaluate("""() => [...document.querySelectorAll('svg *')].flatMap(
          part => ['fill', 'stroke'].map(name => [part.localName, getComputedStyle(part)[name],
                                                  behind(part)])).filter(
          part => part[1].startsWith('rgb'))""")
        page.keyboard.press("Tab")
        stop = Stop(**page.evaluate(STOP))
        page.goto(f"{built.html.as_uri()}#p1")
        target = page.evaluate("getComputedStyle(document.getElementById('p1')).outlineStyle")

    assert [text for text in texts if contrast(text[1], text[2]) < 4.5] == []
    assert [line for line in lines if contrast(line[1], line[2]) < 3] == []
    assert stop.outline[0] == "solid"
    assert contrast(*stop.outline[2:]) >= 3
    assert target == "dashed"


# Enlarged


SCROLLERS = """() => [...document.querySelectorAll('*')].filter(
  element => element.scrollWidth > element.clientWidth + 1
    && ['auto', 'scroll'].includes(getComputedStyle(element).overflowX)).map(
  element => [element.localName, element.tabIndex, element.getAttribute('role'),
              element.getAttribute('aria-label')])"""
# Elements with words that reach over an edge of the window, or are cut off by what holds them.
LOST = """() => [...document.querySelectorAll('main *')].filter(element => {
  if (!element.checkVisibility() || element.closest('.wide, pre, svg')) return false;
  const style = getComputedStyle(element);
  const cut = style.overflow === 'hidden' && !style.clipPath.startsWith('inset')
    && element.scrollHeight > element.clientHeight;
  const rect = element.getBoundingClientRect();
  return cut || rect.width && (rect.left < -0.5 || rect.right > innerWidth + 0.5);
}).map(named)"""


def test_page_reflows_at_four_hundred_per_cent(chromium: Browser, built: Built) -> None:
    """At 320 by 256 pixels only tables and code scroll sideways, by keyboard as well (1.4.10)."""
    with opened(chromium, built.html, 320, 256) as page:
        assert page.evaluate("document.documentElement.scrollWidth") <= 320
        assert page.evaluate(LOST) == []
        for name, tab, role, label in page.evaluate(SCROLLERS):
            assert name in ("div", "pre")
            assert (tab, role) == (0, "region")
            assert label


@pytest.mark.parametrize("width", [320, TELEPHONE, 768, 1280, DESK])
def test_text_spacing_loses_nothing(chromium: Browser, built: Built, width: int) -> None:
    """With the spacing of 1.4.12 no word is cut off and no note stands on another."""
    with opened(chromium, built.html, width) as page:
        page.add_style_tag(content="""* { line-height: 1.5 !important;
          letter-spacing: 0.12em !important; word-spacing: 0.16em !important; }
          p { margin-bottom: 2em !important; }""")
        page.wait_for_timeout(200)
        notes = page.evaluate("""() => [...document.querySelectorAll('.notes > ol > li')].map(
          note => box(note.getBoundingClientRect()))""")

        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert page.evaluate(LOST) == []
    for before, note in itertools.pairwise(notes):
        assert before[3] <= note[1] + 1


# At rest


def test_nothing_moves_for_who_wants_rest(chromium: Browser, essay: Built) -> None:
    """Nothing is animated, and who wants less motion is taken to a place at once (2.3.3)."""
    with opened(chromium, essay.html, DESK) as page:
        page.locator("a[href^='#']").nth(5).click()
        moving = page.evaluate("document.getAnimations().length")
        scrolling = page.evaluate("getComputedStyle(document.documentElement).scrollBehavior")

    assert moving == 0
    assert scrolling == "auto"


# On paper


def test_page_prints_whole(chromium: Browser, built: Built, tmp_path: Path) -> None:
    """Printed from a browser, the page has every word and note, and nothing to press."""
    tree = html.parse(str(built.html)).find(".//article")
    for extra in list(tree.iter("svg", "a", "ul")):
        if extra.tag == "svg" or extra.get("class") in ("files", "back", "number"):
            extra.drop_tree()
    with opened(chromium, built.html, DESK) as page:
        page.pdf(path=tmp_path / "printed.pdf", format="A5", prefer_css_page_size=False)
    printed = pypdfium2.PdfDocument(tmp_path / "printed.pdf")
    text = words("".join(validators.pdf_text(tmp_path / "printed.pdf")))

    for block in tree.iter("p", "h1", "h2", "dt", "pre", "td"):
        said = words(block.text_content())
        assert said[:30] in text, said
        assert said[-30:] in text, said
    assert words("Skip to the text") not in text
    assert "CITATIONcff" not in text
    for sheet in printed:
        letters = sheet.get_textpage()
        for number in range(letters.count_rects()):
            left, bottom, right, top = letters.get_rect(number)
            assert left >= 0 and right <= sheet.get_width()
            assert bottom >= 0 and top <= sheet.get_height()


# For who listens


def test_page_says_what_it_is(built: Built) -> None:
    """The page has the title and the language of the essay, and one heading 1 (2.4.2, 3.1.1)."""
    page = html.parse(str(built.html)).getroot()
    heading, = page.findall(".//h1")
    source = (built.project / "manuscript" / "essay.md").read_text(encoding="utf-8")

    assert page.get("lang") == re.search(r"^lang: (\S+)", source, re.M)[1]
    assert page.findtext(".//title") == " ".join(heading.text_content().split())
