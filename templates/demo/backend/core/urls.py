"""The HTTP routes."""

from django.urls import include, path

urlpatterns = [path("", include("elections.urls"))]
