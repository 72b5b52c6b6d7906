"""Users of the project: how many there are, who stands for the page, and a development user made through the project's own model."""

import datetime
import decimal
import itertools
import uuid

from .identity import name_of
from .telling import hide, tell

# How deep rows that a required foreign key needs are made: user -> company -> country.
DEEPEST = 3
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
                return make(model, password, {name: value_of(model._meta.get_field(name), as_rows) for name in names})
        except Exception as error:
            first = first or error
    raise first


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


def needed_fields(model):
    """Fields that the database refuses to be without, and that nothing else fills."""
    return [field for field in model._meta.concrete_fields
            if not (field.null or field.primary_key or field.has_default() or getattr(field, "auto_now", False)
                    or getattr(field, "auto_now_add", False) or getattr(field, "generated", False))
            and (field.is_relation or field.unique or field.get_default() is None)]


def value_of(field, as_rows, depth=0):
    """A value that the field takes: its default, a foreign row, or the first candidate that is valid and free."""
    if field.has_default() and not field.unique:
        return field.get_default()
    if field.is_relation:
        return foreign(field, as_rows, depth)
    usable = None
    for value in itertools.islice(candidates(field), 300):
        if field.unique and field.model._base_manager.filter(**{field.name: value}).exists():
            continue
        try:
            field.run_validators(value)
            return value
        except Exception:
            usable = value if usable is None else usable
    # the database knows nothing of validators
    if usable is not None or field.null:
        return usable
    raise ValueError("no value for the required field %s (%s)" % (field.name, type(field).__name__))


def foreign(field, as_rows, depth):
    related = field.remote_field.model
    row = None
    if not field.unique:
        row = related._default_manager.order_by("pk").first()
    if row is None and not field.null:
        if depth >= DEEPEST:
            raise ValueError("%s needs a %s, and there is none" % (field.name, related._meta.label))
        values = {inner.name: value_of(inner, True, depth + 1) for inner in needed_fields(related)}
        # a name is nicer than an empty text, where the row has one
        named = [inner for inner in related._meta.concrete_fields if inner.name in ("name", "title") and not inner.has_default()]
        values.update({inner.name: value_of(inner, True, depth + 1) for inner in named if inner.name not in values})
        row = related._default_manager.create(**values)
    if getattr(field, "many_to_many", False):
        return [] if row is None else [row]
    return row if as_rows or row is None else getattr(row, field.target_field.attname)


def candidates(field):
    """Values of the field's type, the plainest first."""
    from django.db import models

    if getattr(field, "flatchoices", None):
        return (value for value, _ in field.flatchoices if value not in (None, ""))
    makers = (
        (models.EmailField, lambda _: ("developer%s@example.com" % tail for tail in tails())),
        (models.URLField, lambda _: ("https://example.com/%s" % tail for tail in tails())),
        (models.GenericIPAddressField, lambda _: ("127.0.0.%d" % n if n < 255 else "::%x" % n for n in itertools.count(1))),
        (models.FileField, lambda _: iter([""])), (models.SlugField, texts), (models.CharField, texts),
        (models.TextField, texts), (models.BooleanField, lambda _: iter([True, False])), (models.DateTimeField, moments),
        (models.DateField, days),
        (models.TimeField, lambda _: (datetime.time(12, minute, second) for minute in range(60) for second in range(60))),
        (models.DurationField, lambda _: (datetime.timedelta(hours=hours) for hours in itertools.count(1))),
        (models.UUIDField, lambda _: iter(uuid.uuid4, None)), (models.DecimalField, decimals),
        (models.IntegerField, numbers), (models.FloatField, lambda field: map(float, numbers(field))),
        (models.BinaryField, lambda _: iter([b"developer"])), (models.JSONField, lambda _: iter([{}])),
    )
    for kind, make in makers:
        if isinstance(field, kind):
            return make(field)
    return iter([[]] if type(field).__name__ == "ArrayField" else [])


def texts(field):
    """A name or a word; digits, a phone number and a date kept as text come next, because validators want them."""
    longest = field.max_length or 100
    for number, tail in enumerate(tails(), 1):
        for text in ("developer", "Developer Example"):
            yield text[: max(longest - len(tail), 0)] + tail
        for text in ("%010d" % number, "+1202555%04d" % (99 + number), "+4930%08d" % number, "DEV%d" % number, "%d" % number, "1990-01-%02d" % (number % 28 + 1)):
            if len(text) <= longest:
                yield text


def tails():
    return itertools.chain([""], map(str, itertools.count(2)))


def numbers(_):
    return itertools.chain([1, 18, 1990, 100, 1000, 100000, 0, -1], itertools.count(2))


def decimals(field):
    largest = 10 ** (field.max_digits - field.decimal_places) if field.max_digits is not None else None
    smallest = decimal.Decimal(1).scaleb(-(field.decimal_places or 0))
    whole = (decimal.Decimal(number) for number in itertools.islice(numbers(field), 200) if largest is None or number < largest)
    return itertools.chain((value for value in whole if value != 0), [smallest, decimal.Decimal(0)])


def days(_):
    """A birth date is the commonest required one; what has to lie in the future comes next."""
    today = datetime.date.today()
    return itertools.chain([datetime.date(1990, 1, 1), today, today + datetime.timedelta(30)],
                           (datetime.date(1990, 1, 1) + datetime.timedelta(number) for number in range(1, 300)))


def moments(field):
    from django.conf import settings

    zone = datetime.timezone.utc if settings.USE_TZ else None
    now = datetime.datetime.now(zone).replace(microsecond=0)
    return itertools.chain([now, now + datetime.timedelta(30)], (datetime.datetime(day.year, day.month, day.day, 12, tzinfo=zone) for day in days(field)))
