"""Lookups: the questions sent outside and their answers."""

import accounts.privacy
import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('accounts', '0003_machine'),
        ('cases', '0002_guards'),
    ]

    operations = [
        migrations.CreateModel(
            name='Lookup',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('source', models.CharField(max_length=32)),
                ('question_digest', models.CharField(max_length=64)),
                ('question', accounts.privacy.EncryptedTextField()),
                ('request_id', models.UUIDField(unique=True)),
                ('asked_on', models.DateField()),
                ('round', models.PositiveSmallIntegerField(default=1)),
                ('asked_at', models.DateTimeField()),
                ('answered_at', models.DateTimeField(blank=True, null=True)),
                ('answer', accounts.privacy.EncryptedTextField(blank=True)),
                ('problem', models.CharField(blank=True, max_length=16)),
                ('attempts', models.PositiveSmallIntegerField()),
                ('milliseconds', models.PositiveIntegerField()),
                ('case', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='lookups', to='cases.case')),
                ('party', models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='lookups', to='accounts.party')),
            ],
            options={
                'indexes': [models.Index(fields=['party', 'source', 'asked_at'], name='gateways_lookup_party')],
                'constraints': [models.UniqueConstraint(condition=models.Q(('answered_at__isnull', False)), fields=('source', 'question_digest', 'asked_on', 'round'), name='gateways_lookup_answered_once'), models.CheckConstraint(condition=models.Q(models.Q(('answered_at__isnull', False), ('problem', '')), models.Q(('answered_at__isnull', True), ('problem__in', ['TIMEOUT', 'REFUSED', 'DOWN', 'BAD_ANSWER'])), _connector='OR'), name='gateways_lookup_answered_or_problem'), models.CheckConstraint(condition=models.Q(('answered_at__isnull', True), ('answered_at__gte', models.F('asked_at')), _connector='OR'), name='gateways_lookup_answer_after_question'), models.CheckConstraint(condition=models.Q(('round__gte', 1)), name='gateways_lookup_round')],
            },
        ),
    ]
