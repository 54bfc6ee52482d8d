"""Refuses to change, delete or empty lookups: they are the evidence of decisions."""

from django.db import migrations

from cases.migrations_support import append_only


class Migration(migrations.Migration):
    """Triggers on gateways_lookup."""

    dependencies = [("gateways", "0001_initial"), ("cases", "0002_guards")]

    operations = [append_only("gateways_lookup")]
