"""Access tokens: who may listen and who may vote."""

from rest_framework_simplejwt.authentication import JWTAuthentication
from rest_framework_simplejwt.exceptions import AuthenticationFailed
from rest_framework_simplejwt.tokens import AccessToken


def issue(user):
    return str(AccessToken.for_user(user))


def user_of(token):
    """The active user that a valid access token names, or None."""
    authentication = JWTAuthentication()
    try:
        return authentication.get_user(authentication.get_validated_token(token))
    except AuthenticationFailed:
        return None
