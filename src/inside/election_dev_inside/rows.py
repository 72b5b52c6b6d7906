"""Rows of the project's models, with every field filled that they can't be without."""

import datetime
import decimal
import itertools
import uuid

from .telling import tell

# How deep rows that a required foreign key needs are made: user -> company -> country.
DEEPEST = 3
# The fields that a person knows a row by.
NAMES = ("name", "title")


def make(model, field, value, fixed):
    """A row of a model, by its label, that a consumer finds: by which field, with which value of the path, and what else it asks for."""
    from django.apps import apps
    from django.db import transaction

    kind = apps.get_model(model)
    given = dict(fixed, **({} if field is None else {field: value}))
    with transaction.atomic():
        row = made(kind, given, 0)
    tell("create_row", model=kind._meta.label, name=str(row))


def made(model, given, depth):
    """Makes the row: with what is given, and a name, which is nicer than an empty text, where it has one."""
    named = [field for field in model._meta.concrete_fields if field.name in NAMES and not field.has_default()]
    filled = {field.name: field for field in needed_fields(model) + named}
    values = {name: value_of(field, True, depth + 1) for name, field in filled.items() if name not in given and field.attname not in given}
    return model._default_manager.create(**dict(values, **given))


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
    from django.contrib.auth import get_user_model

    related = field.remote_field.model
    row = None
    if not field.unique:
        row = related._default_manager.order_by("pk").first()
    if row is None and not field.null:
        # one that nobody could log in as would stand for everybody
        if related is get_user_model():
            raise ValueError("%s needs a user, and there is none: election-dev start --setup makes one" % field.name)
        if depth >= DEEPEST:
            raise ValueError("%s needs a %s, and there is none" % (field.name, related._meta.label))
        row = made(related, {}, depth)
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
    from django.contrib.auth import get_user_model

    longest = field.max_length or 100
    words = ("developer", "Developer Example") if field.model is get_user_model() else ("example", "Example", "Example Example")
    for number, tail in enumerate(tails(), 1):
        for text in words:
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
