"""Dated values of the law: shipped in `law/data/*.toml`, overlaid by what a bureau has approved, read by
rules.

A value is text, or lists and tables of text, so that no float can enter; each has a unit and a reference.
The most specific region wins (130102, 130100, 130000, 000000), within it the latest start that is not after
the day asked. Nothing found is `MissingParameter`, never a default. A repeal is a value (`REPEALED`), and
values are only appended: this module never changes or forgets a row.
"""

from __future__ import annotations

import hashlib
import json
import re
import tomllib
from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache, cached_property
from pathlib import Path
from typing import TypeAlias

from law.decision import Json, Reference
from law.errors import MissingParameter
from law.money import Fen, Rate

Value: TypeAlias = "str | list[Value] | dict[str, Value]"

REPEALED = "REPEALED"
NATION = "000000"
SEEN = ("text", "press", "repost", "own")
"""How we know: full text of the law, press report, unofficial repost, our own default (no law behind it)."""

COUNTED_UNITS = frozenset(
    {
        "fen",
        "bp",
        "months",
        "years",
        "days",
        "working_days",
        "hours",
        "times",
        "rows",
        "persons",
        "day_of_month",
    }
)
UNITS = COUNTED_UNITS | {"code", "flag", "table", "calendar"}

DATA = Path(__file__).with_name("data")
_REGION = re.compile(r"[0-9]{6}", re.ASCII)
_KEY = re.compile(r"[a-z][a-z0-9_]*(\.[a-z0-9_]+)+", re.ASCII)
_COUNT = re.compile(r"0|[1-9][0-9]*", re.ASCII)


@dataclass(frozen=True, slots=True)
class Citation:
    """Where a number comes from. `number` and `url` are empty where we have not read them ourselves."""

    title: str
    number: str
    article: str
    url: str
    seen: str

    def short(self) -> Reference:
        """Title and article, as a reason carries them."""
        return Reference(self.title, self.article)

    def to_json(self) -> dict[str, str]:
        return {
            "title": self.title,
            "number": self.number,
            "article": self.article,
            "url": self.url,
            "seen": self.seen,
        }

    @classmethod
    def from_json(cls, stored: Mapping[str, str]) -> Citation:
        return cls(**{name: stored[name] for name in ("title", "number", "article", "url", "seen")})


@dataclass(frozen=True, slots=True)
class DatedValue:
    """One number of law, in force for `region` from `start` on (`date.min` where it always held)."""

    key: str
    region: str
    start: date
    value: Value
    unit: str
    reference: Citation

    def __post_init__(self) -> None:
        """Raises ValueError for a value that no rule could read."""
        where = f"{self.key} of {self.region}"
        if not _KEY.fullmatch(self.key) or not _REGION.fullmatch(self.region):
            raise ValueError(f"{where}: not a key and a six-digit region")
        if self.unit not in UNITS:
            raise ValueError(f"{where}: unit {self.unit!r} is none of {', '.join(sorted(UNITS))}")
        if self.reference.seen not in SEEN or not self.reference.title:
            raise ValueError(f"{where}: a reference needs a title and seen = {'|'.join(SEEN)}")
        for leaf in _leaves(self.value, where):
            if self.repealed:
                break
            if self.unit in COUNTED_UNITS and not _COUNT.fullmatch(leaf):
                raise ValueError(f"{where}: {leaf!r} is not a whole number of {self.unit}")
            if self.unit == "flag" and leaf not in ("true", "false"):
                raise ValueError(f"{where}: {leaf!r} is neither true nor false")

    @property
    def repealed(self) -> bool:
        """Whether this row says that the rule no longer holds here."""
        return self.value == REPEALED

    def item(self, item: str | None = None) -> Value:
        """The value, or one entry of a table. Raises MissingParameter for an entry the table lacks."""
        if item is None:
            return self.value
        if not isinstance(self.value, dict) or item not in self.value:
            raise MissingParameter(f"{self.key}[{item}]", self.region, self.start)
        return self.value[item]

    def text(self, item: str | None = None) -> str:
        """The value as text. Raises TypeError, as the reads below, if the data has another shape: a bug."""
        found = self.item(item)
        if not isinstance(found, str):
            raise TypeError(f"{self.key} is not one text")
        return found

    def integer(self, item: str | None = None) -> int:
        """The value as a whole number of its unit."""
        return int(self.text(item))

    def flag(self, item: str | None = None) -> bool:
        """`true` or `false`."""
        return {"true": True, "false": False}[self.text(item)]

    def codes(self, item: str | None = None) -> tuple[str, ...]:
        """The value as a list of text."""
        found = self.item(item)
        if not isinstance(found, list):
            raise TypeError(f"{self.key} is not a list")
        return tuple(_text(leaf, self.key) for leaf in found)

    def table(self, item: str | None = None) -> dict[str, str]:
        """The value as a table of text."""
        found = self.item(item)
        if not isinstance(found, dict):
            raise TypeError(f"{self.key} is not a table")
        return {name: _text(leaf, self.key) for name, leaf in found.items()}

    def records(self) -> tuple[dict[str, str], ...]:
        """The value as a list of tables of text."""
        if not isinstance(self.value, list):
            raise TypeError(f"{self.key} is not a list")
        rows: list[dict[str, str]] = []
        for row in self.value:
            if not isinstance(row, dict):
                raise TypeError(f"{self.key} is not a list of tables")
            rows.append({name: _text(leaf, self.key) for name, leaf in row.items()})
        return tuple(rows)

    def to_json(self) -> dict[str, Json]:
        return {
            "key": self.key,
            "region": self.region,
            "from": self.start.isoformat(),
            "value": self.value,
            "unit": self.unit,
            "reference": self.reference.to_json(),
        }


class ParameterBook:
    """All dated values of all regions. Immutable; resolved sets are kept, so keep the book, too."""

    def __init__(self, values: Iterable[DatedValue]) -> None:
        """Of two values with the same key, region and start the later one in `values` counts."""
        rows: dict[tuple[str, str], dict[date, DatedValue]] = {}
        for value in values:
            rows.setdefault((value.key, value.region), {})[value.start] = value
        self._rows = {
            place: tuple(sorted(dated.values(), key=lambda row: row.start)) for place, dated in rows.items()
        }
        self._resolved: dict[tuple[tuple[str, ...], str], Parameters] = {}

    @staticmethod
    @cache
    def shipped() -> ParameterBook:
        """The values in `law/data`, read once a process."""
        return ParameterBook(_read_all(DATA))

    def overlay(self, values: Sequence[DatedValue]) -> ParameterBook:
        """A new book with `values` (in the order of their approval) added; this one stays as it is."""
        return ParameterBook([*self.rows(), *values])

    def rows(self) -> list[DatedValue]:
        """Every row by key, region and start."""
        return [row for place in sorted(self._rows) for row in self._rows[place]]

    def names(self) -> list[str]:
        """Every key that has a value somewhere."""
        return sorted({key for key, _ in self._rows})

    def regions(self) -> list[str]:
        """Every region that has a value of its own."""
        return sorted({region for _, region in self._rows})

    def history(self, key: str, *, region: str) -> tuple[DatedValue, ...]:
        """The rows of `key` that hold in `region` one after the other; empty if there is none.

        Once a more specific region has a value, it hides those of the wider region from its start on.
        """
        visible: list[DatedValue] = []
        hidden_from = date.max
        for place in lineage(region):
            rows = self._rows.get((key, place), ())
            visible.extend(row for row in rows if row.start < hidden_from)
            if rows:
                hidden_from = min(hidden_from, rows[0].start)
        return tuple(sorted(visible, key=lambda row: row.start))

    def value(self, key: str, *, region: str, on: date) -> DatedValue:
        """The row in force; it may say REPEALED. Raises MissingParameter if there is none."""
        return _in_force(self.history(key, region=region), key, region, on)

    def fen(self, key: str, *, region: str, on: date, item: str | None = None) -> Fen:
        """An amount. This read and those below raise MissingParameter, also where the value is repealed."""
        return Fen(self._live(key, region, on).integer(item))

    def bp(self, key: str, *, region: str, on: date, item: str | None = None) -> Rate:
        """A rate in basis points."""
        return Rate(self._live(key, region, on).integer(item))

    def integer(self, key: str, *, region: str, on: date, item: str | None = None) -> int:
        """A whole number of its unit."""
        return self._live(key, region, on).integer(item)

    def text(self, key: str, *, region: str, on: date, item: str | None = None) -> str:
        """A text or code."""
        return self._live(key, region, on).text(item)

    def codes(self, key: str, *, region: str, on: date, item: str | None = None) -> tuple[str, ...]:
        """A list of text."""
        return self._live(key, region, on).codes(item)

    def flag(self, key: str, *, region: str, on: date, item: str | None = None) -> bool:
        """True or false."""
        return self._live(key, region, on).flag(item)

    def for_program(self, keys: Iterable[str], *, region: str) -> Parameters:
        """All dated rows of `keys` as they hold in `region`, past and future (a standard may rise mid-spell).

        A key that ends in `.*` stands for all keys with that beginning. The same set is built once a book.
        """
        wanted = tuple(keys)
        found = self._resolved.get((wanted, region))
        if found is None:
            known = self.names()
            names: dict[str, None] = {}
            for key in wanted:
                if key.endswith(".*"):
                    names.update(dict.fromkeys(name for name in known if name.startswith(key[:-1])))
                else:
                    names[key] = None
            histories = {name: self.history(name, region=region) for name in sorted(names)}
            found = Parameters(region, {name: rows for name, rows in histories.items() if rows})
            self._resolved[wanted, region] = found
        return found

    def _live(self, key: str, region: str, on: date) -> DatedValue:
        return _unrepealed(self.value(key, region=region, on=on), region, on)


@dataclass(frozen=True, eq=False)
class Parameters:
    """What one program may read, for one region: frozen, with a digest, able to be stored and read again."""

    region: str
    rows: Mapping[str, tuple[DatedValue, ...]]

    @cached_property
    def digest(self) -> str:
        """SHA-256 (hex) of the canonical JSON of `snapshot`."""
        canonical = json.dumps(self.snapshot(), ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(canonical.encode()).hexdigest()

    def snapshot(self) -> dict[str, Json]:
        """A JSON value from which `from_snapshot` makes equal parameters, years later."""
        return {
            "region": self.region,
            "rows": [row.to_json() for key in sorted(self.rows) for row in self.rows[key]],
        }

    @classmethod
    def from_snapshot(cls, stored: Mapping[str, Json]) -> Parameters:
        """The reverse of `snapshot`. Raises ValueError or KeyError if it was damaged."""
        region, listed = stored["region"], stored["rows"]
        if not isinstance(region, str) or isinstance(listed, str) or not isinstance(listed, Sequence):
            raise ValueError("not a snapshot of parameters")
        rows: dict[str, list[DatedValue]] = {}
        for entry in listed:
            row = _row_from_json(entry)
            rows.setdefault(row.key, []).append(row)
        return cls(
            region, {key: tuple(sorted(found, key=lambda row: row.start)) for key, found in rows.items()}
        )

    def value(self, key: str, *, on: date) -> DatedValue:
        """The row in force; it may say REPEALED. Raises MissingParameter if there is none."""
        return _in_force(self.rows.get(key, ()), key, self.region, on)

    def live(self, key: str, *, on: date) -> DatedValue:
        """The row in force. Raises MissingParameter, as all typed reads below, also where it is repealed."""
        return _unrepealed(self.value(key, on=on), self.region, on)

    def fen(self, key: str, *, on: date, item: str | None = None) -> Fen:
        """An amount."""
        return Fen(self.live(key, on=on).integer(item))

    def bp(self, key: str, *, on: date, item: str | None = None) -> Rate:
        """A rate in basis points."""
        return Rate(self.live(key, on=on).integer(item))

    def integer(self, key: str, *, on: date, item: str | None = None) -> int:
        """A whole number of its unit."""
        return self.live(key, on=on).integer(item)

    def text(self, key: str, *, on: date, item: str | None = None) -> str:
        """A text or code."""
        return self.live(key, on=on).text(item)

    def codes(self, key: str, *, on: date, item: str | None = None) -> tuple[str, ...]:
        """A list of text."""
        return self.live(key, on=on).codes(item)

    def flag(self, key: str, *, on: date, item: str | None = None) -> bool:
        """True or false."""
        return self.live(key, on=on).flag(item)


def lineage(region: str) -> tuple[str, ...]:
    """`130102` -> `("130102", "130100", "130000", "000000")`: from the county to the nation."""
    return tuple(dict.fromkeys((region, f"{region[:4]}00", f"{region[:2]}0000", NATION)))


def _in_force(rows: Sequence[DatedValue], key: str, region: str, on: date) -> DatedValue:
    position = bisect_right(rows, on, key=lambda row: row.start)
    if not position:
        raise MissingParameter(key, region, on)
    return rows[position - 1]


def _unrepealed(row: DatedValue, region: str, on: date) -> DatedValue:
    if row.repealed:
        raise MissingParameter(row.key, region, on)
    return row


def _leaves(value: object, where: str) -> list[str]:
    match value:
        case str():
            return [value]
        case list():
            return [leaf for entry in value for leaf in _leaves(entry, where)]
        case dict():
            return [leaf for entry in value.values() for leaf in _leaves(entry, where)]
        case _:
            raise ValueError(f"{where}: {value!r} is not text; write numbers and dates as text")


def _text(value: Value, key: str) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{key} holds more than text")
    return value


def _copied(value: object, where: str) -> Value:
    match value:
        case str():
            return value
        case list():
            return [_copied(entry, where) for entry in value]
        case dict():
            return {str(name): _copied(entry, where) for name, entry in value.items()}
        case _:
            raise ValueError(f"{where}: {value!r} is not text; write numbers and dates as text")


def _row_from_json(entry: Json) -> DatedValue:
    if not isinstance(entry, Mapping) or not isinstance(entry["reference"], Mapping):
        raise ValueError("not a row of a snapshot of parameters")
    key = str(entry["key"])
    return DatedValue(
        key=key,
        region=str(entry["region"]),
        start=date.fromisoformat(str(entry["from"])),
        value=_copied(entry["value"], key),
        unit=str(entry["unit"]),
        reference=Citation.from_json({name: str(value) for name, value in entry["reference"].items()}),
    )


def _read_all(folder: Path) -> list[DatedValue]:
    """Every file `<region>.toml`, wide regions first: a city may cite what its province has written down."""
    references: dict[str, dict[str, Mapping[str, str]]] = {}
    values: list[DatedValue] = []
    for path in sorted(folder.glob("*.toml"), key=lambda file: (len(file.stem.rstrip("0")), file.stem)):
        region = path.stem
        content = tomllib.loads(path.read_text(encoding="utf-8"))
        own = content.pop("references", {})
        known: dict[str, Mapping[str, str]] = {}
        for wider in reversed(lineage(region)):
            known.update(references.get(wider, {}))
        known.update(own)
        references[region] = known
        seen: set[tuple[str, date]] = set()
        for key, rows in content.items():
            for row in rows:
                value = _row_from_toml(key, region, row, known)
                if (key, value.start) in seen:
                    raise ValueError(f"{path.name}: {key} has two values from {value.start}")
                seen.add((key, value.start))
                values.append(value)
    return values


def _row_from_toml(
    key: str, region: str, row: Mapping[str, object], references: Mapping[str, Mapping[str, str]]
) -> DatedValue:
    where = f"{region}.toml, {key}"
    unknown = row.keys() - {"from", "value", "unit", "reference", "article"}
    if unknown:
        raise ValueError(f"{where}: unknown member {', '.join(sorted(unknown))}")
    start, cited = str(row["from"]), str(row["reference"])
    if cited not in references:
        raise ValueError(f"{where}: reference {cited!r} is not listed under [references]")
    source = references[cited]
    return DatedValue(
        key=key,
        region=region,
        start=date.min if start == "always" else date.fromisoformat(start),
        value=_copied(row["value"], where),
        unit=str(row["unit"]),
        reference=Citation(
            title=source["title"],
            number=source.get("number", ""),
            article=str(row.get("article", "")),
            url=source.get("url", ""),
            seen=source["seen"],
        ),
    )
