"""Adds the user in whose name the machine acts: no password, no roles, and it cannot sign in."""

from django.apps.registry import Apps
from django.contrib.auth.hashers import make_password
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor


def add_machine(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Insert it once; running the migration again finds it."""
    user = apps.get_model("accounts", "User")
    user.objects.get_or_create(
        username="system", defaults={"full_name": "系统", "password": make_password(None), "is_active": False}
    )


class Migration(migrations.Migration):
    """The machine's user."""

    dependencies = [("accounts", "0002_access_append_only")]

    operations = [migrations.RunPython(add_machine, migrations.RunPython.noop)]
