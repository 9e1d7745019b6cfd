"""Reads YAML into checked records, and turns what is wrong into problems with their lines."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo

from .problems import Problem, suggestion

Path = tuple[str | int, ...]
Record = TypeVar("Record", bound=BaseModel)


class YamlData:
    """YAML as plain values, every scalar a string, with the line of each key and item.

    Scalars stay strings because YAML's own guesses spoil what authors write: version 1.10
    would become the number 1.1. The record's types decide instead.
    """

    def __init__(self, text: str, file: str, first_line: int = 1) -> None:
        self.file = file
        self.first_line = first_line
        self.lines: dict[Path, int] = {(): first_line}
        self.problems: list[Problem] = []
        self.value: Any = None
        try:
            node, aliases = _parse(text)
        except yaml.YAMLError as error:
            self._add_syntax_problem(error)
        else:
            if aliases:
                mark = aliases[0].start_mark
                self.problems.append(Problem(
                    file, first_line + (mark.line if mark else 0),
                    "YAML aliases (*name) are not read here", "write the words out"))
            else:
                self.value = self._convert(node, ())

    def line(self, path: Path) -> int:
        """Return the line of the value at `path`, or of its nearest known parent."""
        while path not in self.lines:
            path = path[:-1]
        return self.lines[path]

    def problem(self, path: Path, what: str, remedy: str = "") -> Problem:
        """Return a problem placed at the value at `path`."""
        return Problem(self.file, self.line(path), what, remedy)

    def _add_syntax_problem(self, error: yaml.YAMLError) -> None:
        mark = getattr(error, "problem_mark", None)
        line = self.first_line + (mark.line if mark else 0)
        said = getattr(error, "problem", None) or "the text could not be read"
        remedy = 'check the indentation; put values that hold ": " or start with @ in quotes'
        self.problems.append(Problem(self.file, line, f"this is not valid YAML: {said}", remedy))

    def _convert(self, node: yaml.Node | None, path: Path) -> Any:
        if isinstance(node, yaml.MappingNode):
            return self._convert_mapping(node, path)
        if isinstance(node, yaml.SequenceNode):
            items = []
            for number, item in enumerate(node.value):
                self.lines[(*path, number)] = self.first_line + item.start_mark.line
                items.append(self._convert(item, (*path, number)))
            return items
        if node is None or node.tag == "tag:yaml.org,2002:null":
            return None
        return node.value

    def _convert_mapping(self, node: yaml.MappingNode, path: Path) -> dict[str, Any]:
        values: dict[str, Any] = {}
        for key, value in node.value:
            name, line = str(key.value), self.first_line + key.start_mark.line
            if name in values:
                first = self.lines[(*path, name)]
                self.problems.append(Problem(
                    self.file, line, f'"{name}" is given twice; the first is in line {first}',
                    "keep one of the two"))
                continue
            self.lines[(*path, name)] = line
            values[name] = self._convert(value, (*path, name))
        return values


@lru_cache(maxsize=16)
def _parse(text: str) -> tuple[yaml.Node | None, list[yaml.AliasEvent]]:
    """Return YAML as nodes, and the aliases in it. Raises YAMLError."""
    aliases = [event for event in yaml.parse(text, Loader=yaml.SafeLoader)
               if isinstance(event, yaml.AliasEvent)] if "*" in text else []
    return yaml.compose(text, Loader=yaml.SafeLoader), aliases


def read_record(model: type[Record], data: YamlData) -> Record | None:
    """Return `data` as a record of type `model`, or None where it does not fit.

    Every misfit is added to `data.problems` at its line.
    """
    if data.problems:
        return None
    try:
        return model.model_validate(data.value if data.value is not None else {})
    except ValidationError as error:
        for item in error.errors():
            data.problems.append(_misfit(model, data, dict(item)))
        return None


def _misfit(model: type[BaseModel], data: YamlData, error: dict[str, Any]) -> Problem:
    path: Path = tuple(error["loc"])
    name = path[-1] if path else ""
    if isinstance(name, int):
        name = f"{path[-2]} {name + 1}"
    if error["type"] == "extra_forbidden":
        known = _field_names(model, path[:-1])
        within = [field for field in known if name in _field_names(model, (*path[:-1], field))
                  and _field_names(model, (*path[:-1], field)) != known]
        remedy = f'put it under "{within[0]}:"' if within else suggestion(
            str(name), known, "known here: " + ", ".join(known))
        return data.problem(path, f'unknown field "{name}"', remedy)
    if error["type"] == "missing":
        return data.problem(path[:-1], f'the field "{name}" is missing', f'add a line "{name}: …"')
    if error["type"] == "value_error":
        what, _, remedy = str(error["ctx"]["error"]).partition("\n")
        return data.problem(path, f'"{name}": {what}' if name else what, remedy)
    if error["type"] == "model_type":
        return data.problem(path, f'"{name or "this"}" is not a list of fields',
                            "write a line for each field: name: value")
    if error["type"] == "bool_parsing":
        return data.problem(path, f'"{name}" is neither true nor false', "write one of the two")
    if error["type"].startswith("date"):
        return data.problem(path, f'"{name}": “{error["input"]}” is not a day of the calendar',
                            "write it as 2026-11-23")
    if error["type"] == "literal_error":
        known = re.findall(r"'(.+?)'", error["ctx"]["expected"])
        return data.problem(path, f'"{name}": “{error["input"]}” is not known here', suggestion(
            str(error["input"]), known, "choose " + ", ".join(known)))
    if error["type"] == "string_type":
        return data.problem(path, f'"{name}" is not text', "write one value, in quotes if need be")
    said = error["msg"][0].lower() + error["msg"][1:]
    return data.problem(path, f'"{name}" does not fit: {said}')


def _field_names(model: type[BaseModel], path: Path) -> list[str]:
    """Return the names that may stand in the record at `path`, as the author writes them."""
    for step in path:
        if isinstance(step, str) and step in model.model_fields:
            found = _model_within(model.model_fields[step].annotation)
            model = found or model
    return sorted(_written(name, field) for name, field in model.model_fields.items())


def _written(name: str, field: FieldInfo) -> str:
    """Return the name of a field as an author writes it."""
    alias = field.validation_alias
    return alias if isinstance(alias, str) else name


def _model_within(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    for part in getattr(annotation, "__args__", ()):
        if found := _model_within(part):
            return found
    return None
