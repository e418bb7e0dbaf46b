"""Addresses of the doctor's pages: transfers, people, records."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, path

from lienthong.web.views import (
    his_file,
    laboratories,
    letter,
    patients,
    receiving,
    reception,
    sending,
    transfers,
)

urlpatterns: list[URLPattern | URLResolver] = [
    path("transfers/in", transfers.incoming, name="transfers-in"),
    path("transfers/out", transfers.outgoing, name="transfers-out"),
    path("transfers/door", receiving.door, name="transfers-door"),
    path("transfers/new", sending.begin, name="transfer-begin"),
    path("transfers/new/by-hand", sending.by_hand, name="transfer-new-by-hand"),
    path("transfers/new/person/<str:patient>", sending.from_person, name="transfer-new-person"),
    path("transfers/new/<str:encounter>", sending.from_visit, name="transfer-new"),
    path("transfers/<str:loop>", transfers.one, name="transfer"),
    path("transfers/<str:loop>/form", sending.form, name="transfer-form"),
    path("transfers/<str:loop>/field", sending.field, name="transfer-field"),
    path("transfers/<str:loop>/check", sending.check, name="transfer-check"),
    path("transfers/<str:loop>/redirect", sending.to_another, name="transfer-redirect"),
    path("transfers/<str:loop>/steps", transfers.step, name="transfer-step"),
    path("transfers/<str:loop>/xml13", his_file.xml13, name="transfer-xml13"),
    path("transfers/<str:loop>/slip", letter.slip, name="transfer-slip"),
    path("transfers/<str:loop>/letter-file", letter.take_file, name="letter-take-file"),
    path("letter", letter.read, name="letter"),
    path("letter/open", letter.open_transfer, name="letter-open"),
    path("letter/frame", letter.frame, name="letter-frame"),
    path("letter/file", letter.read_file, name="letter-file"),
    path("transfers/<str:loop>/return", receiving.by_hand, name="return-by-hand"),
    path("transfers/<str:loop>/return/<int:number>", receiving.letter, name="return-letter"),
    path("transfers/<str:loop>/outcome", receiving.paper, name="transfer-outcome"),
    path("laboratories", laboratories.levels, name="laboratories"),
    path("transfers/<str:loop>/back", reception.send_back, name="transfer-back"),
    path("reception", reception.reception, name="reception"),
    path("reception/use", reception.use, name="reception-use"),
    path("reception/appointments", reception.register, name="appointments"),
    path("reception/working-days", reception.calendar, name="working-days"),
    path("patients", patients.find, name="patients"),
    path("patients/<str:identifier>", patients.overview, name="patient"),
    path("patients/<str:identifier>/visits/<str:encounter>", patients.visit, name="visit"),
    path("patients/<str:identifier>/results", patients.results, name="patient-results"),
    path("patients/<str:identifier>/diagnoses", patients.diagnoses, name="patient-diagnoses"),
    path("patients/<str:identifier>/documents", patients.documents, name="patient-documents"),
    path("patients/<str:identifier>/documents/<str:kind>/<str:document>", patients.document, name="document"),
    path("patients/<str:identifier>/protected", patients.protected, name="patient-protected"),
]
