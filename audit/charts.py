"""Drawings of the supervisor's page as plain numbers: where each bar and line stands in its box.

Pure geometry in the units of an SVG's view box; a template draws it. Each chart has its table beside it, so
nothing is said by a drawing alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Line:
    """A line across the box at a value: `y` in the box, `value` on the axis."""

    y: str
    value: int


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a bar; `tone` is its number among the colours, from 1."""

    tone: int
    x: str
    y: str
    width: str
    height: str


@dataclass(frozen=True, slots=True)
class Label:
    """Words under a bar or point."""

    x: str
    words: str


@dataclass(frozen=True, slots=True)
class Bars:
    """Stacked bars, one a month."""

    grid: tuple[Line, ...]
    parts: tuple[Part, ...]
    labels: tuple[Label, ...]


@dataclass(frozen=True, slots=True)
class Trend:
    """A line through the months, and the same closed to the axis below."""

    path: str
    area: str
    last_x: str
    last_y: str


@dataclass(frozen=True, slots=True)
class Trends:
    """Several lines over the same months, with the line not to be crossed."""

    grid: tuple[Line, ...]
    limit: Line | None
    trends: tuple[Trend, ...]
    labels: tuple[Label, ...]


@dataclass(frozen=True, slots=True)
class Box:
    """Where the axes stand: left, right, top and bottom of the drawn area."""

    left: int
    right: int
    top: int
    bottom: int

    def y(self, value: float, most: int) -> float:
        """The height of a value where the axis ends at `most`."""
        return self.bottom - (self.bottom - self.top) * value / most


WIDE = Box(left=56, right=716, top=12, bottom=176)
SMALL = Box(left=30, right=366, top=12, bottom=166)
MOST_BAR = 30
STEPS = 4


def nice_top(most: int) -> int:
    """The end of an axis: 4, 8 or 20 times a power of ten, so that a quarter of it is whole; >= `most`."""
    unit = 1
    while True:
        for factor in (4, 8, 20):
            if factor * unit >= most:
                return factor * unit
        unit *= 10


def bars(rows: Sequence[Sequence[int]], labels: Sequence[str], box: Box = WIDE) -> Bars:
    """Rows of parts from below, one row a label; negative parts are drawn as nought."""
    top = nice_top(max((sum(max(part, 0) for part in row) for row in rows), default=0))
    pitch = (box.right - box.left) / max(len(rows), 1)
    width = min(MOST_BAR, pitch * 0.6)
    parts, names = [], []
    for index, row in enumerate(rows):
        x, below = box.left + pitch * index + (pitch - width) / 2, 0
        for tone, part in enumerate(row, start=1):
            if part > 0:
                y = box.y(below + part, top)
                height = box.y(below, top) - y
                parts.append(Part(tone, f"{x:.1f}", f"{y:.1f}", f"{width:.1f}", f"{height:.1f}"))
                below += part
        names.append(Label(f"{x + width / 2:.1f}", labels[index]))
    return Bars(_grid(top, box), tuple(parts), tuple(names))


def trends(
    lines: Sequence[Sequence[float]], labels: Sequence[str], *, limit: int | None, box: Box = SMALL
) -> Trends:
    """Lines over the same points, each as long as `labels`."""
    highest = max((value for line in lines for value in line), default=0)
    top = nice_top(max(int(highest) + 1, (limit or 0) + 1))
    pitch = (box.right - box.left) / max(len(labels) - 1, 1)
    xs = [box.left + pitch * index for index in range(len(labels))]
    drawn = []
    for line in lines if xs else ():
        points = [f"{x:.1f} {box.y(value, top):.1f}" for x, value in zip(xs, line, strict=True)]
        path = "M" + "L".join(points)
        area = f"{path}L{xs[-1]:.1f} {box.bottom}L{box.left} {box.bottom}Z"
        drawn.append(Trend(path, area, f"{xs[-1]:.1f}", f"{box.y(line[-1], top):.1f}"))
    names = tuple(Label(f"{x:.1f}", words) for x, words in zip(xs, labels, strict=True))
    bound = Line(f"{box.y(limit, top):.1f}", limit) if limit is not None else None
    return Trends(_grid(top, box), bound, tuple(drawn), names)


def _grid(top: int, box: Box) -> tuple[Line, ...]:
    return tuple(
        Line(f"{box.y(top * step / STEPS, top):.1f}", top * step // STEPS) for step in range(STEPS + 1)
    )
