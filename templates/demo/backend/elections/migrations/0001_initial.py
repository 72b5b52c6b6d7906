from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="Candidate",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=80, unique=True)),
                ("note", models.CharField(max_length=160)),
                (
                    "crown",
                    models.CharField(
                        choices=[
                            ("broad", "Broad"),
                            ("slender", "Slender"),
                            ("weeping", "Weeping"),
                            ("blossom", "Blossom"),
                        ],
                        max_length=10,
                    ),
                ),
                ("votes", models.PositiveIntegerField(default=0)),
            ],
            options={"ordering": ["pk"]},
        ),
    ]
