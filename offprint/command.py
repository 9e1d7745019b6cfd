"""The command line: what is asked for, how progress and problems are shown, the exit code."""

from __future__ import annotations

import argparse
import io
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from . import __version__
from .problems import Problem, ProblemsFoundError, ToolError, suggestion
from .project import PRESS, Project

EDITIONS = ("pdf", "epub", "html")
TARGETS = (*EDITIONS, "deposit")
COMMANDS = ("check", "info", "test")

BUILT, PROBLEMS, USAGE, TOOL = 0, 1, 2, 3

DESCRIPTION = """\
Prints manuscript/essay.md with the sources in bibliography/references.bib as
one edition in three forms: PDF, EPUB and HTML. Names of editions build only these;
no name builds all."""

EXAMPLES = """\
commands:
  pdf, epub, html   build these editions into output/
  deposit           the files that archives and registries ask for: JATS, DataCite, Zenodo …
  check             report the problems of text and sources, build nothing
  info              versions of the tools, and how to install what is missing
  test              run the tests of the press (the rest of the line goes to pytest)

examples:
  python3 build.py                       every edition, into output/
  python3 build.py html --draft          the HTML page, marked as a draft
  python3 build.py check --project DIR   problems of the publication in DIR

exit codes: 0 built; 1 problems in text, bibliography or corrections;
            2 wrong command line; 3 a tool is missing or failed"""


class Progress:
    """Shows the step at work on a terminal, and nothing where nobody watches."""

    def __init__(self, shown: bool, verbose: bool) -> None:
        self.shown = shown
        self.verbose = verbose

    @contextmanager
    def step(self, words: str) -> Iterator[None]:
        """Show `words` while the block runs; with --verbose, also how long it took."""
        began = time.perf_counter()
        if self.shown:
            from rich.console import Console

            with Console(stderr=True).status(words):
                yield
        else:
            yield
        if self.verbose:
            print(f"{time.perf_counter() - began:6.2f} s  {words}", file=sys.stderr)


@dataclass(frozen=True)
class Options:
    """What the command line asks for."""

    project: Project
    targets: tuple[str, ...] = ()
    check_only: bool = False
    draft: bool = False
    progress: Progress = field(default_factory=lambda: Progress(False, False))


    def wants(self, target: str) -> bool:
        """Tell whether `target` is to be built: it is named, or nothing is."""
        return target in self.targets or (not self.targets and target in EDITIONS)


@dataclass(frozen=True)
class Report:
    """What a build wrote, what is worth knowing, and which tool it had to do without."""

    written: list[Path]
    notes: list[Problem]
    missing: str = ""


def main(build: Callable[[Options], Report], arguments: Sequence[str] | None = None) -> int:
    """Carry out the command line with the function that builds; return the exit code."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    words = list(sys.argv[1:] if arguments is None else arguments)
    if words[:1] == ["test"]:
        return run_tests(words[1:])
    given = _parse(words)
    if given.what == ["info"]:
        return show_info()
    progress = Progress(sys.stderr.isatty() and not given.quiet, given.verbose)
    root = Path(given.project).resolve()
    options = Options(
        Project(root, Path(given.output).resolve() if given.output else root / "output"),
        tuple(name for name in TARGETS if name in given.what),
        "check" in given.what, given.draft, progress)
    return _report(build, options, given.quiet)


def _report(build: Callable[[Options], Report], options: Options, quiet: bool) -> int:
    try:
        report = build(options)
    except ProblemsFoundError as error:
        show_problems(error.problems)
        return PROBLEMS
    except ToolError as error:
        print(f"build.py: {error}", file=sys.stderr)
        return TOOL
    except RecursionError:
        print("build.py: the text is nested too deeply to be printed", file=sys.stderr)
        return PROBLEMS
    except OSError as error:
        print(f"build.py: {error.filename or 'a file'}: {error.strerror or error}; "
              "check the place and its permissions", file=sys.stderr)
        return TOOL
    except KeyboardInterrupt:
        print("build.py: stopped; the last output is as it was", file=sys.stderr)
        return TOOL
    if not quiet:
        show_problems(report.notes)
        for path in report.written:
            print(_short(path))
    if report.missing:
        print(f"build.py: {report.missing}", file=sys.stderr)
        return TOOL
    return BUILT


def show_problems(problems: Sequence[Problem]) -> None:
    """Print problems, and how many there are where there are several, to standard error."""
    for problem in problems:
        print(problem, file=sys.stderr)
    grave = sum(not problem.note for problem in problems)
    if grave > 1:
        print(f"{grave} problems; nothing was built", file=sys.stderr)


def show_info() -> int:
    """Print the version of everything that shapes an edition, and what is missing."""
    from . import info

    lines, complete = info.describe()
    print("\n".join(lines))
    return BUILT if complete else TOOL


def run_tests(arguments: Sequence[str]) -> int:
    """Run the tests of the press; `arguments` go to pytest."""
    command = [sys.executable, "-m", "pytest", *arguments]
    return subprocess.run(command, cwd=PRESS, check=False).returncode


def _parse(words: Sequence[str]) -> argparse.Namespace:
    """Return the command line as parsed; exit with code 2 where it makes no sense."""
    parser = _parser()
    given = parser.parse_args(words)
    for name in given.what:
        if name not in (*TARGETS, *COMMANDS):
            remedy = suggestion(name, (*TARGETS, *COMMANDS))
            parser.error(f'there is no "{name}"' + (f"; {remedy}" if remedy else
                         "; known are " + ", ".join((*TARGETS, *COMMANDS))))
        if name in COMMANDS and len(given.what) > 1:
            parser.error(f'"{name}" stands alone')
        if name == "test":
            parser.error('"test" comes first: python3 build.py test')
    return given


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="build.py", description=DESCRIPTION, epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", nargs="*", metavar="WHAT",
                        help="pdf, epub, html, deposit, check, info or test "
                             "(default: all editions and the files that cite them)")
    parser.add_argument("--project", default=os.fspath(PRESS), metavar="DIR",
                        help="the publication to print (default: the folder of build.py)")
    parser.add_argument("--output", metavar="DIR",
                        help="where the editions go (default: output/ in the publication)")
    parser.add_argument("--draft", action="store_true",
                        help="mark every copy as a draft")
    parser.add_argument("--quiet", action="store_true",
                        help="print problems only")
    parser.add_argument("--verbose", action="store_true",
                        help="say how long each step took")
    parser.add_argument("--version", action="version", version=f"Offprint {__version__}")
    return parser


def _short(path: Path) -> str:
    """Return `path` as seen from the current folder, where it lies below it."""
    try:
        return str(path.relative_to(Path.cwd()))
    except ValueError:
        return str(path)
