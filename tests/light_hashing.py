"""The password hash of production with little work in it: page tests sign in a thousand times."""

from __future__ import annotations

from django.contrib.auth.hashers import Argon2PasswordHasher


class LightArgon2(Argon2PasswordHasher):
    """Argon2 with one pass over 64 KiB."""

    time_cost = 1
    memory_cost = 64
    parallelism = 1
