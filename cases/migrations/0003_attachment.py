"""Files that belong to a case, encrypted in the database."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import accounts.privacy


class Migration(migrations.Migration):
    """The table of attachments."""

    dependencies = [("cases", "0002_guards"), migrations.swappable_dependency(settings.AUTH_USER_MODEL)]

    operations = [
        migrations.CreateModel(
            name="Attachment",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=120)),
                ("kind", models.CharField(choices=[("application/pdf", "PDF 文件"), ("image/jpeg", "JPEG 图片"), ("image/png", "PNG 图片")], max_length=16)),
                ("size", models.PositiveIntegerField()),
                ("sha256", models.CharField(max_length=64)),
                ("content", accounts.privacy.EncryptedBinaryField()),
                ("at", models.DateTimeField()),
                ("case", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="attachments", to="cases.case")),
                ("party", models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.party")),
                ("uploaded_by", models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL)),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(condition=models.Q(("size__gt", 0)), name="cases_attachment_size"),
                    models.CheckConstraint(condition=models.Q(("kind__in", ["application/pdf", "image/jpeg", "image/png"])), name="cases_attachment_kind"),
                ],
            },
        ),
    ]
