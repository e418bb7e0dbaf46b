"""Money of the roll-out: sums, price references, needs, estimates, procurements, contracts."""

from __future__ import annotations

from django.urls import path

from lienthong.web.board.money import contracts, overview, prices, procurements, unit

urlpatterns = [
    path("board/money", overview.overview, name="board-money"),
    path("board/money/prices", prices.listing, name="board-money-prices"),
    path("board/money/prices/<slug:item>", prices.one, name="board-money-price"),
    path("board/money/price/<int:pk>/remove", prices.remove, name="board-money-price-remove"),
    path("board/money/units/<slug:code>", unit.one, name="board-money-unit"),
    path("board/money/units/<slug:code>/estimate", unit.estimate, name="board-money-estimate"),
    path(
        "board/money/units/<slug:code>/estimate.xlsx", unit.estimate_sheet, name="board-money-estimate-sheet"
    ),
    path("board/money/needs/<int:pk>/remove", unit.remove_need, name="board-money-need-remove"),
    path(
        "board/money/units/<slug:code>/procurements/new", procurements.new, name="board-money-procurement-new"
    ),
    path("board/money/procurements/<int:pk>", procurements.one, name="board-money-procurement"),
    path("board/money/procurements/<int:pk>/step", procurements.step, name="board-money-step"),
    path("board/money/procurements/<int:pk>/amount", procurements.amount, name="board-money-amount"),
    path("board/money/contracts", contracts.listing, name="board-money-contracts"),
    path("board/money/units/<slug:code>/contracts/new", contracts.new, name="board-money-contract-new"),
    path("board/money/contracts/<int:pk>", contracts.one, name="board-money-contract"),
    path("board/money/contracts/<int:pk>/edit", contracts.edit, name="board-money-contract-edit"),
]
