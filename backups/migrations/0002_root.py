from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("backups", "0001_initial")]

    operations = [
        migrations.RenameField(model_name="backup", old_name="sha256", new_name="root"),
        migrations.AlterField(
            model_name="backup",
            name="root",
            field=models.CharField(help_text="Of the digests of all its blocks.", max_length=64, verbose_name="digest"),
        ),
    ]
