"""Django's settings, from the node's own file. ``LIENTHONG_HOME`` names the node's folder."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

from django.utils.translation import gettext_lazy as _

from lienthong.config import node

NODE = node.load(Path(os.environ.get("LIENTHONG_HOME", "var/dev")).absolute())
if os.environ.get("LIENTHONG_DATABASE"):
    NODE = replace(NODE, database=os.environ["LIENTHONG_DATABASE"])

_PACKAGE = Path(__file__).resolve().parent.parent
_ASSETS = _PACKAGE.parent.parent / "node_modules"

_CONNECTORS = [
    f"lienthong.connectors.{path.parent.name}" for path in (_PACKAGE / "connectors").glob("*/models.py")
]

SECRET_KEY = node.secret(NODE, "web-secret")
DEBUG = False
ALLOWED_HOSTS = NODE.hosts
ROOT_URLCONF = "lienthong.config.urls"
WSGI_APPLICATION = None
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

INSTALLED_APPS = [
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "django_htmx",
    "lienthong.facilities",
    "lienthong.access",
    "lienthong.records",
    "lienthong.exchange",
    "lienthong.identity",
    "lienthong.documents",
    "lienthong.transfers",
    "lienthong.rollout",
    *_CONNECTORS,
    "lienthong.web",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "lienthong.web.middleware.ContentSecurityPolicy",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "lienthong.web.middleware.Language",
    "lienthong.web.middleware.NoRoom",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "lienthong.access.sessions.SessionTimeout",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.messages.context_processors.messages",
                "lienthong.web.context.page",
            ]
        },
    }
]

DATABASES = {"default": node.database_settings(NODE)}

AUTH_USER_MODEL = "access.Account"
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "lienthong.access.passwords.LongEnough", "OPTIONS": {"min_length": 14}},
    {"NAME": "lienthong.access.passwords.NotCommon"},
    {"NAME": "lienthong.access.passwords.NotSimple"},
]

# One node's cookies must not end another's session on the same host (the demo province on loopback).
SESSION_COOKIE_NAME = f"lt-session-{NODE.port}"
CSRF_COOKIE_NAME = f"lt-csrf-{NODE.port}"
CSRF_FAILURE_VIEW = "lienthong.web.views.errors.csrf_failure"
LANGUAGE_COOKIE_NAME = "lt-language"
LANGUAGE_COOKIE_AGE = 365 * 24 * 3600
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Strict"
CSRF_COOKIE_SAMESITE = "Strict"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = NODE.secure
SESSION_EXPIRE_AT_BROWSER_CLOSE = True
SESSION_IDLE_SECONDS = 15 * 60
SESSION_LONGEST_SECONDS = 12 * 3600
SESSION_SERIALIZER = "django.contrib.sessions.serializers.JSONSerializer"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_HSTS_SECONDS = 31536000 if NODE.secure else 0
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if NODE.secure and not NODE.tls_key else None
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin" if NODE.secure else None
X_FRAME_OPTIONS = "DENY"
DATA_UPLOAD_MAX_MEMORY_SIZE = 2_621_440
DATA_UPLOAD_MAX_NUMBER_FIELDS = 1000
FILE_UPLOAD_HANDLERS = ["lienthong.web.uploads.PackageUpload"]

LANGUAGE_CODE = "vi"
LANGUAGES = [("vi", _("Vietnamese")), ("en", _("English"))]
LOCALE_PATHS = [_PACKAGE / "web" / "locale"]
USE_I18N = True
USE_TZ = True
NUMBER_GROUPING = 3
TIME_ZONE = "Asia/Ho_Chi_Minh"

STATIC_URL = "static/"
STATIC_ROOT = None
STATICFILES_DIRS = [("fonts", _ASSETS / "@fontsource" / "source-sans-3" / "files")]
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = False

PAPER_FONTS = _ASSETS / "@expo-google-fonts" / "tinos"
FHIR_DEFINITIONS = _ASSETS / "@medplum" / "definitions" / "dist" / "fhir" / "r4"
FHIR_PROFILES = NODE.home / "profiles"

_HANDLERS = "lienthong.config.drill" if os.environ.get("LIENTHONG_DRILL") else "lienthong.config"
EXCHANGE_HANDLERS = f"{_HANDLERS}.handlers.HANDLERS"
EXCHANGE_RECEIPT_HANDLERS = f"{_HANDLERS}.handlers.RECEIPT_HANDLERS"
EXCHANGE_NEWEST_STANDS = "lienthong.config.handlers.NEWEST_STANDS"
# Calls that may hold a thread of the hub's server for long: those that wait for mail, and bodies on a slow line.
# What is left of SERVER_THREADS is for all others.
EXCHANGE_LONG_POLLS, EXCHANGE_STREAMS = 24, 48
SERVER_THREADS = 128 if NODE.role == "hub" else 56
# Of those, calls with a body outside the exchange; what brings no body always finds a thread.
SERVER_BODIES = 48

ACCESS_NODE = "lienthong.config.callers.node"
TIMESTAMP_CHECK = "lienthong.exchange.evidence.verify.check_stamp"

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "{asctime} {levelname} {name} {message}", "style": "{"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": os.environ.get("LIENTHONG_LOG", "WARNING")},
}
