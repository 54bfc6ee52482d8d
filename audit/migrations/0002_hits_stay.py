"""A hit stays as the other office gave it: the database refuses to change or delete one."""

from django.db import migrations

from cases.migrations_support import append_only


class Migration(migrations.Migration):
    """Triggers."""

    dependencies = [("audit", "0001_initial"), ("cases", "0002_guards")]

    operations = [append_only("audit_checkhit")]
