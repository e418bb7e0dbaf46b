"""Password rules and one-time passwords."""

from __future__ import annotations

import pytest
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from hypothesis import example, given
from hypothesis import strategies as st

from lienthong.access import passwords
from lienthong.access.models import Account

HOA = Account(username="bs.hoa", full_name="Nguyễn Thị Hoa")


@pytest.mark.parametrize(
    "password",
    [
        "Ngan-2025",  # short
        "abababababababab",  # one pattern
        "Ab1-Ab1-Ab1-Ab1-",  # one pattern of four
        "motmatkhaudaidang",  # one kind
        "1234567890123456789",  # one kind
        "toi la BS.HOA 2025",  # the user name
        "bs.hóa-dai-dang-2025",  # the user name behind a tone mark
    ],
)
def test_weak_passwords_are_refused(password: str) -> None:
    with pytest.raises(ValidationError):
        validate_password(password, HOA)


@pytest.mark.parametrize("password", ["Trời xanh mây trắng", "song-cau-2025-xanh", "aaaa bbbb cccc 1"])
def test_sentences_pass(password: str) -> None:
    validate_password(password, HOA)


def test_one_time_passwords_pass_the_rules() -> None:
    made = {passwords.one_time() for _ in range(200)}
    assert len(made) == 200
    for password in made:
        validate_password(password, HOA)


@example("0:각", 4)
@given(st.text(min_size=1, max_size=4), st.integers(4, 20))
def test_one_pattern_repeated_never_passes(pattern: str, times: int) -> None:
    with pytest.raises(ValidationError):
        passwords.NotSimple().validate(pattern * times)


def test_a_node_hashes_with_argon2_at_its_full_strength() -> None:
    from lienthong.config import settings

    assert settings.PASSWORD_HASHERS == ["django.contrib.auth.hashers.Argon2PasswordHasher"]
