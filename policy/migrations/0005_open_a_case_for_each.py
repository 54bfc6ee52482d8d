"""Every value there is gets the case it would have had: a number of its day, and its events."""

import re

from django.db import migrations

from law.workdays import legal_day


def fill(apps, schema_editor):
    alias = schema_editor.connection.alias
    values = apps.get_model("policy", "PolicyValue").objects.using(alias)
    cases = apps.get_model("cases", "Case").objects.using(alias)
    events = apps.get_model("cases", "Event").objects.using(alias)
    serials = apps.get_model("cases", "Serial").objects.using(alias)
    for value in values.filter(case=None).select_related("proposed_by").order_by("proposed_at", "pk"):
        day = legal_day(value.proposed_at)
        serial, _created = serials.get_or_create(prefix="ZC", day=day, defaults={"last": 0})
        serial.last += 1
        serial.save(update_fields=["last"])
        approved = value.approved_at is not None
        region = value.region
        if region.endswith("0000") and value.proposed_by.regions:
            region = value.proposed_by.regions[0]
        case = cases.create(
            number=f"ZC{day:%Y%m%d}-{serial.last:04d}",
            kind="policy",
            region=region if re.fullmatch(r"[0-9]{6}", region) else "000000",
            status="APPROVED" if approved else "PROPOSED",
            waits_for="NOBODY" if approved else "SUPERVISOR",
            opened_at=value.proposed_at,
            changed_at=value.approved_at or value.proposed_at,
            closed_at=value.approved_at,
        )
        proposed = {"key": value.key, "region": value.region, "start": value.start.isoformat()}
        events.create(
            case=case,
            verb="policy.proposed",
            actor_id=value.proposed_by_id,
            at=value.proposed_at,
            payload={**proposed, "to": "PROPOSED"},
        )
        if approved:
            events.create(
                case=case,
                verb="policy.approved",
                actor_id=value.approved_by_id,
                at=value.approved_at,
                payload={"from": "PROPOSED", "to": "APPROVED"},
            )
        values.filter(pk=value.pk).update(case=case)


class Migration(migrations.Migration):
    """Cases of the values that were there."""

    dependencies = [("policy", "0004_case_of_a_value")]

    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
