"""The command line: what is asked for, how progress and problems are shown, the exit code."""

from __future__ import annotations

import argparse
import io
import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from . import __version__
from .problems import Problem, ProblemsFoundError, ToolError, UsageError, suggestion
from .progress import TOOLS, Progress, showing_tools_words
from .project import CALL, INSTALLED, PRESS, PROGRAM, Project, path_from_here

if TYPE_CHECKING:
    from .pages import PageMap
    from .setting import Setting

EDITIONS = ("pdf", "epub", "html")
# What can be built by name, and what each is.
TARGETS = {
    "pdf": "the edition for paper", "epub": "the e-book", "html": "the page for the web",
    "booklet": "sheets to fold and staple, for A4 and Letter",
    "handout": "two pages a side, for A4 and Letter",
    "large-print": "one page a sheet, in 16 points or more, for A4 and Letter",
    "deposit": "the files that archives and registries ask for: JATS, DataCite, Zenodo …"}

THICKNESS = 0.1  # of a leaf of ordinary paper, 80 g/m², in millimetres

BUILT, PROBLEMS, USAGE, TOOL = 0, 1, 2, 3
CLOSED = 141  # what a shell reports of a program whose reader has gone

TESTS = {} if INSTALLED else {
    "test": "run the tests of the press (the rest of the line goes to pytest)"}

DESCRIPTION = """\
Prints manuscript/essay.md with the sources in bibliography/references.bib as
one edition in three forms: PDF, EPUB and HTML. Names of targets build only these;
no name builds all editions."""

EXIT_CODES = """\
exit codes: 0 built; 1 problems in text, bibliography or corrections;
            2 wrong command line; 3 a tool is missing or failed"""


@dataclass(frozen=True)
class Options:
    """What the command line asks for."""

    project: Project
    targets: tuple[str, ...] = ()
    check_only: bool = False
    draft: bool = False
    complete: bool = False  # without targets, the files for archives too: all of a release
    thickness: float = THICKNESS
    # What is told of the words as soon as they are ready: edition, body, cuts, record.
    on_words: Callable[..., None] | None = None
    setting: Setting | None = None  # of the last build: what it set need not be set again
    progress: Progress = field(default_factory=lambda: Progress(False, False))

    def wants(self, target: str) -> bool:
        """Tell whether `target` is to be built: it is named, or nothing is."""
        if self.targets:
            return target in self.targets
        return target in EDITIONS or (self.complete and target == "deposit")


@dataclass(frozen=True)
class Report:
    """What a build wrote, what is worth knowing, which tool it had to do without, the pages.

    A problem among the notes that is more than a note makes the exit code 1, although files
    were written.
    """

    written: list[Path]
    notes: list[Problem]
    missing: str = ""
    page_map: PageMap | None = None
    setting: Setting | None = None
    checks: tuple[str, ...] = ()  # what was looked at, and found right


Build: TypeAlias = Callable[[Options], Report]


@dataclass(frozen=True)
class Command:
    """A word of the command line that is not a target: what it does, and with what.

    `run` gets the options, the function that builds, and the command's own arguments as they
    were parsed; it may raise whatever a build may raise. `example` is a command line with a
    remark; it begins with "build.py", for which the name of an installed press is put.
    """

    name: str
    help: str
    run: Callable[[Options, Build, argparse.Namespace], Report]
    example: str
    add_arguments: Callable[[argparse.ArgumentParser], None] = lambda parser: None


def main(
    build: Build, commands: Sequence[Command], arguments: Sequence[str] | None = None
) -> int:
    """Carry out the command line with the function that builds; return the exit code.

    What is asked for is one of `commands`, or targets to build.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    words = list(sys.argv[1:] if arguments is None else arguments)
    known = {command.name: command for command in commands}
    if words[:1] == ["test"] and TESTS:
        return run_tests(words[1:])
    command, given = _parse(words, known)
    progress = Progress(sys.stderr.isatty() and not given.quiet, given.verbose)
    root = Path(given.project).resolve()
    options = Options(
        Project(root, Path(given.output).resolve() if given.output else root / "output"),
        tuple(name for name in TARGETS if name in given.what), draft=given.draft,
        thickness=getattr(given, "thickness", THICKNESS), progress=progress)
    run = partial(command.run, options, build, given) if command else partial(build, options)
    with showing_tools_words() if given.verbose else nullcontext():
        return _report(run, given.quiet)


def _report(run: Callable[[], Report], quiet: bool) -> int:
    """Run what was asked for, show what came of it, and return the exit code."""
    began = time.perf_counter()
    try:
        return _show(run(), quiet, began)
    except ProblemsFoundError as error:
        show_problems(error.problems)
        return PROBLEMS
    except UsageError as error:
        print(f"{PROGRAM}: {error}", file=sys.stderr)
        return USAGE
    except ToolError as error:
        print(f"{PROGRAM}: {error}", file=sys.stderr)
        return TOOL
    except RecursionError:
        print(f"{PROGRAM}: the text is nested too deeply to be printed", file=sys.stderr)
        return PROBLEMS
    except BrokenPipeError:
        # Whoever read the list, such as `head`, has read enough; nothing more can be said.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return CLOSED
    except OSError as error:
        print(f"{PROGRAM}: {error.filename or 'a file'}: {error.strerror or error}; "
              "check the place and its permissions", file=sys.stderr)
        return TOOL
    except KeyboardInterrupt:
        print(f"{PROGRAM}: stopped; the last output is as it was", file=sys.stderr)
        return TOOL
    except Exception as error:
        # A mistake of the press itself: its traceback is for those who mend it.
        TOOLS.error("", exc_info=True)
        print(f"{PROGRAM}: the press failed, and the last output is as it was: "
              f"{type(error).__name__}: {error}\n    this is a mistake in the press; "
              "please report it with what --verbose shows", file=sys.stderr)
        return TOOL


def _show(report: Report, quiet: bool, began: float) -> int:
    """Show what came of a build that `began` then, and return the exit code."""
    found = [problem for problem in report.notes if not problem.note]
    for problem in found if quiet else report.notes:
        print(problem, file=sys.stderr)
    if not quiet and sys.stdout.isatty():
        from .summary import show_summary

        pages = len(report.page_map.starts) if report.page_map else 0
        show_summary(report.written, pages, report.checks, time.perf_counter() - began)
    elif not quiet:
        for path in report.written:
            print(path_from_here(path))
    sys.stdout.flush()
    if report.missing:
        print(f"{PROGRAM}: {report.missing}", file=sys.stderr)
        return TOOL
    return PROBLEMS if found else BUILT


def show_problems(problems: Sequence[Problem]) -> None:
    """Print problems, and how many there are where there are several, to standard error."""
    for problem in problems:
        print(problem, file=sys.stderr)
    grave = sum(not problem.note for problem in problems)
    if grave > 1:
        print(f"{grave} problems; nothing was written", file=sys.stderr)


def check(options: Options, build: Build, given: argparse.Namespace) -> Report:
    """Report the problems of text and sources, and build nothing; or judge what was built.

    Raises ProblemsFoundError where a finished edition falls short of a standard, ToolError
    where no validator could be run.
    """
    if not given.editions:
        return build(replace(options, check_only=True))
    from . import validators

    with options.progress.step("Asking the validators"):
        verdicts = validators.judge_editions(options.project.output)
    if not verdicts:
        raise ToolError(f"{options.project.name(options.project.output)} holds no editions; "
                        f"build them first: {CALL}")
    print("\n".join(validators.render_verdicts(verdicts)))
    found = [Problem(options.project.name(verdict.file), 0,
                     f"{verdict.standard.name}: {message}") for verdict in verdicts
             for message in verdict.messages]
    if found:
        raise ProblemsFoundError(found)
    missing = sorted({verdict.missing for verdict in verdicts if verdict.missing})
    return Report([], [], "; ".join(missing))


def _add_check_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--editions", action="store_true",
                        help="have every validator judge the editions in the output folder")


def show_info(options: Options, build: Build, given: argparse.Namespace) -> Report:
    """Print the version of everything that shapes an edition, and what is missing.

    Raises ToolError where something is missing that a build needs.
    """
    from . import info

    lines, missing = info.describe()
    print("\n".join(lines))
    return Report([], [], missing)


def run_tests(arguments: Sequence[str]) -> int:
    """Run the tests of the press; `arguments` go to pytest."""
    # A file of tests shares what it builds, and stays in one process.
    spread = ["--numprocesses=auto", "--dist=loadfile"]
    command = [sys.executable, "-m", "pytest", *spread, *arguments]
    return subprocess.run(command, cwd=PRESS, check=False).returncode


CHECK = Command(
    "check", "report the problems of text and sources, build nothing", check,
    "build.py check --editions   what validators say of the editions in output/",
    _add_check_arguments)
INFO = Command(
    "info", "versions of the tools, and how to install what is missing", show_info,
    "build.py info   what is here, and what is not")


def _parse(
    words: Sequence[str], commands: Mapping[str, Command]
) -> tuple[Command | None, argparse.Namespace]:
    """Return the command, if one is named, and the command line as parsed.

    Exits with code 2 where the command line makes no sense.
    """
    finder = argparse.ArgumentParser(prog=PROGRAM, add_help=False)
    add_common_arguments(finder)
    asked = finder.parse_known_args(words)[1]
    if name := next((word for word in asked if word in commands), ""):
        rest = list(words)
        rest.remove(name)
        given = _command_parser(commands[name]).parse_intermixed_args(rest)
        given.what = []
        return commands[name], given
    parser = _main_parser(commands)
    given = parser.parse_intermixed_args(words)
    for word in given.what:
        if word in TESTS:
            parser.error(f'"test" comes first: {CALL} test')
        if word not in TARGETS:
            known = (*TARGETS, *commands, *TESTS)
            parser.error(f'there is no "{word}"; '
                         + suggestion(word, known, "known are " + ", ".join(known)))
    return None, given


def _main_parser(commands: Mapping[str, Command]) -> argparse.ArgumentParser:
    listed = [*TARGETS.items(), *((name, command.help) for name, command in commands.items()),
              *TESTS.items()]
    width = max(len(name) for name, _ in listed) + 2
    epilog = "\n".join([
        "targets and commands:", *(f"  {name:{width}}{words}" for name, words in listed), "",
        "examples:",
        f"  {CALL}                every edition, into output/",
        f"  {CALL} html --draft   the HTML page, marked as a draft",
        f"  {CALL} check --help   what a command does, and its own options", "",
        EXIT_CODES])
    parser = argparse.ArgumentParser(
        prog=PROGRAM, description=DESCRIPTION, epilog=epilog,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", nargs="*", metavar="WHAT",
                        help="targets to build, or one command; see below "
                             "(default: all editions and the files that cite them)")
    add_build_arguments(parser)
    add_common_arguments(parser)
    return parser


def _thickness(word: str) -> float:
    """Return the thickness of a leaf in millimetres."""
    try:
        thickness = float(word)
    except ValueError:
        thickness = -1
    if not 0 <= thickness <= 1:
        raise argparse.ArgumentTypeError(
            f'"{word}" is not the thickness of a leaf in millimetres, from 0 to 1')
    return thickness


def _command_parser(command: Command) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog=f"{PROGRAM} {command.name}", description=command.help[0].upper() + command.help[1:],
        epilog=f"example:\n  {CALL}{command.example.removeprefix('build.py')}",
        formatter_class=argparse.RawDescriptionHelpFormatter)
    command.add_arguments(parser)
    add_common_arguments(parser)
    return parser


def add_build_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of a build."""
    parser.add_argument("--thickness", type=_thickness, default=THICKNESS, metavar="MM",
                        help="of a leaf of the booklet, for the margins of its inner sheets "
                             f"(default: {THICKNESS}, ordinary paper)")


def add_common_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options that builds and all commands have."""
    place = "the current folder" if INSTALLED else "the folder of build.py"
    parser.add_argument("--project", default=os.curdir if INSTALLED else os.fspath(PRESS),
                        metavar="DIR", help=f"the publication to print (default: {place})")
    parser.add_argument("--output", metavar="DIR",
                        help="where the editions go (default: output/ in the publication)")
    parser.add_argument("--draft", action="store_true",
                        help="mark every copy as a draft")
    parser.add_argument("--quiet", action="store_true",
                        help="print problems only")
    parser.add_argument("--verbose", action="store_true",
                        help="say how long each step took, and show what the tools themselves say")
    parser.add_argument("--version", action="version", version=f"Offprint {__version__}")
