"""The pages of the plan: tasks as list, board, calendar and Gantt chart, what blocks what, meetings, registers."""

from __future__ import annotations

from django.urls import path

from lienthong.web.board.plan import files, meetings, pictures, registers, tasks, templates, writing

urlpatterns = [
    path("board/plan", tasks.listing, name="board-plan"),
    path("board/plan/board", tasks.board, name="board-plan-board"),
    path("board/plan/calendar", pictures.calendar, name="board-plan-calendar"),
    path("board/plan/gantt", pictures.gantt, name="board-plan-gantt"),
    path("board/plan/blocking", pictures.blocking, name="board-plan-blocking"),
    path("board/plan/sheet.<slug:form>", tasks.take_out, name="board-plan-sheet"),
    path("board/plan/tasks/new", writing.new_task, name="board-plan-new"),
    path("board/plan/tasks/<slug:number>", tasks.one, name="board-plan-task"),
    path("board/plan/tasks/<slug:number>/edit", writing.edit_task, name="board-plan-edit"),
    path("board/plan/tasks/<slug:number>/begin", writing.begin, name="board-plan-begin"),
    path("board/plan/tasks/<slug:number>/done", writing.done, name="board-plan-done"),
    path("board/plan/tasks/<slug:number>/again", writing.again, name="board-plan-again"),
    path("board/plan/tasks/<slug:number>/progress", writing.progress, name="board-plan-progress"),
    path("board/plan/tasks/<slug:number>/comment", writing.comment, name="board-plan-comment"),
    path("board/plan/tasks/<slug:number>/due", writing.propose, name="board-plan-due"),
    path("board/plan/tasks/<slug:number>/due/<int:pk>", writing.decide, name="board-plan-decide"),
    path("board/plan/tasks/<slug:number>/need", writing.need, name="board-plan-need"),
    path("board/plan/tasks/<slug:number>/need/<int:pk>", writing.drop_need, name="board-plan-drop-need"),
    path("board/plan/tasks/<slug:number>/remove", writing.remove_task, name="board-plan-remove"),
    path("board/plan/tasks/<slug:number>/files", files.of_task, name="board-plan-task-files"),
    path("board/plan/files/<int:id>", files.one, name="board-plan-file"),
    path("board/plan/files/<int:id>/remove", files.remove, name="board-plan-file-remove"),
    path("board/plan/meetings", meetings.listing, name="board-plan-meetings"),
    path("board/plan/meetings/new", meetings.new, name="board-plan-meeting-new"),
    path("board/plan/meetings/<slug:code>", meetings.one, name="board-plan-meeting"),
    path("board/plan/meetings/<slug:code>/edit", meetings.edit, name="board-plan-meeting-edit"),
    path("board/plan/meetings/<slug:code>/conclusion", meetings.conclude, name="board-plan-conclude"),
    path("board/plan/meetings/<slug:code>/files", files.of_meeting, name="board-plan-meeting-files"),
    path("board/plan/difficulties", registers.difficulties, name="board-plan-difficulties"),
    path("board/plan/difficulties/new", registers.new_difficulty, name="board-plan-difficulty-new"),
    path("board/plan/difficulties/<slug:code>", registers.difficulty, name="board-plan-difficulty"),
    path("board/plan/documents", registers.documents, name="board-plan-documents"),
    path("board/plan/documents/new", registers.new_document, name="board-plan-document-new"),
    path("board/plan/documents/<slug:code>", registers.document, name="board-plan-document"),
    path("board/plan/documents/<slug:code>/files", files.of_document, name="board-plan-document-files"),
    path("board/plan/deadlines", registers.deadlines, name="board-plan-deadlines"),
    path("board/plan/deadlines/new", registers.new_deadline, name="board-plan-deadline-new"),
    path("board/plan/deadlines/<slug:code>", registers.deadline, name="board-plan-deadline"),
    path("board/plan/templates", templates.listing, name="board-plan-templates"),
    path("board/plan/templates/<slug:code>", templates.one, name="board-plan-template"),
    path("board/plan/templates/<slug:code>/apply", templates.apply, name="board-plan-apply"),
    path("board/plan/templates/<slug:code>/steps/<slug:key>", templates.step, name="board-plan-step"),
]
