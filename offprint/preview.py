"""Shows a publication in the browser while it is written, and builds it again on every save.

A save is shown in steps, each sooner than the next. Where only some blocks are new, these are
converted alone and shown at once (`excerpt`), and the pages that they are on a moment later
(`proof`). Then the whole text is checked and shown, its pages marked where the last ones began.
Then the pages are set: page marks and PDF are right, and only now is anything written to output/.
A newer save ends the setting of pages.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import errno
import gc
import hashlib
import logging
import socket
import sys
import time
import traceback
import webbrowser
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from lxml import etree

from .body import Body
from .command import Build, Command, Options, Report
from .edition import Edition
from .excerpt import find_excerpt, find_selector, render_excerpt
from .fonts import Cut
from .manuscript import read_manuscript
from .pages import PageMap, carry_page_map, stream_of
from .problems import Problem, ProblemsFoundError, ToolError
from .progress import PAGE, PAGES, Progress, listening
from .project import PROGRAM, TEMPLATES, Project
from .proof import Print, print_proof, put_excerpt
from .templating import forget_words
from .tree import outer_html
from .web import Record, render_web

if TYPE_CHECKING:
    from .server import Stage

PORT = 8000
# Milliseconds: how long other files of the same save may take, and how often folders are sought.
STEP, PATIENCE = 20, 1000
# Pages are a million objects that stay: garbage is looked for when nobody has saved for so many
# seconds, and otherwise only where there is very much.
IDLE, OBJECTS_BEFORE_CLEANING = 2, 5_000_000


# What is shown of an edition before its pages are set: its text, and the fonts for it.
Shown: TypeAlias = tuple[Edition, Body, tuple[Cut, ...]]


class SupersededError(Exception):
    """The publication has been saved again since this build began."""


class Preview:
    """Builds a publication again and again, and keeps what one build leaves for the next.

    Builds run in a thread, one at a time; what they find is shown on `stage`, in the event loop.
    """

    def __init__(self, options: Options, build: Build, stage: Stage, quiet: bool = False) -> None:
        self.options = replace(options, targets=("pdf", "html"), on_words=self._show_words,
                               progress=Progress(False, options.progress.verbose))
        self.build = build
        self.stage = stage
        self.quiet = quiet
        self.loop = asyncio.get_running_loop()
        self.saved = asyncio.Event()
        self.saves = self.building = 0
        self.began = 0.0
        self.shown: Shown | None = None
        self.page = ""  # the version in which that is shown
        self.pages: tuple[PageMap, str] | None = None  # with the stream that it belongs to
        self.printed: Print | None = None
        self.excerpts = ThreadPoolExecutor(1)
        self.proof: Future[Shown | None] | None = None  # the text with an excerpt in its place
        self.problems: tuple[str, ...] = ()
        self.found_late = self.is_late = False  # while pages were set, with the words all right

    async def follow(self) -> None:
        """Wait for saves: show what can be shown at once, and ask for a build."""
        from watchfiles import awatch

        while True:
            folders = _folders(self.options.project)
            if not folders:
                await asyncio.sleep(PATIENCE / 1000)
                continue
            self._take(set())
            with contextlib.suppress(FileNotFoundError):  # one of them has gone just now
                async for changes in awatch(*(path for path, _ in folders), step=STEP,
                                            rust_timeout=PATIENCE, yield_on_timeout=True):
                    if changes:
                        self._take({Path(name) for _, name in changes})
                    if folders != _folders(self.options.project):
                        break  # one of them is new, or gone: look at those that are there now

    def _take(self, files: set[Path]) -> None:
        if any(file.is_relative_to(TEMPLATES) for file in files):
            forget_words()
        self.proof = None
        if files == {self.options.project.essay} and self.shown:
            self.proof = self.excerpts.submit(self._show_excerpt, self.shown, self.page)
        self.saves += 1
        self.saved.set()

    async def run(self) -> None:
        """Build whenever something has been saved; no mistake ends this."""
        while True:
            await self.saved.wait()
            self.saved.clear()
            self.building, self.began, self.is_late = self.saves, time.perf_counter(), False
            self.stage.change(work="Reading …")
            news = await asyncio.to_thread(self._build_once)
            self.stage.change(work="", **news)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self.saved.wait(), IDLE)
                continue
            await asyncio.to_thread(gc.collect)

    def _build_once(self) -> dict[str, Any]:
        """Build, and return what has changed on the stage."""
        try:
            with _stopping_when(lambda: self.saves != self.building):
                self._show_proof()
                report = self.build(self.options)
            self.options = replace(self.options, setting=report.setting)
            return self._take_pages(report)
        except SupersededError:
            return {}  # what pages were set can be used by the next build
        except ProblemsFoundError as error:
            return self._fail([str(problem) for problem in error.problems])
        except (ToolError, OSError) as error:
            return self._fail([f"{PROGRAM}: {error}"])
        except Exception as error:
            # Whatever it is, the author goes on writing; the traceback is for the press.
            if self.options.progress.verbose:
                traceback.print_exc()
            return self._fail([f"{PROGRAM}: the press failed: {type(error).__name__}: {error}"])

    def _fail(self, problems: list[str]) -> dict[str, Any]:
        """Return `problems` as news."""
        if self.is_late:  # what WeasyPrint has warned of is to be said again next time
            self.options = replace(self.options, setting=None)
        return self._report(problems)

    def _report(self, problems: list[str]) -> dict[str, Any]:
        """Return `problems` as news, and print them where they are."""
        if tuple(problems) != self.problems:
            print("\n".join(problems) or "All is well again.", file=sys.stderr, flush=True)
        self.problems, self.found_late = tuple(problems), self.is_late
        return {"problems": self.problems}

    def _show_words(
        self, edition: Edition, body: Body, cuts: tuple[Cut, ...], record: Record
    ) -> None:
        """Show the new text before its pages are set, marked where they will about begin."""
        pages = self.pages and carry_page_map(*self.pages, stream_of(body.article))
        page = render_web(edition, body, cuts, pages, record).encode()
        self.shown, self.page, self.is_late = (edition, body, cuts), digest(page), True
        # What was wrong with the pages may still be so.
        news = {} if self.found_late else self._report([])
        self._log("words", 0)
        self.loop.call_soon_threadsafe(self._show_page, page, {
            "work": "Setting the pages …", **news})

    def _show_page(self, page: bytes, news: dict[str, Any]) -> None:
        self.stage.page = page
        self.stage.change(html=digest(page), words=self.stage.state.words + 1, **news)

    def _take_pages(self, report: Report) -> dict[str, Any]:
        """Keep the finished pages for the next build, and return what has been written as news."""
        news = self._report([report.missing] if report.missing else [])
        for path in report.written:
            data = path.read_bytes()
            if path.suffix == ".html":
                self.page = news["html"] = digest(data)
                self.loop.call_soon_threadsafe(setattr, self.stage, "page", data)
            elif report.setting:
                printed = Print.of(data, report.setting.document)
                if not self.printed or printed.pages != self.printed.pages:
                    news["pdf"] = digest(data)  # otherwise these pages are shown already
                self.printed = printed
                self.loop.call_soon_threadsafe(setattr, self.stage, "paper", data)
        if self.shown and report.page_map:
            self.pages = report.page_map, stream_of(self.shown[1].article)
            self._log("pages", len(report.page_map.starts))
        return news

    def _show_excerpt(self, known: Shown, page: str) -> Shown | None:
        """Show the blocks that are new since `known`, shown as `page`, where nothing else is.

        Returns the text with these blocks, as far as it can be known yet.
        """
        edition, body, cuts = known
        with contextlib.suppress(OSError, ProblemsFoundError, ToolError, etree.XMLSyntaxError):
            manuscript = read_manuscript(self.options.project)
            excerpt = find_excerpt(edition.manuscript.body, manuscript.body)
            shown = excerpt and render_excerpt(edition, body, excerpt)
            if shown:
                old, new = shown
                self.loop.call_soon_threadsafe(
                    self.stage.show_excerpt, page, list(map(find_selector, old)),
                    list(map(outer_html, new)))
                proved = put_excerpt(body, old, new)
                return (edition, proved, cuts) if proved else None
        return None

    def _show_proof(self) -> None:
        """Show the printed pages with new blocks, where these are all that is new."""
        proof = self.proof
        if not (proof and self.printed and self.options.setting):
            return
        try:
            known = proof.result()
            printed = known and print_proof(*known, self.options.setting, self.printed)
        except SupersededError:
            raise
        except Exception:
            # The build begins anew, and will say what is wrong.
            self.options = replace(self.options, setting=None)
            return
        if printed and printed != self.printed:
            self.printed = printed
            self._log("proof", 0)
            self.loop.call_soon_threadsafe(self._show_paper, printed.pdf)

    def _show_paper(self, pdf: bytes) -> None:
        self.stage.paper = pdf
        self.stage.change(pdf=digest(pdf))

    def _log(self, what: str, count: int) -> None:
        if not self.quiet:
            words = f"{count} {what}" if count else what
            print(f"{time.perf_counter() - self.began:6.2f} s  {words}", file=sys.stderr,
                  flush=True)


def digest(data: bytes) -> str:
    """Return a name for a version of a file."""
    return hashlib.sha256(data).hexdigest()[:12]


@contextlib.contextmanager
def _stopping_when(is_stale: Callable[[], bool]) -> Iterator[None]:
    """Raise SupersededError at the next page that is set once `is_stale` says so."""
    def stop(record: logging.LogRecord) -> None:
        if PAGE.search(record.getMessage()) and is_stale():
            raise SupersededError

    with listening(PAGES, stop):
        yield


def _folders(project: Project) -> list[tuple[Path, int]]:
    """Return the folders to watch, and which they are: one made anew is another."""
    folders = (project.manuscript, project.references.parent, project.templates, TEMPLATES)
    return [(folder, folder.stat().st_ino) for folder in folders if folder and folder.is_dir()]


def watch(options: Options, build: Build, given: argparse.Namespace) -> Report:
    """Serve the preview until it is stopped.

    Raises ProblemsFoundError where there is no publication, ToolError where the port is taken.
    """
    root = options.project.root
    if not root.is_dir():
        raise ProblemsFoundError([Problem(str(root), 0, "there is no such folder",
                                          "name that of a publication: --project DIR")])
    gc.set_threshold(OBJECTS_BEFORE_CLEANING)
    with _listen(given.port) as listening, contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_serve(options, build, given, listening))
    return Report([], [])


def _listen(port: int | None) -> socket.socket:
    """Return a socket at `port` of the loopback address; at a free one unless it is named."""
    from .server import HOST

    for attempt in (PORT, 0) if port is None else (port,):
        listening = socket.socket()
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listening.bind((HOST, attempt))
            listening.listen()
        except OSError as error:
            listening.close()
            why = "is in use" if error.errno == errno.EADDRINUSE else (
                f"cannot be used: {error.strerror}")
            continue
        return listening
    raise ToolError(f"port {attempt} {why}; name another with --port, or none")


async def _serve(
    options: Options, build: Build, given: argparse.Namespace, listening: socket.socket
) -> None:
    from .server import HOST, Stage, make_server

    stage = Stage(options.project.output, options.project.root.name)
    preview = Preview(options, build, stage, given.quiet)
    address = f"http://{HOST}:{listening.getsockname()[1]}/"
    print(f"{address}   (Ctrl-C ends)", flush=True)
    if not given.no_open:
        asyncio.get_running_loop().run_in_executor(None, webbrowser.open, address)
    tasks = [asyncio.create_task(preview.follow()), asyncio.create_task(preview.run())]
    try:
        await make_server(stage).serve(sockets=[listening])
    finally:
        preview.saves += 1  # what is being built is no longer wanted
        for task in tasks:
            task.cancel()


def _port(word: str) -> int:
    """Return the number of a port."""
    if not word.isdecimal() or int(word) > 65535:
        raise argparse.ArgumentTypeError(f'"{word}" is not a port; name one such as {PORT}')
    return int(word)


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--port", type=_port, metavar="N",
                        help=f"serve at this port (default: {PORT}, or one that is free)")
    parser.add_argument("--no-open", action="store_true", help="do not open the browser")


WATCH = Command(
    "watch", "show the essay in the browser, and build it again on every save", watch,
    "build.py watch   write in your editor, read beside it", _add_arguments)
