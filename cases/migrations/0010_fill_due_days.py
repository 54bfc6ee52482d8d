"""Counts the days of the due dates there are: from the start of the clocks, without what pauses added."""

from collections import defaultdict

from django.db import migrations

from law.errors import MissingParameter
from law.parameters import ParameterBook
from law.workdays import calendar_in, legal_day, provisional_due


def fill(apps, schema_editor):
    cases = apps.get_model("cases", "Case").objects.using(schema_editor.connection.alias)
    events = apps.get_model("cases", "Event").objects.using(schema_editor.connection.alias)
    calendar = calendar_in(ParameterBook.shipped())
    paused = defaultdict(list)
    for case_id, at, payload in events.filter(verb="clock.resumed").values_list("case_id", "at", "payload"):
        paused[case_id].append((at, int(payload.get("days", 0))))

    def counted(case, due):
        if due is None:
            return None
        began = case.reopened_at or case.opened_at
        added = sum(days for at, days in paused[case.pk] if at >= began)
        return max(1, working_days(calendar, legal_day(began), due) - added)

    waiting = cases.exclude(promise_due=None, statutory_due=None).only(
        "opened_at", "reopened_at", "promise_due", "statutory_due"
    )
    filled = []
    for case in waiting.iterator(chunk_size=1_000):
        case.promise_days = counted(case, case.promise_due)
        case.statutory_days = counted(case, case.statutory_due)
        filled.append(case)
        if len(filled) == 1_000:
            cases.bulk_update(filled, ["promise_days", "statutory_days"])
            filled = []
    cases.bulk_update(filled, ["promise_days", "statutory_days"])


def working_days(calendar, start, due):
    """As they were counted: by the calendar, or without one where a year had none."""
    try:
        return calendar.working_days_between(start, due)
    except MissingParameter:
        days, reached = 0, provisional_due(start, 1)
        while reached <= due:
            days, reached = days + 1, provisional_due(reached, 1)
        return days


class Migration(migrations.Migration):
    """Values of the new columns."""

    dependencies = [("cases", "0009_case_due_days")]

    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
