from django.db import migrations

CANDIDATES = [
    ("English oak", "Slow and broad, with shade for two hundred summers.", "broad"),
    ("Silver birch", "Light on its feet, and all gold in October.", "slender"),
    ("Weeping willow", "At home by the water, with a curtain to sit behind.", "weeping"),
    ("Wild cherry", "A week of blossom, then fruit for the birds.", "blossom"),
]


def add_candidates(apps, schema_editor):
    candidate = apps.get_model("elections", "Candidate")
    for name, note, crown in CANDIDATES:
        candidate.objects.get_or_create(name=name, defaults={"note": note, "crown": crown})


def remove_candidates(apps, schema_editor):
    names = [name for name, _, _ in CANDIDATES]
    apps.get_model("elections", "Candidate").objects.filter(name__in=names).delete()


class Migration(migrations.Migration):
    dependencies = [("elections", "0001_initial")]

    operations = [migrations.RunPython(add_candidates, remove_candidates)]
