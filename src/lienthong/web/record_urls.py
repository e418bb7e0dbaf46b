"""Addresses of the doctor's pages: transfers, people, records."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, path

from lienthong.web.views import his_file, letter, patients, reception, transfers

urlpatterns: list[URLPattern | URLResolver] = [
    path("transfers/in", transfers.incoming, name="transfers-in"),
    path("transfers/out", transfers.outgoing, name="transfers-out"),
    path("transfers/new/<str:encounter>", transfers.begin, name="transfer-new"),
    path("transfers/<str:loop>", transfers.one, name="transfer"),
    path("transfers/<str:loop>/steps", transfers.step, name="transfer-step"),
    path("transfers/<str:loop>/xml13", his_file.xml13, name="transfer-xml13"),
    path("transfers/<str:loop>/slip", letter.slip, name="transfer-slip"),
    path("transfers/<str:loop>/letter-file", letter.take_file, name="letter-take-file"),
    path("letter", letter.read, name="letter"),
    path("letter/open", letter.open_transfer, name="letter-open"),
    path("letter/frame", letter.frame, name="letter-frame"),
    path("letter/file", letter.read_file, name="letter-file"),
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
