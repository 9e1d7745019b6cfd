"""Dresses values in the templates of `templates/`: Markdown for Pandoc, HTML, SVG.

Templates hold `if`, `for` and words; data comes to them ready. None is ever the manuscript.

A publication may have templates of its own. A file in its `templates/` takes the place of the
file of that name here, which it can extend or include as "press/" and the name. Such a template
runs in a sandbox, and what is wrong in it is a problem at its line.
"""

from __future__ import annotations

import datetime
import re
import traceback
from collections.abc import Iterator
from fnmatch import fnmatch
from functools import cache
from pathlib import Path, PurePath
from string import Formatter
from types import FunctionType
from typing import Any

import jinja2
import yaml
from babel import Locale, UnknownLocaleError
from babel.dates import format_date
from jinja2 import nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment
from markupsafe import Markup

from .identity import own_templates
from .problems import Problem, ProblemsFoundError, suggestion
from .project import TEMPLATES, Project
from .records import YamlData

# What is not a publication's to replace.
FIXED = ("new/*", "preview.*", "fonts.css.j2", "xmp.xml.j2", "timeline.svg.j2", "epub.xhtml",
         "deposit-*")
LANGUAGE = re.compile(r"[a-z]{2,3}(-\w+)*")
TEXT = (".j2", ".css", ".js", ".yaml")  # the kinds of templates that are read
ELSEWHERE = re.compile(
    r"""@import\b[^;\n]*|\b(?:url|image-set)\((?!["'\s]*(?:data:|\#|\{))[^)\n]*\)
    |<link\b(?=[^>]*\brel\s*=\s*["']?(?:stylesheet|icon|preload|modulepreload|manifest)\b)[^>]*>
    |<(?:script|img|iframe|source|video|audio|object|embed|input)\b[^>]*
    \b(?:src|srcset|poster|data)\s*=(?!\s*["']?(?:data:|\#|\{))[^>]*>""", re.I | re.X)
# Values whose methods may be called, but for those that change a list, a set or a dictionary.
PLAIN = (str, int, float, datetime.date, list, tuple, dict, set, frozenset)


def render(template: str, project: Project | None = None, **values: Any) -> str:
    """Return the template of that name, filled with `values`; an unknown name is an error.

    `project` may have one of its own in its place. Raises ProblemsFoundError for what is wrong
    in that one.
    """
    own = project.templates if project else None
    try:
        return _environment(own).get_template(template).render(**values)
    except RecursionError:
        if not project or not own:
            raise
        raise ProblemsFoundError([Problem(
            f"templates/{template}", 0, "the templates ask for one another without end",
            'begin the name of those of the press with "press/"')]) from None
    except Exception as error:
        # A template may fail in any way that Python knows; ours never do.
        problem = _problem_in_own(project, error) if project and own else None
        if problem is None:
            raise
        raise ProblemsFoundError([problem]) from error


def read_template(name: str, project: Project | None = None) -> str:
    """Return a file of `templates/` as it is, such as a script, or the one of `project`."""
    own = project.templates / name if project and project.templates else TEMPLATES / name
    return (own if own.is_file() else TEMPLATES / name).read_text(encoding="utf-8")


def check_templates(project: Project) -> list[Problem]:
    """Return what can be found wrong in the templates of `project` before they are used."""
    if not project.templates:
        return []
    problems = [Problem(project.name(path), 0, "this is a link, and no release would hold it",
                        "put a copy in its place")
                for path in sorted(project.templates.rglob("*")) if path.is_symlink()]
    names = (path.relative_to(TEMPLATES).as_posix() for path in TEMPLATES.rglob("*.*"))
    known = [name for name in names if not any(fnmatch(name, fixed) for fixed in FIXED)]
    for path in own_templates(project):
        name, file = path.relative_to(project.templates).as_posix(), project.name(path)
        try:
            text = path.read_text(encoding="utf-8") if path.suffix in TEXT else ""
            if name == "words.yaml":
                problems += _read_words(text, file)[1]
            elif path.suffix in (".j2", ".css"):
                tree = _environment(project.templates).parse(text, name, str(path))
                problems += _check_template(tree, name, file)
            problems += _find_elsewhere(text, file)
        except UnicodeDecodeError:
            problems.append(Problem(file, 0, "this is not UTF-8 text", "save the file as UTF-8"))
        except jinja2.TemplateSyntaxError as error:
            problems.append(Problem(
                file, error.lineno, f"the template has an error: {error.message}",
                "see jinja.palletsprojects.com for what may stand here"))
        else:
            if name not in known:
                problems.append(Problem(
                    file, 0, "this takes the place of no template of the press",
                    suggestion(name, known, "it is used where another includes it"), note=True))
    return problems


def _check_template(tree: nodes.Template, name: str, file: str) -> Iterator[Problem]:
    """Yield a problem for a template that asks for itself, and for blocks that nobody prints."""
    asking = [*tree.find_all(nodes.Extends), *tree.find_all(nodes.Include)]
    for found in asking:
        asked = getattr(found, "template", None)
        if isinstance(asked, nodes.Const) and asked.value == name:
            yield Problem(file, found.lineno, f'this template asks for itself: "{name}"',
                          f'write "press/{name}", which is that of the press')
    base = next(tree.find_all(nodes.Extends), None)
    if not base or not isinstance(base.template, nodes.Const):
        return
    place = TEMPLATES / str(base.template.value).removeprefix("press/")
    if not place.is_file():
        return
    known = [block.name for block in
             _environment().parse(place.read_text(encoding="utf-8")).find_all(nodes.Block)]
    for block in (node for node in tree.body if isinstance(node, nodes.Block)):
        if block.name not in known:
            yield Problem(file, block.lineno, f'"{base.template.value}" has no block '
                          f'"{block.name}"', suggestion(block.name, known,
                                                        "it has " + ", ".join(known)))


def _find_elsewhere(text: str, file: str) -> Iterator[Problem]:
    """Yield a problem for each thing that a template would have an edition read from elsewhere."""
    for found in ELSEWHERE.finditer(text):
        yield Problem(file, text.count("\n", 0, found.start()) + 1,
                      f"an edition reads nothing from elsewhere: {' '.join(found[0].split())}",
                      "write it into the template, a picture as a data: address")


def words(lang: str, project: Project | None = None) -> dict[str, str]:
    """Return the words that the press itself prints, in `lang` where it or `project` has them."""
    known, own = _known_words(), _own_words(project)
    tags = dict.fromkeys((lang.split("-")[0], lang))
    found = dict(known["en"])
    for source in (known, own):
        for tag in tags:
            found |= source.get(tag, {})
    return found


def languages(project: Project | None = None) -> list[str]:
    """Return the languages in which the press, or `project`, has words for its own pages."""
    return sorted({*_known_words(), *(tag.split("-")[0] for tag in _own_words(project))})


def _own_words(project: Project | None) -> dict[str, dict[str, str]]:
    """Return the words of a publication's own, by language."""
    path = project.templates / "words.yaml" if project and project.templates else None
    if not path or not path.is_file():
        return {}
    return _read_words(path.read_text(encoding="utf-8", errors="replace"), "")[0]


@cache
def _known_words() -> dict[str, dict[str, str]]:
    known: dict[str, dict[str, str]] = yaml.safe_load(read_template("words.yaml"))
    return known


def forget_words() -> None:
    """Read the press's own words again the next time, because they may have changed."""
    _known_words.cache_clear()


def _read_words(text: str, file: str) -> tuple[dict[str, dict[str, str]], list[Problem]]:
    """Return the words of a publication's own, by language, and what is wrong with them."""
    data = YamlData(text, file)
    known = _known_words()["en"]
    found: dict[str, dict[str, str]] = {}
    if not isinstance(data.value, dict | None):
        data.problems.append(data.problem((), "this is not a list of languages",
                                          "write en: and, indented below it, word: …"))
    for lang, own in (data.value or {} if isinstance(data.value, dict) else {}).items():
        if not isinstance(own, dict) or not LANGUAGE.fullmatch(lang):
            data.problems.append(data.problem(
                (lang,), f'"{lang}" is not a language with words below it',
                "write en: and, indented below it, word: …"))
            continue
        found[lang] = {}
        for name, said in own.items():
            if problem := _find_wrong(name, said, known):
                data.problems.append(data.problem((lang, name), *problem))
            else:
                found[lang][name] = said
    return found, data.problems


def _find_wrong(name: str, said: Any, known: dict[str, str]) -> tuple[str, str] | None:
    """Return what is wrong with a word of a publication's own, and the remedy, if anything is."""
    if name not in known:
        return (f'the press has no word "{name}"',
                suggestion(name, known, "known are " + ", ".join(known)))
    if not isinstance(said, str):
        return f'"{name}" is not a word', "write it behind the colon"
    if _places(said) != _places(known[name]):
        return (f'"{name}" has not the same places in braces as that of the press',
                f"which says: {known[name]}")
    return None


def _places(said: str) -> list[str] | None:
    """Return the names in braces for which `said` has room; None where they hold more."""
    try:
        places = [place for _, *place in Formatter().parse(said) if place[0] is not None]
    except ValueError:
        return None
    plain = not any(form or conversion for _, form, conversion in places)
    return sorted(str(name) for name, _, _ in places) if plain else None


def _problem_in_own(project: Project, error: Exception) -> Problem | None:
    """Return `error` as a problem in a template of `project`; None where it is in none."""
    folder = str(project.templates)
    place = None
    if isinstance(error, jinja2.TemplateSyntaxError) and error.filename:
        place = error.filename, error.lineno
    for frame in traceback.extract_tb(error.__traceback__):
        if frame.filename.startswith(folder):
            place = frame.filename, frame.lineno or 0
    if place is None or not place[0].startswith(folder):
        return None
    remedy = "templates/ of the press shows what is there to be printed"
    if isinstance(error, jinja2.TemplateNotFound):
        what = f'there is no template "{error.name}"'
        remedy = suggestion(str(error.name), _environment(project.templates).list_templates(),
                            'those of the press begin with "press/"')
    else:
        what = f"the template failed: {error}"
    return Problem(project.name(Path(place[0])), place[1], what, remedy)


def long_date(date: datetime.date, lang: str) -> str:
    """Return a date in words, as `lang` writes it."""
    return format_date(date, "long", locale=locale(lang))


def short_date(text: str, lang: str) -> str:
    """Return an ISO date, or only its year or year and month, in short words of `lang`."""
    year, month, day = ([*map(int, text.split("-")), 0, 0])[:3]
    if not month:
        return str(year)
    pattern = "medium" if day else "LLL y"
    return format_date(datetime.date(year, month, day or 1), pattern, locale=locale(lang))


@cache
def locale(lang: str) -> Locale:
    """Return the conventions of `lang`, or of English where Babel does not know it."""
    try:
        return Locale.parse(lang, sep="-")
    except (UnknownLocaleError, ValueError):
        return Locale("en")


def escape_markdown(text: str) -> str:
    """Return `text` so that Pandoc reads it as these very characters on one line."""
    return re.sub(r"([!-/:-@\[-`{-~])", r"\\\1", " ".join(str(text).split()))


class _Sandbox(ImmutableSandboxedEnvironment):
    """Lets templates read the values that they are given, and call what changes nothing.

    Jinja's own sandbox keeps them from private names alone; a path among the values would be
    enough to write a file.
    """

    def is_safe_attribute(self, obj: Any, attr: str, value: Any) -> bool:
        return super().is_safe_attribute(obj, attr, value) and not isinstance(obj, PurePath)

    def is_safe_callable(self, obj: Any) -> bool:
        if isinstance(obj, FunctionType) or obj in self.globals.values():
            return True
        owner = getattr(obj, "__self__", obj)
        return isinstance(owner, PLAIN) or type(owner).__module__.startswith("jinja2.")


@cache
def _environment(own: Path | None = None) -> jinja2.Environment:
    press = jinja2.FileSystemLoader(TEMPLATES)
    kind = _Sandbox if own else jinja2.Environment
    environment = kind(
        # Of a publication's own, one may be new where another has been read before.
        cache_size=0 if own else 400,
        loader=jinja2.ChoiceLoader([
            *([jinja2.FileSystemLoader(own)] if own else []), press,
            jinja2.PrefixLoader({"press": press})]),
        autoescape=lambda name: name is not None and not (".md." in name or name.endswith(".css")),
        undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True,
        # Pandoc's identifiers, {#id}, look like Jinja's usual comments.
        comment_start_string="{%#", comment_end_string="#%}", keep_trailing_newline=True)
    if own:
        # The same source gives the same bytes.
        del environment.globals["lipsum"], environment.filters["random"]
    environment.filters |= {
        "md": escape_markdown, "one_line": lambda text: " ".join(text.split()), "safe": Markup}
    return environment
