"""Draws a data file of dated events as an SVG timeline: true distances, one line an event."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from .fonts import TEXT_FAMILY, text_width
from .problems import Problem, suggestion
from .records import YamlData, read_record
from .templating import render, short_date

# Measures of the drawing, in its own units; the width is that of the text.
WIDTH = 372.0
TYPE = 12.5          # size of the letters
LEADING = 15.5       # from line to line within an event
GAP = 5.5            # between events
AXIS = 34.0          # the axis, with its years to the left
FAN = 30.0           # from the axis to the marks
DATES = 10.0         # from the marks to the dates
LABELS = 152.0       # where the words begin
LEGEND = 30.0        # height of the legend


class Kind(BaseModel):
    """A kind of event: its words in the legend and its mark, told apart without colour."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    label: Annotated[str, Field(description="its words in the legend")]
    mark: Annotated[Literal["filled", "open", "tick"], Field(description="its mark on the axis")]


class Event(BaseModel):
    """One event: an ISO date, or only its year or year and month, and a short label."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    date: Annotated[str, Field(
        pattern=r"^\d{4}(-\d{2}(-\d{2})?)?$", description="1954-03-31, 1954-03 or 1954")]
    kind: Annotated[str, Field(description="one of the kinds")]
    label: Annotated[str, Field(
        min_length=1, max_length=80, description="its words, at most 80 characters")]
    sources: Annotated[str, Field(
        description="citations without their brackets; they go into the bibliography")] = ""

    @field_validator("date")
    @classmethod
    def _check_date(cls, value: str) -> str:
        try:
            datetime.date.fromisoformat(f"{value}-01-01"[:10] if len(value) < 10 else value)
        except ValueError:
            raise ValueError(f"“{value}” is not a day of the calendar\n"
                             "write it as 1954-03-31, 1954-03 or 1954") from None
        return value

    @property
    def year(self) -> float:
        """The date as a year with a fraction."""
        year, month, day = ([*map(int, self.date.split("-")), 0, 0])[:3]
        return year + max(month - 1, 0) / 12 + max(day - 1, 0) / 366


class Timeline(BaseModel):
    """The data file: a title, the kinds of events, and the events in order."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    title: Annotated[str, Field(description="its title, which is read aloud")]
    kinds: Annotated[dict[str, Kind], Field(
        description="the kinds of events, each under a name of its own")]
    events: Annotated[list[Event], Field(
        min_length=2, description="the events, in the order of their dates")]

    @model_validator(mode="after")
    def _check_events(self) -> Timeline:
        for before, event in zip([None, *self.events], self.events, strict=False):
            if event.kind not in self.kinds:
                raise ValueError(f'“{event.label}” is of the unknown kind "{event.kind}"\n'
                                 + suggestion(event.kind, self.kinds, "name it under kinds:"))
            if before and before.year > event.year:
                raise ValueError(f"“{event.label}” stands after a later event\n"
                                 "put the events in the order of their dates")
        return self


@dataclass(frozen=True)
class Row:
    """An event with its place in the drawing: its height on the axis and in the list."""

    event: Event
    date: str
    lines: tuple[str, ...]
    at: float
    y: float


def read_timeline(path: Path, file: str) -> tuple[Timeline | None, list[Problem]]:
    """Read the data file at `path`; `file` is its name in messages."""
    try:
        data = YamlData(path.read_text(encoding="utf-8"), file)
    except UnicodeDecodeError:
        return None, [Problem(file, 0, "this is not UTF-8 text", "save the file as UTF-8")]
    record = read_record(Timeline, data)
    return record, data.problems


def render_timeline(
    timeline: Timeline, alternative: str, identifier: str, lang: str, typeface: str
) -> str:
    """Return `timeline` as an SVG element for the middle of a page.

    `alternative` says in a sentence what it shows; the events follow it in the description. Its
    words are measured in `typeface`.
    """
    rows, height = _place_rows(timeline, lang, typeface)
    listed = "; ".join(f"{row.date}: {row.event.label}" for row in rows)
    return render(
        "timeline.svg.j2", rows=rows, kinds=timeline.kinds,
        legend=_place_legend(timeline, typeface),
        ticks=_place_ticks(timeline, height), height=round(height, 1), width=WIDTH, type=TYPE,
        leading=LEADING, axis=AXIS, marks=AXIS + FAN, dates=AXIS + FAN + DATES, labels=LABELS,
        top=LEGEND, alternative=alternative or timeline.title, listed=listed, id=identifier,
        typeface=typeface)


def _place_rows(
    timeline: Timeline, lang: str, typeface: str
) -> tuple[list[Row], float]:
    """Return the rows, evenly spaced, and the height of the whole."""
    wrapped = [_wrap(event.label, WIDTH - LABELS, typeface) for event in timeline.events]
    height = LEGEND + sum(len(lines) * LEADING + GAP for lines in wrapped)
    rows, y = [], LEGEND + TYPE
    for event, lines in zip(timeline.events, wrapped, strict=True):
        date = short_date(event.date, lang)
        rows.append(Row(event, date, lines, _on_axis(timeline, event.year, height), round(y, 1)))
        y += len(lines) * LEADING + GAP
    return rows, height


def _on_axis(timeline: Timeline, year: float, height: float) -> float:
    first, last = _span(timeline)
    top, bottom = LEGEND + TYPE / 2, height - TYPE / 2
    return round(top + (year - first) / (last - first) * (bottom - top), 1)


def _span(timeline: Timeline) -> tuple[float, float]:
    first, last = timeline.events[0].year, timeline.events[-1].year
    return first, max(last, first + 1)


def _place_ticks(timeline: Timeline, height: float) -> list[tuple[int, float]]:
    """Return the round years to write beside the axis, each with its height."""
    first, last = _span(timeline)
    step = next(step for step in (1, 2, 5, 10, 20, 50, 100, 1000) if (last - first) / step <= 10)
    years = range(-int(-first // step) * step, int(last) + 1, step)
    return [(year, _on_axis(timeline, year, height)) for year in years]


def _place_legend(timeline: Timeline, typeface: str) -> list[tuple[float, Kind]]:
    """Return each kind with the place where its mark stands, side by side."""
    x, placed = AXIS - 22, []
    for kind in timeline.kinds.values():
        placed.append((round(x, 1), kind))
        x += text_width(kind.label, TYPE, typeface) + 34
    return placed


def _wrap(label: str, width: float, typeface: str = TEXT_FAMILY) -> tuple[str, ...]:
    """Return `label` in lines no wider than `width`."""
    lines: list[str] = []
    for word in label.split():
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and text_width(longer, TYPE, typeface) <= width:
            lines[-1] = longer
        else:
            lines.append(word)
    return tuple(lines)


def cited_sources(timeline: Timeline) -> list[tuple[int, str]]:
    """Return the sources that the events name, each with the number of its event."""
    return [(number, event.sources) for number, event in enumerate(timeline.events)
            if event.sources]


def as_inline(svg: str) -> dict[str, Any]:
    """Return an SVG as the Pandoc element that stands in place of an image."""
    return {"t": "RawInline", "c": ["html", svg]}
