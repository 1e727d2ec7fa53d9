"""Every row of the forgery table is refused before the body is parsed; what Stripe signs is not."""

from __future__ import annotations

import base64
import gzip
import hashlib
import hmac
import random
import time

import pytest

from tillwright.domains.webhooks import signature
from tillwright.kit.errors import Denied
from tillwright.kit.seal import Secret

NOW = 1_800_000_000
SECRET = Secret("whsec_" + "a1" * 16)
OTHER = Secret("whsec_" + "b2" * 16)
BODY = b'{"id":"evt_1","object":"event","name":"caf\xc3\xa9"}'


def proof(body: bytes = BODY, stamp: bytes = b"%d" % NOW, secret: Secret = SECRET, algorithm: str = "sha256") -> bytes:
    return hmac.new(secret.reveal().encode(), stamp + b"." + body, algorithm).hexdigest().encode()


def header(body: bytes = BODY, stamp: bytes = b"%d" % NOW, secret: Secret = SECRET) -> bytes:
    return b"t=" + stamp + b",v1=" + proof(body, stamp, secret)


def accept(headers: list[bytes], body: bytes = BODY, secrets: tuple[Secret, ...] = (SECRET,), now: int = NOW) -> None:
    read = signature.read(headers)
    signature.check_time(read, now)
    signature.check(read, body, secrets)


GOOD = {
    "as Stripe sends it": [header()],
    "an older scheme beside it": [header() + b",v0=" + b"0" * 64],
    "two signatures while a secret is rolled": [b"t=%d,v1=%s,v1=%s" % (NOW, proof(secret=OTHER), proof())],
    "a scheme from the future": [b"v2=zzz," + header()],
    "299 s old": [header(stamp=b"%d" % (NOW - 299))],
    "299 s ahead": [header(stamp=b"%d" % (NOW + 299))],
    "300 s old": [header(stamp=b"%d" % (NOW - 300))],
}

wrong_hash = proof(algorithm="sha512")
FORGED = {
    "no header": ([], BODY, "signature_missing"),
    "an empty header": ([b""], BODY, "signature_malformed"),
    "several headers": ([header(), header()], BODY, "signature_ambiguous"),
    "several headers, one wrong": ([header(secret=OTHER), header()], BODY, "signature_ambiguous"),
    "another organisation's, mode's or an expired secret": ([header(secret=OTHER)], BODY, "signature_wrong"),
    "an empty secret": ([header(secret=Secret(""))], BODY, "signature_wrong"),
    "the secret without its prefix": ([header(secret=Secret("a1" * 16))], BODY, "signature_wrong"),
    "SHA-512": ([b"t=%d,v1=%s" % (NOW, wrong_hash)], BODY, "signature_malformed"),
    "SHA-512 cut to size": ([b"t=%d,v1=%s" % (NOW, wrong_hash[:64])], BODY, "signature_wrong"),
    "SHA-1": ([b"t=%d,v1=%s" % (NOW, proof(algorithm="sha1"))], BODY, "signature_malformed"),
    "base64": ([b"t=%d,v1=%s" % (NOW, base64.b64encode(bytes.fromhex(proof().decode())))], BODY, "signature_malformed"),
    "upper case": ([b"t=%d,v1=%s" % (NOW, proof().upper())], BODY, "signature_malformed"),
    "no ASCII": ([b"t=%d,v1=%s" % (NOW, "é".encode() * 32)], BODY, "signature_malformed"),
    "a bare hash": ([b"t=%d,v1=%s" % (NOW, hashlib.sha256(BODY).hexdigest().encode())], BODY, "signature_wrong"),
    "only v0": ([header().replace(b"v1", b"v0")], BODY, "signature_malformed"),
    "an empty v1": ([b"t=%d,v1=" % NOW], BODY, "signature_malformed"),
    "no time": ([b"v1=" + proof()], BODY, "signature_malformed"),
    "an empty time": ([b"t=,v1=" + proof(stamp=b"")], BODY, "signature_malformed"),
    "two times": ([header() + b",t=%d" % NOW], BODY, "signature_malformed"),
    "time zero": ([header(stamp=b"0")], BODY, "signature_expired"),
    "a negative time": ([header(stamp=b"-%d" % NOW)], BODY, "signature_malformed"),
    "NaN": ([header(stamp=b"NaN")], BODY, "signature_malformed"),
    "infinity": ([header(stamp=b"inf")], BODY, "signature_malformed"),
    "a fraction": ([header(stamp=b"%d.0" % NOW)], BODY, "signature_malformed"),
    "digits of another script": ([header(stamp="١٨٠٠٠٠٠٠٠٠".encode())], BODY, "signature_malformed"),
    "a time with spaces": ([header(stamp=b" %d" % NOW)], BODY, "signature_malformed"),
    "a time of 5,000 digits": ([header(stamp=b"9" * 5000)], BODY, "signature_malformed"),
    "301 s old": ([header(stamp=b"%d" % (NOW - 301))], BODY, "signature_expired"),
    "301 s ahead": ([header(stamp=b"%d" % (NOW + 301))], BODY, "signature_expired"),
    "another time than was signed": ([b"t=%d,v1=%s" % (NOW + 1, proof())], BODY, "signature_wrong"),
    "a byte more": ([header()], BODY + b" ", "signature_wrong"),
    "a byte less": ([header()], BODY[:-1], "signature_wrong"),
    "a byte-order mark": ([header()], b"\xef\xbb\xbf" + BODY, "signature_wrong"),
    "re-encoded in Latin-1": ([header()], BODY.decode().encode("latin-1"), "signature_wrong"),
    "zipped on the way": ([header()], gzip.compress(BODY), "signature_wrong"),
    "an empty body": ([header()], b"", "signature_wrong"),
    "10^5 signatures": ([b"t=%d" % NOW + (b",v1=" + b"0" * 64) * 100_000], BODY, "signature_too_long"),
    "a header of 8 KB and a byte": ([header() + b"," * (8193 - len(header()))], BODY, "signature_too_long"),
}


@pytest.mark.parametrize("headers", GOOD.values(), ids=GOOD.keys())
def test_what_stripe_signs_is_accepted(headers: list[bytes]) -> None:
    accept(headers)


def test_either_secret_is_good_while_one_replaces_the_other() -> None:
    accept([header(secret=OTHER)], secrets=(SECRET, OTHER))


@pytest.mark.parametrize(("headers", "body", "code"), FORGED.values(), ids=FORGED.keys())
def test_forgeries_are_refused(headers: list[bytes], body: bytes, code: str) -> None:
    with pytest.raises(Denied) as refusal:
        accept(headers, body)
    assert refusal.value.code == code
    assert refusal.value.remedy


@pytest.mark.parametrize("secrets", [(), (Secret(""),)], ids=["no secret", "an empty one"])
def test_without_a_secret_nothing_is_accepted(secrets: tuple[Secret, ...]) -> None:
    with pytest.raises(Denied):
        accept([header(secret=Secret(""))], secrets=secrets)


def test_mutations_are_never_accepted() -> None:
    seed = random.SystemRandom().randrange(1 << 32)
    print(f"seed {seed}")
    dice = random.Random(seed)
    until = time.monotonic() + 5
    for _ in range(5_000):
        parts = [bytearray(header()), bytearray(BODY)]
        for _ in range(dice.randint(1, 3)):
            part = dice.choice(parts)
            at = dice.randrange(len(part) + 1)
            part[at : at + dice.randrange(3)] = dice.randbytes(dice.randrange(3))
        headers, body = bytes(parts[0]), bytes(parts[1])
        # A mutation outside the signed bytes (a new scheme's name, say) leaves the same claim: that one is genuine.
        try:
            accept([headers], body)
        except Denied:
            continue
        read = signature.read([headers])
        assert body == BODY
        assert read.stamp == b"%d" % NOW
        assert proof() in read.proofs
    assert time.monotonic() < until
