"""Dated values that a bureau adds."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='PolicyValue',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('key', models.CharField(max_length=80)),
                ('region', models.CharField(max_length=6)),
                ('start', models.DateField()),
                ('value', models.JSONField()),
                ('unit', models.CharField(max_length=20)),
                ('reference', models.JSONField()),
                ('assumption', models.BooleanField()),
                ('proposed_at', models.DateTimeField()),
                ('approved_at', models.DateTimeField(blank=True, null=True)),
                ('approved_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('proposed_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'indexes': [models.Index(condition=models.Q(('approved_at__isnull', False)), fields=['approved_at', 'id'], name='policy_value_in_force')],
                'constraints': [models.CheckConstraint(condition=models.Q(('approved_by__isnull', True), models.Q(('approved_by', models.F('proposed_by')), _negated=True), _connector='OR'), name='policy_value_four_eyes'), models.CheckConstraint(condition=models.Q(models.Q(('approved_at__isnull', True), ('approved_by__isnull', True)), models.Q(('approved_at__gte', models.F('proposed_at')), ('approved_at__isnull', False), ('approved_by__isnull', False)), _connector='OR'), name='policy_value_approved_whole'), models.CheckConstraint(condition=models.Q(('region__regex', '^[0-9]{6}$')), name='policy_value_region')],
            },
        ),
    ]
