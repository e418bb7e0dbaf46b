"""Catalogues are merged and checked as the pages need them."""

from __future__ import annotations

import gettext
from pathlib import Path

import pytest
import translations

TEMPLATE = """{% load i18n %}<ul>
  {% if a %}
      <li>{% translate "Find a person" %}</li>
   {% endif %}
<p>{% blocktranslate with name=x.name %}Sent to {{ name }}{% endblocktranslate %}</p>
{% blocktranslate count n=total %}{{ n }} dossier{% plural %}{{ n }} dossiers{% endblocktranslate %}
{% translate "State" context "of a transfer" %}
</ul>
"""
PO = """
msgid "Find a person"
msgstr "Tìm người bệnh"

msgid "Sent to %(name)s"
msgstr "Gửi tới %(name)s"

msgid "%(n)s dossier"
msgid_plural "%(n)s dossiers"
msgstr[0] "%(n)s hồ sơ"

msgctxt "of a transfer"
msgid "State"
msgstr "Trạng thái"
"""


@pytest.fixture
def source(tmp_path: Path) -> Path:
    folder = tmp_path / "source"
    (folder / "web" / "templates" / "web").mkdir(parents=True)
    (folder / "web" / "templates" / "web" / "page.html").write_text(TEMPLATE, "utf-8")
    return folder


def locale(tmp_path: Path, **files: str) -> Path:
    folder = tmp_path / "locale"
    (folder / "vi" / "LC_MESSAGES").mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (folder / "vi" / "LC_MESSAGES" / f"{name}.po").write_text(text, "utf-8")
    return folder


def test_a_whole_catalogue_has_no_fault(source: Path, tmp_path: Path) -> None:
    assert translations.check(source, locale(tmp_path, page=PO)) == ([], [])


def test_every_message_without_translation_is_found(source: Path, tmp_path: Path) -> None:
    (source / "web" / "words.py").write_text(
        'label = gettext_lazy("Outbox")\nngettext("a", "b", 2)\n', "utf-8"
    )
    wrong, _ = translations.check(source, locale(tmp_path))
    assert [line.split(": ", 2)[2] for line in wrong] == [
        "'Find a person' has no translation",
        "'Sent to %(name)s' has no translation",
        "'%(n)s dossier' has no translation",
        "'State' has no translation",
        "'Outbox' has no translation",
        "'a' has no translation",
    ]


@pytest.mark.parametrize(
    ("good", "bad", "fault"),
    [
        ("Gửi tới %(name)s", "Gửi tới %(ten)s", "has other placeholders"),
        ("Tìm người bệnh", "", "has no translation"),
        ('msgid "Find', '#, fuzzy\nmsgid "Find', "is marked fuzzy"),
        ('msgctxt "of a transfer"\n', "", "has no translation"),
        ('msgid_plural "%(n)s dossiers"\nmsgstr[0]', "msgstr", "without msgstr[0]"),
    ],
)
def test_an_unfinished_translation_is_a_fault(
    source: Path, tmp_path: Path, good: str, bad: str, fault: str
) -> None:
    assert good in PO
    wrong, _ = translations.check(source, locale(tmp_path, page=PO.replace(good, bad)))
    assert len(wrong) == 1
    assert fault in wrong[0]


def test_what_nothing_uses_is_told(source: Path, tmp_path: Path) -> None:
    folder = locale(tmp_path, page=PO, old='msgid "Fax"\nmsgstr "Máy fax"\n')
    assert translations.check(source, folder) == ([], ["vi: 'Fax' is used nowhere"])


def test_the_files_of_a_language_become_one(tmp_path: Path) -> None:
    folder = locale(tmp_path, page=PO, more='msgid "Outbox"\nmsgstr "Hộp gửi"\n')
    (written,) = translations.compile_all(folder)
    with written.open("rb") as file:
        catalogue = gettext.GNUTranslations(file)
    assert catalogue.gettext("Outbox") == "Hộp gửi"
    assert catalogue.ngettext("%(n)s dossier", "%(n)s dossiers", 2) == "%(n)s hồ sơ"
    assert catalogue.pgettext("of a transfer", "State") == "Trạng thái"


def test_two_translations_of_one_message_are_refused(tmp_path: Path) -> None:
    folder = locale(tmp_path, page=PO, other='msgid "Find a person"\nmsgstr "Tra cứu"\n')
    with pytest.raises(translations.TranslationError, match="translated twice"):
        translations.compile_all(folder)


def test_without_any_file_nothing_is_written(tmp_path: Path) -> None:
    assert translations.compile_all(locale(tmp_path)) == []


def test_missing_messages_come_as_po_text(source: Path, tmp_path: Path) -> None:
    text = translations.missing(source, locale(tmp_path), "vi")
    assert 'msgid_plural "%(n)s dossiers"' in text
    assert 'msgctxt "of a transfer"\nmsgid "State"' in text
    assert translations.missing(source, locale(tmp_path, page=PO), "vi").strip() == ""
