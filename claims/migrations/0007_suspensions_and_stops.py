"""A spell is suspended, stopped by two people, or rests in prison: tables, statuses and grounds."""

import django.db.models.deletion
from django.db import migrations, models

import accounts.privacy
from cases.migrations_support import status_rows
from claims.kinds import CLAIM

GROUNDS = [
    ("REEMPLOYED", "重新就业"),
    ("CONSCRIPTED", "应征服兵役"),
    ("EMIGRATED", "移居境外"),
    ("PENSION", "享受基本养老保险待遇"),
    ("JOBS_REFUSED", "无正当理由拒不接受适当的工作或者培训"),
    ("IMPRISONED", "被判刑收监执行"),
    ("DIED", "死亡"),
    ("NEVER_ENTITLED", "自始不符合条件"),
    ("EXHAUSTED", "月数领完"),
]


class Migration(migrations.Migration):
    """Rows of `cases_status`, three tables, a column, and room for longer grounds."""

    dependencies = [("cases", "0015_case_age"), ("claims", "0006_contributions")]

    operations = [
        status_rows(CLAIM),
        migrations.CreateModel(
            name="Suspension",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("reference", models.CharField(blank=True, default="", max_length=32)),
                ("why", accounts.privacy.EncryptedTextField()),
                ("until", models.DateField()),
                ("came_from", models.CharField(max_length=16)),
                ("began_at", models.DateTimeField()),
                ("lifted_at", models.DateTimeField(blank=True, null=True)),
                (
                    "spell",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="suspensions",
                        to="claims.spell",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("lifted_at", None)),
                        fields=("spell", "reference"),
                        name="claims_suspension_one_in_force_a_cause",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Stop",
            fields=[
                (
                    "proposal",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="benefit_stop",
                        serialize=False,
                        to="cases.proposal",
                    ),
                ),
                ("ground", models.CharField(choices=GROUNDS, max_length=16)),
                ("event_on", models.DateField()),
                ("evidence", models.CharField(max_length=16)),
                ("keeps_months", models.BooleanField()),
                (
                    "spell",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="stops", to="claims.spell"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Interruption",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("ground", models.CharField(choices=GROUNDS, max_length=16)),
                ("event_on", models.DateField()),
                ("after", models.CharField(max_length=7)),
                ("until", models.CharField(blank=True, default="", max_length=7)),
                ("began_at", models.DateTimeField()),
                ("ended_on", models.DateField(blank=True, null=True)),
                (
                    "spell",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="interruptions",
                        to="claims.spell",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("ended_on", None)),
                        fields=("spell",),
                        name="claims_interruption_one_open_a_spell",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("ended_on", None), ("until", "")),
                            models.Q(("ended_on__isnull", False), ("until__gte", models.F("after"))),
                            _connector="OR",
                        ),
                        name="claims_interruption_ended_whole",
                    ),
                ],
            },
        ),
        migrations.RemoveConstraint(model_name="spell", name="claims_spell_ended_for_a_reason"),
        migrations.AddField(
            model_name="spell",
            name="months_kept",
            field=models.PositiveSmallIntegerField(blank=True, null=True),
        ),
        migrations.AlterField(
            model_name="spell",
            name="ground",
            field=models.CharField(blank=True, choices=GROUNDS, default="", max_length=16),
        ),
    ]
