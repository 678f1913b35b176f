"""When and why a piece of evidence with personal data in it was let go of."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('incidents', '0017_search_index'),
    ]

    operations = [
        migrations.AddField(
            model_name='evidence',
            name='removed_at',
            field=models.DateTimeField(blank=True, help_text='Since when it is gone.', null=True),
        ),
        migrations.AddField(
            model_name='evidence',
            name='removed_why',
            field=models.CharField(blank=True, help_text='Why the file is not kept any longer.', max_length=200),
        ),
    ]
