import json
from functools import wraps

from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer
from django.conf import settings
from django.contrib.auth import authenticate
from django.db.models import BigAutoField, F
from django.http import JsonResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from elections import tokens
from elections.consumers import GROUP
from elections.models import Candidate


def refusal(status, detail):
    headers = {"WWW-Authenticate": "Bearer"} if status == 401 else {}
    return JsonResponse({"detail": detail}, status=status, headers=headers)


def json_object(request):
    """The JSON object in the body, or an empty one where the body is anything else."""
    try:
        body = json.loads(request.body)
    except (ValueError, RecursionError):
        return {}
    return body if isinstance(body, dict) else {}


def is_text(value):
    """Whether a JSON value is a string. JSON may carry half a surrogate pair, which is none."""
    return isinstance(value, str) and not any("\ud800" <= char <= "\udfff" for char in value)


def token_required(view):
    """Lets a request through that carries `Authorization: Bearer <access token>`."""

    @wraps(view)
    def wrapped(request):
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        request.user = tokens.user_of(token.strip()) if scheme.lower() == "bearer" else None
        if request.user is None:
            return refusal(401, "A valid access token is required.")
        return view(request)

    return wrapped


@require_safe
@never_cache
def page(request):
    """The election. In DEBUG the sign-in form is filled in, so that one click is enough."""
    credentials = {"username": settings.DEMO_USER, "password": settings.DEMO_PASSWORD}
    context = {
        "candidates": Candidate.objects.all(),
        "tally": Candidate.objects.tally(),
        "credentials": credentials if settings.DEBUG else {},
    }
    return render(request, "elections/page.html", context)


@require_POST
def login(request):
    body = json_object(request)
    username, password = body.get("username"), body.get("password")
    if not is_text(username) or not is_text(password):
        return refusal(400, "The body must be a JSON object with username and password.")
    user = authenticate(request, username=username, password=password)
    if user is None:
        return refusal(401, "Wrong username or password.")
    return JsonResponse({"access": tokens.issue(user)})


@require_safe
@token_required
def me(request):
    return JsonResponse({"username": request.user.get_username()})


@require_safe
@never_cache
def tally(request):
    return JsonResponse(Candidate.objects.tally())


@require_POST
@token_required
def vote(request):
    """Counts one vote and tells every open socket."""
    candidate = json_object(request).get("candidate")
    if type(candidate) is not int:  # isinstance would let true and false through
        return refusal(400, "The body must be a JSON object with the id of a candidate.")
    possible = 0 < candidate <= BigAutoField.MAX_BIGINT
    if not possible or not Candidate.objects.filter(pk=candidate).update(votes=F("votes") + 1):
        return refusal(404, "There is no such candidate.")
    standing = Candidate.objects.tally()
    async_to_sync(get_channel_layer().group_send)(
        GROUP, {"type": "election_update", "tally": standing}
    )
    return JsonResponse(standing)
