"""Requests for a person to look at a claim, and the statuses of their cases."""

import django.db.models.deletion
from django.db import migrations, models

import accounts.privacy
from cases.migrations_support import status_rows
from claims.kinds import PERSON_REQUEST


class Migration(migrations.Migration):
    """A table, and rows of `cases_status`."""

    dependencies = [("cases", "0015_case_age"), ("claims", "0003_claim_new_evidence")]

    operations = [
        status_rows(PERSON_REQUEST),
        migrations.CreateModel(
            name="PersonRequest",
            fields=[
                (
                    "case",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="person_request",
                        serialize=False,
                        to="cases.case",
                    ),
                ),
                ("question", accounts.privacy.EncryptedTextField(blank=True)),
                ("answer", accounts.privacy.EncryptedTextField(blank=True)),
                ("answered_at", models.DateTimeField(blank=True, null=True)),
                (
                    "claim",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="person_requests",
                        to="claims.claim",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("answered_at__isnull", True)),
                        fields=("claim",),
                        name="claims_personrequest_one_open_a_claim",
                    )
                ],
            },
        ),
    ]
