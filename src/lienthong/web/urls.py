"""Addresses of the pages people see."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, include, path

from lienthong.web.views import accounts, evidence, it, link, me, province, session, trail, units

urlpatterns: list[URLPattern | URLResolver] = [
    path("", session.home, name="home"),
    path("sign-in", session.sign_in, name="sign-in"),
    path("sign-out", session.sign_out, name="sign-out"),
    path("password", session.password, name="password"),
    path("language", session.language, name="language"),
    path("me", me.me, name="me"),
    path("rights", me.who_may_what, name="rights"),
    path("it", it.flow, name="it"),
    path("it/exports", it.exports, name="exports"),
    path("it/exports/<slug:sha256>", it.export, name="export"),
    path("it/refused", it.refused, name="refused"),
    path("it/messages", it.messages, name="messages"),
    path("it/messages/<slug:id>", it.message, name="message"),
    path("accounts", accounts.listing, name="accounts"),
    path("accounts/new", accounts.new, name="account-new"),
    path("accounts/<str:username>", accounts.one, name="account"),
    path("accounts/<str:username>/lock", accounts.change, {"what": "lock"}, name="account-lock"),
    path("accounts/<str:username>/open", accounts.change, {"what": "open"}, name="account-open"),
    path("accounts/<str:username>/reset", accounts.change, {"what": "reset"}, name="account-reset"),
    path("audit", trail.trail, name="trail"),
    path("audit/check", trail.check, name="trail-check"),
    path("patients/<slug:id>/seen-by", trail.seen_by, name="seen-by"),
    path("it/hub", link.link, name="hub-link"),
    path("it/hub/end", link.end, name="hub-link-end"),
    path("it/hub/renew", link.renew, name="hub-link-renew"),
    path("units", units.listing, name="units"),
    path("units/renew", units.renew, name="hub-key-renew"),
    path("units/<slug:code>", units.one, name="unit-connection"),
    path("units/<slug:code>/review", units.review, name="unit-review"),
    path("units/<slug:code>/code", units.code, name="unit-code"),
    path("units/<slug:code>/approve", units.decide, {"what": "approve"}, name="unit-approve"),
    path("units/<slug:code>/refuse", units.decide, {"what": "refuse"}, name="unit-refuse"),
    path("units/<slug:code>/cut-off", units.cut_off, name="unit-cut-off"),
    path("evidence", evidence.check, name="evidence"),
    path("evidence/verify.py", evidence.verifier, name="evidence-verifier"),
    path("evidence/take/<str:reference>", evidence.take, name="evidence-take"),
    path("province", province.province, name="province"),
    path("province/<slug:code>", province.unit, name="unit"),
    path("", include("lienthong.web.record_urls")),
]
