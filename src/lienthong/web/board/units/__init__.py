"""Pages of the units: lists and totals, one unit with its dated facts, the Excel sheet, renaming and merging."""

from __future__ import annotations

from django.urls import path

from lienthong.web.board.units import changing, editing, listing, one, sheets

urlpatterns = [
    path("board/units", listing.units_page, name="board-units"),
    path("board/units/export", sheets.export_sheet, name="board-units-export"),
    path("board/units/import", sheets.bring, name="board-units-import"),
    path("board/units/import/<slug:id>", sheets.look, name="board-units-preview"),
    path("board/units/import/<slug:id>/apply", sheets.apply, name="board-units-apply"),
    path("board/units/import/<slug:id>/rest", sheets.rest, name="board-units-rest"),
    path("board/units/reorganisation", changing.orders_page, name="board-units-orders"),
    path("board/units/reorganisation/new", changing.new_unit, name="board-units-new"),
    path("board/units/reorganisation/<slug:id>", changing.order_page, name="board-units-order"),
    path("board/units/<slug:code>", one.unit_page, name="board-unit"),
    path("board/units/<slug:code>/edit/<slug:group>", editing.edit, name="board-unit-edit"),
    path("board/units/<slug:code>/fact/<slug:key>", one.fact_page, name="board-unit-fact"),
    path("board/units/<slug:code>/change", changing.change, name="board-unit-change"),
]
