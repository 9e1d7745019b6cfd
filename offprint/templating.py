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
from functools import cache
from pathlib import Path
from typing import Any

import jinja2
import yaml
from babel import Locale, UnknownLocaleError
from babel.dates import format_date
from jinja2.sandbox import SandboxedEnvironment
from markupsafe import Markup

from .problems import Problem, ProblemsFoundError, suggestion
from .project import TEMPLATES, Project
from .records import YamlData


def render(template: str, project: Project | None = None, **values: Any) -> str:
    """Return the template of that name, filled with `values`; an unknown name is an error.

    `project` may have one of its own in its place. Raises ProblemsFoundError for what is wrong
    in that one.
    """
    own = project.templates if project else None
    try:
        return _environment(own).get_template(template).render(**values)
    except RecursionError:
        raise
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
    problems = []
    known = [path.relative_to(TEMPLATES).as_posix() for path in TEMPLATES.rglob("*.*")
             if path.relative_to(TEMPLATES).parts[0] != "new"]
    for path in sorted(project.templates.rglob("*")):
        name, file = path.relative_to(project.templates).as_posix(), project.name(path)
        if not path.is_file() or any(part.startswith(".") for part in path.parts[-2:]):
            continue
        try:
            text = path.read_text(encoding="utf-8")
            if name == "words.yaml":
                problems += _read_words(text, file)[1]
            elif path.suffix in (".j2", ".css"):
                _environment(project.templates).parse(text, name, str(path))
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


def words(lang: str, project: Project | None = None) -> dict[str, str]:
    """Return the words that the press itself prints, in `lang` where it or `project` has them."""
    known, own = _known_words(), {}
    if project and project.templates and (project.templates / "words.yaml").is_file():
        file = project.templates / "words.yaml"
        own = _read_words(file.read_text(encoding="utf-8", errors="replace"), "")[0]
    short = lang.split("-")[0]
    return known["en"] | known.get(short, {}) | own.get(short, {})


def languages(project: Project | None = None) -> list[str]:
    """Return the languages in which the press, or `project`, has words for its own pages."""
    own = project.templates / "words.yaml" if project and project.templates else None
    added = _read_words(own.read_text(encoding="utf-8", errors="replace"), "")[0] if (
        own and own.is_file()) else {}
    return sorted({*_known_words(), *added})


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
    for lang, own in (data.value if isinstance(data.value, dict) else {}).items():
        found[lang] = {}
        for name, said in (own if isinstance(own, dict) else {}).items():
            if name not in known:
                data.problems.append(data.problem(
                    (lang, name), f'the press has no word "{name}"',
                    suggestion(name, known, "known are " + ", ".join(known))))
            elif not isinstance(said, str):
                data.problems.append(data.problem(
                    (lang, name), f'"{name}" is not a word', "write it behind the colon"))
            else:
                found[lang][name] = said
    return found, data.problems


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


@cache
def _environment(own: Path | None = None) -> jinja2.Environment:
    press = jinja2.FileSystemLoader(TEMPLATES)
    kind = SandboxedEnvironment if own else jinja2.Environment
    environment = kind(
        loader=jinja2.ChoiceLoader([
            *([jinja2.FileSystemLoader(own)] if own else []), press,
            jinja2.PrefixLoader({"press": press})]),
        autoescape=lambda name: name is not None and not (".md." in name or name.endswith(".css")),
        undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True,
        # Pandoc's identifiers, {#id}, look like Jinja's usual comments.
        comment_start_string="{%#", comment_end_string="#%}", keep_trailing_newline=True)
    environment.filters |= {
        "md": escape_markdown, "one_line": lambda text: " ".join(text.split()), "safe": Markup}
    return environment
