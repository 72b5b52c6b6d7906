from django.urls import path

from elections import views

urlpatterns = [
    path("", views.page, name="page"),
    path("api/auth/login/", views.login, name="login"),
    path("api/auth/me/", views.me, name="me"),
    path("api/tally/", views.tally, name="tally"),
    path("api/vote/", views.vote, name="vote"),
]
