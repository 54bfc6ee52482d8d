"""Gives the three administrators the names that officers' accounts and `demo.json` are promised to have."""

import django.contrib.postgres.fields
from django.db import migrations, models

OLD = ("SYSTEM_ADMINISTRATOR", "SECURITY_ADMINISTRATOR", "AUDIT_ADMINISTRATOR")
NEW = ("SYSTEM_ADMIN", "SECURITY_ADMIN", "AUDIT_ADMIN")
RENAME = "UPDATE accounts_user SET roles = array_replace(roles, %s, %s) WHERE roles @> ARRAY[%s]::varchar[]"
ROLES = ["HANDLER", "REVIEWER", "SUPERVISOR", "AUDITOR", *NEW]


def renamed(to, was):
    return [(RENAME, [old, new, old]) for old, new in zip(was, to, strict=True)]


class Migration(migrations.Migration):
    """Without the constraints while the rows change; they come back with the new names."""

    dependencies = [("accounts", "0003_machine")]

    operations = [
        migrations.RemoveConstraint("user", "accounts_user_known_roles"),
        migrations.RemoveConstraint("user", "accounts_user_administrator_alone"),
        migrations.RunSQL(renamed(NEW, OLD), renamed(OLD, NEW)),
        migrations.AlterField(
            model_name="user",
            name="roles",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.CharField(
                    choices=[
                        ("HANDLER", "经办"),
                        ("REVIEWER", "复核"),
                        ("SUPERVISOR", "主管"),
                        ("AUDITOR", "稽核"),
                        ("SYSTEM_ADMIN", "系统管理员"),
                        ("SECURITY_ADMIN", "安全管理员"),
                        ("AUDIT_ADMIN", "审计管理员"),
                        ("CITIZEN", "个人"),
                    ],
                    max_length=32,
                ),
                blank=True,
                default=list,
                size=None,
            ),
        ),
        migrations.AddConstraint(
            "user",
            models.CheckConstraint(
                condition=models.Q(roles__contained_by=ROLES), name="accounts_user_known_roles"
            ),
        ),
        migrations.AddConstraint(
            "user",
            models.CheckConstraint(
                condition=~models.Q(roles__overlap=list(NEW)) | models.Q(roles__len=1),
                name="accounts_user_administrator_alone",
            ),
        ),
    ]
