"""Sets the pages of an HTML page with WeasyPrint, and after a change only those that it reaches.

WeasyPrint forgets everything between two runs. Here the boxes of the text and the pages made of
them are kept: the blocks that have changed get new boxes, the pages they stand on are made
again, and so are those after them, until one begins where it began before. The outcome is the
same as if all pages had been set anew; where a style sheet keeps it from being so, they are.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any, NamedTuple

from .blocks import CONTAINERS, find_changes, is_local
from .layout import instead, text_block, walk
from .noteroom import NoteRoom
from .tree import parents_of

# How often a page is set again before it is left as it is.
MOST_TRIES = 8


class Rule(NamedTuple):
    """What must be so for a page to end sooner: a property of one of its blocks."""

    block: Any
    name: str
    value: int | str


@dataclass
class SetPage:
    """A page as WeasyPrint has made it, and what it leaves for those after it."""

    box: Any
    waiting: list[Any]  # notes that it has no room for
    parts: list[Any] = field(init=False)  # its text and notes, before running heads are added
    is_sound: bool = False
    is_taken: bool = False

    def __post_init__(self) -> None:
        self.parts = list(self.box.children)

    @property
    def _page_box(self) -> Any:  # as WeasyPrint's own pages have it
        return self.box


class _GoalReachedError(Exception):
    """The page that was asked for has been set."""

    def __init__(self, number: int) -> None:
        self.number = number


class Setting:
    """An HTML page for paper, and its printed pages.

    `mend` looks at a page and the one after it, if there is one, and returns the rule by which
    the first must be set again, or None where it is as it should be.
    """

    def __init__(self, html: str, mend: Callable[[Any, Any], Rule | None]) -> None:
        import weasyprint
        from weasyprint.text.fonts import FontConfiguration

        self._head, self._mend = _head(html), mend
        # All that is needed is in the page itself, as data; nothing else is ever read.
        fetcher = weasyprint.urls.URLFetcher(allowed_protocols={"data"})
        self._html = weasyprint.HTML(string=html, url_fetcher=fetcher)
        self._fonts, self._room = FontConfiguration(), NoteRoom()
        self._goal: Any = None  # the element after which no page needs to be set
        self.document: Any = None
        self.forget()

    def forget(self) -> None:
        """Keep nothing of what has been set: all of the text will be set anew."""
        self._context: Any = None
        self._root: Any = None
        self._notes: list[Any] = []
        self._pages: list[SetPage] = []
        self._rules: dict[int, list[tuple[Any, Any]]] = {}  # by page: boxes, and their old style

    @property
    def root(self) -> Any:
        """The root element of the HTML page, of xml.etree."""
        return self._html.etree_element

    def set_pages(self) -> Any:
        """Set all pages that are not as the text is; return WeasyPrint's document of all pages."""
        with self._instead_of_starting_anew():
            self.document = self._html.render(font_config=self._fonts)
        return self.document

    def set_up_to(self, element: Any) -> list[Any]:
        """Set pages up to that of `element`, whose block is new, and leave those after it.

        Returns these pages; the document stays as it was.
        """
        self._goal = element
        try:
            self.set_pages()
        except _GoalReachedError as reached:
            return self._pages[:reached.number]
        finally:
            self._goal = None
        return list(self._pages)

    def take_pages(self) -> Iterator[tuple[int, Any]]:
        """Yield the pages of the document that have not been taken yet, with their numbers."""
        for number, (page, known) in enumerate(
                zip(self.document.pages, self._pages, strict=True), 1):
            if not known.is_taken:
                known.is_taken = True
                yield number, page

    def _accepts(self, html: str) -> bool:
        """Tell whether some blocks of `html` may be put in the place of those that are here.

        They may not where the style sheet, or anything but the text, is another, nor where a
        style sheet counts blocks.
        """
        return _head(html) == self._head and is_local(self._head) and bool(self._context)

    def update(self, html: str) -> bool:
        """Put the blocks in which `html` differs into the page; tell whether that can be done.

        Where it cannot, all that has been set is forgotten.
        """
        import weasyprint

        if self._accepts(html):
            new = weasyprint.HTML(string="<!DOCTYPE html>" + html[len(self._head):]).etree_element
            changes = list(find_changes(self.root.find("body"), new.find("body")))
            if all(self._replace(*change) for change in changes) and self._has_own_names():
                return True
        self.forget()
        return False

    def _has_own_names(self) -> bool:
        """Tell whether no two elements have one name, of which a first setting would warn."""
        names = [element.get("id") for element in self.root.iter() if element.get("id")]
        return len(names) == len(set(names))

    def renew(self, elements: Iterable[Any]) -> None:
        """Make new boxes for the blocks round `elements`, whose content has been changed."""
        parents = parents_of(self.root)
        blocks = []
        for element in elements:
            while parents[element].tag not in CONTAINERS:
                element = parents[element]
            blocks.append(element)
        for block in dict.fromkeys(blocks) if self._context else ():
            parent = parents[block]
            place = list(parent).index(block)
            start = place if self._has_box(block) else max(place - 1, 0)
            if not self._replace(parent, start, place + 1, list(parent[start:place + 1])):
                self.forget()
                return

    # Boxes.

    def _has_box(self, element: Any) -> bool:
        return any(box.element is element for box in walk(self._root))

    def _replace(self, parent: Any, start: int, end: int, new: list[Any]) -> bool:
        """Put `new` elements in the place of some children of `parent`; their pages are marked.

        Returns False where these have no boxes, or pages, of their own.
        """
        from weasyprint.formatting_structure.boxes import BlockLevelBox

        old = parent[start:end]
        gone = {inner for element in old for inner in element.iter()}
        parent[start:end] = new
        holder = next((box for box in walk(self._root)
                       if box.element is parent and box.element_tag == parent.tag), None)
        if holder is None or any(box.element is parent and "::" not in box.element_tag
                                 for box in holder.children):
            return False
        self._style(new, gone)
        notes: list[Any] = []
        boxes = [box for element in new for box in self._make_boxes(element, notes)]
        if not all(isinstance(box, BlockLevelBox) for box in boxes):
            return False
        self._notes = [note for note in self._notes if note.element not in gone] + notes
        before = {*parent[:start]}
        place = max((number for number, box in enumerate(holder.children, 1)
                     if box.element in before), default=0)
        kept = [box for box in holder.children if box.element not in gone]
        holder.children = [*kept[:place], *boxes, *kept[place:]]
        return self._mark_pages(gone)

    def _style(self, new: list[Any], gone: set[Any]) -> None:
        """Compute the style of `new` elements of the tree; drop that of those `gone`."""
        from cssselect2 import ElementWrapper  # type: ignore[import-untyped]
        from weasyprint.css import StyleFor

        known = self._context.style_for
        parents = parents_of(self.root)
        within = {inner for element in new for inner in element.iter()}
        wanted = set(within)
        element = new[0] if new else None
        while element is not None:
            wanted.add(element)
            element = parents.get(element)
        wrapper = ElementWrapper.from_html_root(self.root, content_language=None)
        part = SimpleNamespace(
            etree_element=self.root, base_url=self._html.base_url,
            wrapper_element=SimpleNamespace(iter_subtree=lambda: (
                inner for inner in wrapper.iter_subtree() if inner.etree_element in wanted)))
        styles = StyleFor(part, known._sheets, False, self._fonts, None)
        styles.initial_page_sizes.update(known.initial_page_sizes)
        computed = known.get_computed_styles()
        for key in [key for key in computed if key[0] in gone]:
            del computed[key]
        computed.update((key, style) for key, style in styles.get_computed_styles().items()
                        if key[0] in within)

    def _make_boxes(self, element: Any, notes: list[Any]) -> list[Any]:
        """Return the boxes of a block; those of its notes are added to `notes`."""
        from weasyprint.formatting_structure import build

        context = self._context
        boxes = build.element_to_box(
            element, context.style_for, context.get_image_from_uri, self._html.base_url,
            context.target_collector, context.counter_style, notes)
        context.target_collector.check_pending_targets()
        for box in boxes:
            box.process_whitespace()
            box.process_text_transform()
        return [build.create_anonymous_boxes(box) for box in boxes]

    # Pages.

    def _mark_pages(self, elements: set[Any]) -> bool:
        """Have the pages made again on which `elements` stand, and those before them.

        What stands at the beginning of a page may now fit on the one before. Returns False
        where no page is to be made again, because none has any of them.
        """
        for number, page in enumerate(self._pages, 1):
            if any(box.element in elements for box in walk(page.box)):
                self._mark(number - 1, number)
        return any(state["content_changed"] for *_, state in self._context.page_maker)

    def _mark(self, *numbers: int) -> None:
        """Have pages made again, whatever WeasyPrint thinks of them."""
        for number in numbers:
            if 1 <= number <= len(self._context.page_maker):
                self._context.page_maker[number - 1][-1]["content_changed"] = True

    @contextmanager
    def _instead_of_starting_anew(self) -> Iterator[None]:
        """Let WeasyPrint go on with the boxes and pages that it has made before."""
        from weasyprint import document, layout

        make = layout.make_all_pages

        def make_all_pages(context: Any, root: Any, html: Any, _: Any) -> list[Any]:
            if self._context is None:
                self._context, self._root = context, root
                self._notes = list(context.footnotes)
            return self._make_pages(make)

        with instead(layout, make_all_pages=make_all_pages,
                     block_level_layout=self._room.set_notes):
            if self._context is None:
                yield
                return
            with (instead(document.Document, _build_layout_context=lambda *_: self._context),
                  instead(document, build_formatting_structure=lambda *_: self._root),
                  instead(layout, initialize_page_maker=lambda *_: None)):
                yield

    def _make_pages(self, make: Callable[..., Iterator[Any]]) -> list[Any]:
        """Return the boxes of all pages, with those made again that must be."""
        self._context.string_set.clear()
        self._drop_rules()
        tries: Counter[int] = Counter()
        while self._make_up_to_fault(make, tries):
            pass
        for page in self._pages:
            page.box.children = list(page.parts)
        return [page.box for page in self._pages]

    def _drop_rules(self) -> None:
        """Take away the rules of pages that are to be made again, and of those after them."""
        marked = [number for number, (*_, state) in enumerate(self._context.page_maker, 1)
                  if state["content_changed"]]
        for number in [number for number in self._rules if marked and number >= marked[0]]:
            for box, style in reversed(self._rules.pop(number)):
                box.style = style

    def _make_up_to_fault(
        self, make: Callable[..., Iterator[Any]], tries: Counter[int]
    ) -> bool:
        """Make pages again up to the first that must be set by another rule; tell if there is one.

        Where there is none, the pages are as they should be.
        """
        context = self._context
        context.footnotes, context.reported_footnotes = list(self._notes), []
        context.broken_out_of_flow.clear()
        self._mark(*range(len(self._pages) + 1, len(context.page_maker) + 1))
        self._mark(*(number for number, page in enumerate(self._pages, 1)
                     if page.waiting and context.page_maker[number][0] is None))
        number, boxes = 0, [page.box for page in self._pages]
        for number, box in enumerate(make(context, self._root, self._html, boxes), 1):
            if number <= len(boxes) and box is boxes[number - 1]:
                context.reported_footnotes = list(self._pages[number - 1].waiting)
            else:
                self._put(number, SetPage(box, list(context.reported_footnotes)))
            if number > 1 and self._needs_rule(number - 1, tries):
                return True
            self._look_for_goal(number - 1, boxes)
        del self._pages[number:]
        # WeasyPrint would begin once more for the page that would come after the last.
        context.page_maker[number][-1]["content_changed"] = False
        return self._needs_rule(number, tries)

    def _look_for_goal(self, number: int, before: list[Any]) -> None:
        """Stop where page `number` is new since `before` and has the element that is the goal.

        Raises _GoalReachedError.
        """
        if self._goal is None or not number:
            return
        page = self._pages[number - 1]
        if page.box not in before[number - 1:number] and any(
                box.element is self._goal for box in walk(text_block(page))):
            raise _GoalReachedError(number)

    def _put(self, number: int, page: SetPage) -> None:
        """Put a page in its place; the next is made again if other notes now wait for it."""
        if number > len(self._pages):
            self._pages.append(page)
            self._mark(*[number + 1] if page.waiting else [])
            return
        if page.waiting != self._pages[number - 1].waiting or number == len(self._pages):
            self._mark(number + 1)
        self._pages[number - 1] = page

    def _needs_rule(self, number: int, tries: Counter[int]) -> bool:
        """Look at a page; tell whether it must be made again by a rule, which it has got."""
        page = self._pages[number - 1]
        following = self._pages[number] if number < len(self._pages) else None
        rule = None if page.is_sound or tries[number] >= MOST_TRIES else (
            self._mend(page, following))
        page.is_sound = not (rule and self._give(number, rule))
        if page.is_sound:
            return False
        tries[number] += 1
        self._mark(number, number + 1)
        return True

    def _give(self, number: int, rule: Rule) -> bool:
        """Give a block the property that page `number` needs; tell whether that is new."""
        block, name, value = rule
        box = next((box for box in walk(self._root)
                    if box.element is block.element and box.style is block.style), None)
        if box is None or box.style[name] == value:
            return False
        self._rules.setdefault(number, []).append((box, box.style))
        box.style = box.style.copy()  # elements that are alike share theirs
        box.style[name] = value
        return True


def _head(html: str) -> str:
    """Return what comes before the content of the body of an HTML page."""
    return html[:html.index(">", html.index("<body")) + 1]
