"""Vendors, faults reported to them, requests for change."""

from __future__ import annotations

from django.urls import path

from lienthong.web.board.vendors import listing, requests, tickets

urlpatterns = [
    path("board/vendors", listing.listing, name="board-vendors"),
    path("board/vendors/<slug:code>", listing.one, name="board-vendor"),
    path("board/vendors/<slug:code>/edit", listing.edit, name="board-vendor-edit"),
    path("board/vendors/<slug:code>/product", listing.product, name="board-vendor-product"),
    path("board/tickets", tickets.listing, name="board-tickets"),
    path("board/tickets/new", tickets.new, name="board-ticket-new"),
    path("board/tickets/<int:pk>", tickets.one, name="board-ticket"),
    path("board/tickets/<int:pk>/say", tickets.say, name="board-ticket-say"),
    path("board/tickets/<int:pk>/repaired", tickets.step, {"what": "repaired"}, name="board-ticket-repaired"),
    path("board/tickets/<int:pk>/close", tickets.step, {"what": "close"}, name="board-ticket-close"),
    path("board/tickets/<int:pk>/reopen", tickets.step, {"what": "reopen"}, name="board-ticket-reopen"),
    path("board/tickets/requests", requests.listing, name="board-requests"),
    path("board/tickets/requests/new", requests.new, name="board-request-new"),
    path("board/tickets/requests/<int:pk>", requests.one, name="board-request"),
    path("board/tickets/requests/<int:pk>/vote", requests.vote, name="board-request-vote"),
    path("board/tickets/requests/<int:pk>/answer", requests.answer, name="board-request-answer"),
]
