"""What was seen of the ways back of each live incident."""

import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('incidents', '0013_severity_and_roles'),
    ]

    operations = [
        migrations.CreateModel(
            name='Reckoning',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('next_at', models.DateTimeField(default=django.utils.timezone.now, help_text='When it is looked at again.')),
                ('looked_at', models.DateTimeField(blank=True, null=True)),
                ('seconds', models.FloatField(default=0, help_text='How long the last look took.')),
                ('ways', models.JSONField(blank=True, default=dict)),
                ('advice', models.CharField(blank=True, help_text='The way to take, in a line for a message.', max_length=300)),
                ('advice_until', models.DateTimeField(blank=True, help_text='Until when that line is true.', null=True)),
                ('incident', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='reckoning', to='incidents.incident')),
            ],
        ),
    ]
