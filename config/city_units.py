"""The demo city's units: what the sandbox knows of each over HTTP, written down in sets.

The same for the same seed, and again without effect. It writes no table itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from functools import partial
from typing import Any

import enterprises.services
from accounts.models import User
from accounts.selectors import machine
from config.city_people import Sandbox
from enterprises import batch
from enterprises.models import Enterprise, Source
from law.workdays import legal_day

PAGE = 1_000
RECORD_OF = date(2020, 2, 1)
"""The day from which social fees were reduced by size class."""

Record = Mapping[str, Any]


def pages(count: int) -> list[tuple[int, int]]:
    """The pages of so many units: the number before the first of each, and how many."""
    return [(start - 1, min(PAGE, count - start)) for start in range(0, count, PAGE)]


def missing(count: int, *, url: str) -> int:
    """How many units are to be written down: `count`, or as many as the sandbox has; 0 if they stand."""
    standing = Enterprise.objects.count()
    if standing >= count:
        return 0
    wanted = min(count, Sandbox(url).units())
    return wanted if standing < wanted else 0


def write_page(page: tuple[int, int], *, url: str, now: datetime) -> int:
    """Write down one page of units with all that is known of them; how many units were new."""
    after, limit = page
    outside, today = Sandbox(url), legal_day(now)
    records = outside.unit_records(after=after, limit=limit, asked_on=today)
    said = batch.Said(Source.CORE_SYSTEM.value, "模拟社保核心系统", today)
    actor = machine()
    saved, keys = batch.save_units(units=[_unit(row) for row in records], said=said, actor=actor, now=now)
    batch.save_years(rows=list(_years(records, keys)), said=said)
    batch.save_recipients(
        rows=[
            batch.Recipients(keys[row["code"]], int(year["year"]), int(year["new_recipients"]))
            for row in records
            for year in row["years"]
        ],
        said=said,
    )
    batch.save_classes(
        rows=[
            batch.Classed(keys[row["code"]], str(row["class_2020"]), "RECORD_2020", RECORD_OF)
            for row in records
            if row["class_2020"] is not None
        ],
        said=said,
        now=now,
    )
    batch.class_by_table(rows=list(_measured(records, keys, today.year - 1)), said=said, now=now)
    batch.save_accounts(rows=list(_accounts(records, keys)), actor=actor, now=now)
    return saved.new


def publish_lists(*, url: str, actor: User, now: datetime) -> None:
    """Record the public lists as they stand today."""
    for row in Sandbox(url).unit_lists(asked_on=legal_day(now)):
        entries = [
            enterprises.services.Entry(line, str(one["code"]), str(one["name"]))
            for line, one in enumerate(row["entries"], start=2)
        ]
        enterprises.services.record_publication(
            name=str(row["name"]),
            document=str(row["document"]),
            published_on=date.fromisoformat(str(row["published_on"])),
            entries=entries,
            actor=actor,
            now=now,
        )


def writer(*, url: str, now: datetime) -> partial[int]:
    """`write_page` for processes of their own."""
    return partial(write_page, url=url, now=now)


def _unit(row: Record) -> batch.Unit:
    gone = row["deregistered_on"]
    return batch.Unit(
        uscc=str(row["code"]),
        name=str(row["name"]),
        kind=str(row["kind"]),
        region=str(row["county"]),
        industry=str(row["industry"]),
        is_labour_dispatch=bool(row["labour_dispatch"]),
        registered_on=date.fromisoformat(str(row["registered_on"])),
        deregistered_on=None if gone is None else date.fromisoformat(str(gone)),
    )


def _years(records: Sequence[Record], keys: Mapping[str, int]) -> Iterator[batch.Year]:
    for row in records:
        for year in row["years"]:
            yield batch.Year(
                enterprise_id=keys[row["code"]],
                year=int(year["year"]),
                headcounts=tuple(year["headcounts"]),
                paid_months=int(year["paid_months"]),
                in_arrears=str(year["in_arrears"]),
                base_fen=int(year["base_fen"]),
            )


def _measured(records: Sequence[Record], keys: Mapping[str, int], year: int) -> Iterator[batch.Measured]:
    """The units without a class of 2020, with their figures at the end of a year."""
    for row in records:
        if row["class_2020"] is None:
            found = row["measures"]
            yield batch.Measured(
                enterprise_id=keys[row["code"]],
                year=year,
                employees=found["employees"],
                revenue_wan=found["revenue_wan"],
                assets_wan=found["assets_wan"],
            )


def _accounts(records: Sequence[Record], keys: Mapping[str, int]) -> Iterator[batch.Account]:
    for row in records:
        found = row["account"]
        if found is not None:
            yield batch.Account(
                enterprise_id=keys[row["code"]],
                account=str(found["number"]),
                account_name=str(found["name"]),
                bank_code=str(found["bank_code"]),
                bank_name=str(found["bank_name"]),
                contact=str(found["mobile"]),
            )
