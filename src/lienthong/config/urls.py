"""Addresses of the pages."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, include, path

urlpatterns: list[URLPattern | URLResolver] = [path("", include("lienthong.web.urls"))]

handler400 = "lienthong.web.views.errors.bad_request"
handler403 = "lienthong.web.views.errors.forbidden"
handler404 = "lienthong.web.views.errors.not_found"
handler500 = "lienthong.web.views.errors.broken"
