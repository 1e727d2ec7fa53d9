"""The environment is read once, and every wrong setting is told at once."""

from __future__ import annotations

import pytest

from tillwright.kit.errors import Invalid
from tillwright.settings import NAMES, read


def test_nothing_set_is_enough() -> None:
    settings = read({})
    assert settings.web.public_url == "http://127.0.0.1:8420"
    assert settings.stripe.api_base == "https://api.stripe.com"
    assert settings.database.url is None


def test_the_key_file_is_outside_the_database_folder() -> None:
    settings = read({"TILLWRIGHT_DATA": "/some/where"})
    assert settings.key_file.parent != settings.data / "postgres"


def test_all_faults_are_told_together() -> None:
    with pytest.raises(Invalid) as caught:
        read(
            {
                "TILLWRIGHT_PORT": "80x",
                "TILLWRIGHT_SMTP_TLS": "maybe",
                "TILLWRIGHT_PUBLIC_URL": "example.com",
                "TILLWRIGHT_DATABASE_URL": "mysql://x",
                "TILLWRIGHT_PROT": "1",
            }
        )
    assert {p.field for p in caught.value.problems} == {
        "TILLWRIGHT_PORT",
        "TILLWRIGHT_SMTP_TLS",
        "TILLWRIGHT_PUBLIC_URL",
        "TILLWRIGHT_DATABASE_URL",
        "TILLWRIGHT_PROT",
    }


def test_secrets_do_not_show() -> None:
    settings = read({"TILLWRIGHT_SMTP_PASSWORD": "canary", "TILLWRIGHT_DATABASE_URL": "postgresql://u:canary@h/d"})
    assert "canary" not in repr(settings)


def test_each_setting_has_a_meaning() -> None:
    assert all(NAMES.values())
