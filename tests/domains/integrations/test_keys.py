"""What two key texts tell before anything is sent."""

from __future__ import annotations

import pytest

from tillwright.domains.integrations.keys import read_pair
from tillwright.kit.errors import Invalid
from tillwright.kit.seal import Secret

PK, SK, RK = "pk_test_51Habcdefgh", "sk_test_51Habcdefgh", "rk_test_51Habcdefgh"


@pytest.mark.parametrize(
    ("publishable", "secret", "livemode", "kind"),
    [
        (PK, SK, False, "SECRET"),
        (PK, RK, False, "RESTRICTED"),
        ("pk_live_51Habcdefgh", "rk_live_51Habcdefgh", True, "RESTRICTED"),
        ("pk_test_sandbox_northwind", "sk_test_sandbox_northwind", False, "SECRET"),
    ],
)
def test_a_good_pair_tells_mode_and_kind(publishable: str, secret: str, livemode: bool, kind: str) -> None:
    pair = read_pair(publishable, Secret(secret))
    assert (pair.livemode, pair.kind, pair.hint) == (livemode, kind, secret[-4:])


@pytest.mark.parametrize(
    ("publishable", "secret", "code", "field", "says"),
    [
        (SK, PK, "keys_swapped", "publishableKey", "Swap them"),
        (RK, PK, "keys_swapped", "publishableKey", "Swap them"),
        (PK, "sk_live_51Habcdefgh", "keys_of_two_modes", "secretKey", "test mode either on or off"),
        ("pk_live_51Habcdefgh", RK, "keys_of_two_modes", "secretKey", "live mode"),
        ("", SK, "key_missing", "publishableKey", "Developers › API keys"),
        (PK, "   ", "key_missing", "secretKey", "Developers › API keys"),
        (PK + " ", SK, "key_with_spaces", "publishableKey", "enter it that way"),
        (PK, f'"{SK}"', "key_with_spaces", "secretKey", "enter it that way"),
        (PK, f"\t{SK}\n", "key_with_spaces", "secretKey", "enter it that way"),
        (PK, " nonsense ", "key_with_spaces", "secretKey", "Developers › API keys"),
        (PK, PK, "key_of_other_kind", "secretKey", "sk_ or rk_"),
        (SK, SK, "key_of_other_kind", "publishableKey", "pk_"),
        (PK, "whsec_abcdefghijkl", "key_of_other_kind", "secretKey", "signing secret"),
        (PK, "ca_abcdefghijkl", "key_of_other_kind", "secretKey", "Stripe Connect"),
        (PK, "sk_test_", "key_malformed", "secretKey", "does not look like"),
        (PK, "sk_test_short", "key_malformed", "secretKey", "does not look like"),
        (PK, "sk_prod_51Habcdefgh", "key_malformed", "secretKey", "does not look like"),
        (PK, "sk_test_51Habc defgh", "key_with_spaces", "secretKey", "enter it that way"),
        (PK, "sk_test_51Habc\ndefgh", "key_with_spaces", "secretKey", "enter it that way"),
        (PK, "\u200bsk_test_51Habcdefgh\ufeff", "key_with_spaces", "secretKey", "enter it that way"),
        (PK, "rt_abcdefghijkl", "key_of_other_kind", "secretKey", "OAuth token"),
        (PK, "Bearer sk_test_51Habcdefgh", "key_of_other_kind", "secretKey", "OAuth token"),
        (PK, "sk_test_51Hábcdefgh", "key_malformed", "secretKey", "does not look like"),
        (PK, "sk_test_" + "a" * 300, "key_malformed", "secretKey", "does not look like"),
        (PK, "hello", "key_malformed", "secretKey", "does not look like"),
    ],
)
def test_a_bad_pair_is_told_what_to_do(publishable: str, secret: str, code: str, field: str, says: str) -> None:
    with pytest.raises(Invalid) as caught:
        read_pair(publishable, Secret(secret))
    assert (caught.value.code, caught.value.field) == (code, field)
    assert says in str(caught.value)


def test_every_complaint_comes_at_once_and_repeats_no_key() -> None:
    with pytest.raises(Invalid) as caught:
        read_pair("hello", Secret("canary0SECRET words"))
    assert [problem.field for problem in caught.value.problems] == ["publishableKey", "secretKey"]
    assert "canary" not in f"{caught.value} {caught.value!r} {caught.value.data}"
