from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand, CommandError


class Command(BaseCommand):
    help = "Makes the user DEMO_USER with DEMO_PASSWORD, or updates it. Both come from .env."

    def handle(self, *args, **options):
        if not settings.DEMO_USER or not settings.DEMO_PASSWORD:
            raise CommandError("DEMO_USER and DEMO_PASSWORD must be set in .env.")
        users = get_user_model().objects
        user, created = users.get_or_create(username=settings.DEMO_USER)
        user.set_password(settings.DEMO_PASSWORD)
        user.is_active = True
        user.save()
        self.stdout.write(f"{'Made' if created else 'Updated'} the user {user}.")
