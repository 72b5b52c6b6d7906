"""Users of the project: how many there are, who stands for the page, and a development user made through the project's own model."""

from .identity import name_of
from .rows import needed_fields, value_of
from .telling import hide, tell

# So many users are named where the one who is wanted isn't there.
MOST = 5


def facts(ready, wanted, made):
    """
    How many active users there are, and who stands for the page; without tables only which model they have.
    That is the one who is `wanted`, else the one who was `made` for it, else the one who may do most.
    """
    from django.apps import apps

    if not apps.is_installed("django.contrib.auth"):
        tell("users", model=None, active=0)
        return None, None
    from django.contrib.auth import get_user_model

    model = get_user_model()
    if not ready:
        tell("users", model=model._meta.label, active=0)
        return None, None
    fields = {field.name for field in model._meta.get_fields()}
    active = model._default_manager.filter(is_active=True) if "is_active" in fields else model._default_manager.all()
    named = [name for name in (wanted, made) if name]
    known = {str(user.get_username()): user for user in active.filter(**{model.USERNAME_FIELD + "__in": named})} if named else {}
    user = known.get(wanted) if wanted else known.get(made)
    account = "wanted" if wanted else "made" if user is not None else "found"
    if user is None and not wanted:
        user = active.order_by(*("-" + name for name in ("is_superuser", "is_staff") if name in fields), "pk").first()
    account = account if user is not None else None
    is_unknown = bool(wanted) and user is None
    others = [name_of(other) for other in active.order_by("pk")[:MOST]] if is_unknown else None
    tell("users", model=model._meta.label, active=active.count() if user or wanted else 0, account=account,
         user=None if user is None else name_of(user), others=others,
         why="the database has no active user who is called %s" % wanted if is_unknown else None)
    return user, account


def make(password):
    hide(password)
    user = create_user(password)
    tell("created", user=str(user.get_username()), model=user._meta.label, superuser=bool(getattr(user, "is_superuser", False)))


def create_user(password):
    """Makes the user, with every required field filled, and gives it back. Nothing is left of an attempt that failed."""
    from django.contrib.auth import get_user_model
    from django.db import transaction

    model = get_user_model()
    asked = [model.USERNAME_FIELD] + [name for name in model.REQUIRED_FIELDS if name != model.USERNAME_FIELD]
    others = [field.name for field in needed_fields(model) if field.name not in asked + ["password"]]
    # createsuperuser hands a manager keys of foreign rows; many managers want the rows themselves,
    # and a model may need fields that REQUIRED_FIELDS doesn't name
    attempts = ((through_manager, asked, False), (through_manager, asked, True),
                (through_manager, asked + others, True), (by_itself, asked + others, True))
    first = None
    for make, names, as_rows in attempts:
        try:
            with transaction.atomic():
                user = make(model, password, {name: value_of(model._meta.get_field(name), as_rows) for name in names})
                verify_address(user)
                return user
        except Exception as error:
            first = first or error
    raise first


def verify_address(user):
    """With django-allauth nobody logs in whose address isn't verified, where that is mandatory: it sends a mail instead."""
    from django.apps import apps

    from django.db import Error, transaction

    email = getattr(user, "email", None)
    if email and apps.is_installed("allauth.account"):
        from allauth.account.models import EmailAddress

        try:
            with transaction.atomic():
                # a signal of the project's may have made it
                EmailAddress.objects.update_or_create(user=user, email=email, defaults={"verified": True, "primary": True})
        except Error:  # its table may not be there: the user is worth having all the same
            pass


def through_manager(model, password, values):
    manager = model._default_manager
    make = getattr(manager, "create_superuser", None) or manager.create_user
    return make(password=password, **values)


def by_itself(model, password, values):
    known = {field.name for field in model._meta.get_fields()}
    flags = {name: True for name in ("is_active", "is_staff", "is_superuser") if name in known}
    user = model(**dict(flags, **values))
    user.set_password(password)
    user.save()
    return user
