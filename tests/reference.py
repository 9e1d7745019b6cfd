"""Makes docs/reference.md of the fields and commands in the code: python -m tests.reference."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Literal, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from build import COMMANDS
from offprint.command import EXIT_CODES, TARGETS, add_build_arguments, add_common_arguments
from offprint.corrections import Change, Correction, CorrectionsFile
from offprint.manuscript import Author, FrontMatter
from offprint.project import PRESS
from offprint.theme import Theme
from offprint.timeline import Event, Kind, Timeline

PLACE = PRESS / "docs" / "reference.md"

HEAD = """\
# Reference

What may stand in the files of a publication, and on the command line.
This page is made from the code by `python -m tests.reference`, and a test compares the two.
"""
FRONT = """\
Between two lines of `---` at the top of `manuscript/essay.md`, in YAML.
Fields that begin with `x-` are your own; any other that is not here is a problem, with the nearest name that is."""
CORRECTIONS = """\
`manuscript/corrections.yaml`, where there is anything to correct; [how it is used](corrections.md).
Old and new words are quoted as plain text: markup, notes and citations do not count."""
TIMELINE = """\
A data file that an image of the essay names, such as `![Caption](figures/timeline.yaml){alt="…"}`."""
COMMAND_LINE = """\
`python3 build.py` and targets, or a command; an installed press is called `offprint` in place of `python3 build.py`.
No target builds all editions and the files that cite them."""
CODES = f"""\
```text
{EXIT_CODES}
```

Problems go to standard error as `file:line: what is wrong`, with a remedy in the next line; the paths of the files written go to standard output, one a line.
On a terminal these are a table, with the time that each step took."""


class Arguments:
    """Takes the place of a parser, and keeps what is added to it as rows of a table."""

    def __init__(self) -> None:
        self.rows: list[tuple[str, str]] = []

    def add_argument(self, name: str, **more: Any) -> None:
        """Keep an argument as a row: how it is written, and its help."""
        if more.get("action") != "version" and more.get("nargs") != "*":
            written = " ".join(filter(None, [name if name.startswith("-") else "",
                                             more.get("metavar", "")]))
            self.rows.append((f"`{written}`", more["help"]))


def render_reference() -> str:
    """Return the reference as Markdown."""
    parts = [
        HEAD, "## Front matter", FRONT, *_fields(FrontMatter),
        "### An author", *_fields(Author), "### The theme", *_fields(Theme),
        "## Corrections", CORRECTIONS, *_fields(CorrectionsFile),
        "### An entry under `corrections:`", *_fields(Correction),
        "### An entry under `changes:`", *_fields(Change),
        "## A timeline", TIMELINE, *_fields(Timeline), "### A kind of events", *_fields(Kind),
        "### An event", *_fields(Event),
        "## The command line", COMMAND_LINE, *_command_line(), CODES]
    return "\n\n".join(part.strip("\n") for part in parts) + "\n"


def _fields(model: type[BaseModel]) -> Iterator[str]:
    """Yield the table of the fields of `model`."""
    rows = [(f"`{_name(name, field)}`", "required" if field.is_required() else _default(field),
             _said(field)) for name, field in model.model_fields.items()]
    yield _table(("Field", "Unless given", "What it says"), rows)


def _name(name: str, field: FieldInfo) -> str:
    alias = field.validation_alias
    return alias if isinstance(alias, str) else name


def _default(field: FieldInfo) -> str:
    """Return what holds where the field is not given, if that is anything to see."""
    value = field.get_default(call_default_factory=True)
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    return f"`{value}`" if isinstance(value, str) and value else ""


def _said(field: FieldInfo) -> str:
    """Return the description of a field, and its values where only some may stand there."""
    values = ", ".join(f"`{value}`" for value in _values(field.annotation))
    return ": ".join(filter(None, [field.description, values]))


def _values(annotation: Any) -> list[str]:
    if get_origin(annotation) is Literal:
        return list(get_args(annotation))
    return [value for part in get_args(annotation) for value in _values(part)]


def _command_line() -> Iterator[str]:
    yield _table(("Target", "What is built"), [(f"`{name}`", words) for name, words in TARGETS.items()])
    yield _table(("Command", "What it does", "Its own arguments"), [
        (f"`{command.name}`", command.help, _arguments(command.add_arguments))
        for command in COMMANDS])
    yield _table(("Option", "What it does"), _rows(add_build_arguments) + _rows(add_common_arguments))


def _rows(add: Any) -> list[tuple[str, str]]:
    arguments = Arguments()
    add(arguments)
    return arguments.rows


def _arguments(add: Any) -> str:
    return "<br>".join(f"{written} {words}" for written, words in _rows(add)) or "–"


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |"
                     for line in lines)


if __name__ == "__main__":
    PLACE.write_text(render_reference(), encoding="utf-8")
