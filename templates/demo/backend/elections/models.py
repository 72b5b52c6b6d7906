from django.db import models


class CandidateQuerySet(models.QuerySet):
    def tally(self):
        """The standing as it goes to every client, ready for JSON."""
        candidates = list(self.order_by("pk").values("id", "name", "votes"))
        return {
            "total": sum(candidate["votes"] for candidate in candidates),
            "candidates": candidates,
        }


class Candidate(models.Model):
    """One of the trees that the neighbourhood may vote for."""

    class Crown(models.TextChoices):
        """The shape of a tree, which the page draws."""

        BROAD = "broad"
        SLENDER = "slender"
        WEEPING = "weeping"
        BLOSSOM = "blossom"

    name = models.CharField(max_length=80, unique=True)
    note = models.CharField(max_length=160)
    crown = models.CharField(max_length=10, choices=Crown.choices)
    votes = models.PositiveIntegerField(default=0)

    objects = CandidateQuerySet.as_manager()

    class Meta:
        ordering = ["pk"]

    def __str__(self):
        return self.name
