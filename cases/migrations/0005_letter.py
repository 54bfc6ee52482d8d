"""Letters, frozen as they were issued, and the PDF of each."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import accounts.privacy


class Migration(migrations.Migration):
    """The tables of letters."""

    dependencies = [("cases", "0004_amendment_attachments"), migrations.swappable_dependency(settings.AUTH_USER_MODEL)]

    operations = [
        migrations.CreateModel(
            name="Letter",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("template", models.CharField(max_length=48)),
                ("number", models.CharField(max_length=48, unique=True)),
                ("words", accounts.privacy.EncryptedJSONField()),
                ("content_hash", models.CharField(max_length=64)),
                ("issued_at", models.DateTimeField()),
                ("case", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="letters", to="cases.case")),
                ("determination", models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="cases.determination")),
                ("issued_by", models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL)),
                ("party", models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name="letters", to="accounts.party")),
            ],
        ),
        migrations.CreateModel(
            name="LetterFile",
            fields=[
                ("letter", models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, primary_key=True, related_name="file", serialize=False, to="cases.letter")),
                ("content", accounts.privacy.EncryptedBinaryField()),
                ("sha256", models.CharField(max_length=64)),
                ("made_at", models.DateTimeField()),
            ],
        ),
    ]
