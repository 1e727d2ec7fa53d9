"""Why TLS with a mail server failed, in words that say what to mend. Pure."""

from __future__ import annotations

import ssl

# OpenSSL's codes of X.509 verification (x509_vfy.h); `{host}` is the name the certificate has to be for.
_CERTIFICATE = {
    9: "its certificate is not valid yet; check the clocks of both machines",
    10: "its certificate has expired; its operator has to renew it",
    18: "nobody whom this machine trusts vouches for its certificate; it is signed by itself",
    19: "nobody whom this machine trusts vouches for its certificate; its authority is not known here",
    20: "nobody whom this machine trusts vouches for its certificate; its authority is not known here",
    21: "nobody whom this machine trusts vouches for its certificate; its authority is not known here",
    62: "its certificate is not for {host}; give the name that stands in it",
    64: "its certificate is not for {host}; give the name that stands in it",
}


def why(error: BaseException, host: str) -> str | None:
    """What the TLS of this error, or of what caused it, failed by; None where it was not TLS."""
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, ssl.SSLCertVerificationError):
            said = _CERTIFICATE.get(seen.verify_code, f"its certificate is not valid: {seen.verify_message}")
            return said.format(host=host)
        if isinstance(seen, ssl.SSLError):
            return "it does not speak TLS on this port; check the port, or choose STARTTLS"
        seen = seen.__cause__ or seen.__context__
    return None
