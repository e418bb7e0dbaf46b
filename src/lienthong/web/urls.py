"""Addresses of the pages people see."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, include, path

from lienthong.web.views import me, session

urlpatterns: list[URLPattern | URLResolver] = [
    path("", session.home, name="home"),
    path("sign-in", session.sign_in, name="sign-in"),
    path("sign-out", session.sign_out, name="sign-out"),
    path("password", session.password, name="password"),
    path("language", session.language, name="language"),
    path("me", me.me, name="me"),
    path("rights", me.who_may_what, name="rights"),
    path("", include("lienthong.web.record_urls")),
]
