"""Levels on the board: overview, one unit, its assessment and the review, the rule, the criteria."""

from __future__ import annotations

from django.urls import path

from lienthong.web.board.levels import editor, forms, overview

urlpatterns = [
    path("board/levels", overview.overview, name="board-levels"),
    path("board/levels/sheet", overview.taken, name="board-levels-sheet"),
    path("board/levels/rule", overview.explained, name="board-levels-rule"),
    path("board/levels/december", overview.december, name="board-levels-december"),
    path("board/levels/unit/<slug:code>", overview.one, name="board-levels-unit"),
    path("board/levels/unit/<slug:code>/begin", overview.begin, name="board-levels-begin"),
    path("board/levels/forms/<int:id>", forms.form, name="board-levels-form"),
    path("board/levels/forms/<int:id>/paper", forms.on_paper, name="board-levels-paper"),
    path("board/levels/forms/<int:id>/groups/<slug:name>", forms.group, name="board-levels-group"),
    path("board/levels/forms/<int:id>/answer", forms.answer, name="board-levels-answer"),
    path("board/levels/forms/<int:id>/files", forms.attach, name="board-levels-attach"),
    path("board/levels/forms/<int:id>/review", forms.review, name="board-levels-review"),
    path("board/levels/forms/<int:id>/agree", forms.agree, name="board-levels-agree"),
    path("board/levels/forms/<int:id>/submit", forms.step, {"what": "submit"}, name="board-levels-submit"),
    path("board/levels/forms/<int:id>/move", forms.step, {"what": "move"}, name="board-levels-move"),
    path("board/levels/forms/<int:id>/return", forms.step, {"what": "return"}, name="board-levels-return"),
    path("board/levels/forms/<int:id>/decide", forms.step, {"what": "decide"}, name="board-levels-decide"),
    path("board/levels/files/<int:id>", forms.file, name="board-levels-file"),
    path("board/levels/files/<int:id>/remove", forms.detach, name="board-levels-detach"),
    path("board/levels/criteria", editor.listing, name="board-levels-criteria"),
    path("board/levels/criteria/<slug:set>", editor.one_set, name="board-levels-set"),
    path("board/levels/criteria/<slug:set>/sheet", editor.taken, name="board-levels-set-sheet"),
    path("board/levels/criteria/<slug:set>/edit/<str:key>", editor.edit, name="board-levels-edit"),
    path("board/levels/criteria/<slug:set>/take", editor.take, name="board-levels-take"),
    path("board/levels/criteria/<slug:set>/compare", editor.compare, name="board-levels-compare"),
    path("board/levels/criteria/<slug:set>/publish", editor.publish, name="board-levels-publish"),
    path("board/levels/criteria/<slug:set>/discard", editor.discard, name="board-levels-discard"),
]
