"""What went wrong between two ends that speak TLS, or between one that does and one that does not, in words."""

from __future__ import annotations

from pyfora.certificates.roles import ROLES, role_uri

# OpenSSL's verification codes, see X509_STORE_CTX_get_error(3).
_NOT_YET_VALID, _EXPIRED = 9, 10
_UNKNOWN_AUTHORITY = (2, 18, 19, 20, 21)
_WRONG_PURPOSE = 26

_REASONS = (
    ("certificate required", "the other end asks for a certificate of this cluster, and was shown none"),
    ("did not return a certificate", "the other end showed no certificate"),
    ("unknown ca", "the other end does not know the authority that made our certificate: both need the same ca.pem"),
    ("certificate expired", "the other end says that our certificate has expired: renew it with `pyfora certs`"),
    ("alert bad certificate", "the other end does not accept our certificate: it has another role, or is broken"),
    ("alert certificate unknown", "the other end does not accept our certificate: it has another role, or is broken"),
    ("alert handshake failure", "the other end does not accept our certificate: it has another role, or is broken"),
    # What OpenSSL sends for a certificate that is good, but that our own look at its role refuses.
    ("alert internal error", "the other end does not accept our certificate: it has another role"),
    ("alert unsupported certificate", "the other end does not accept our certificate: it has another role"),
    ("alert access denied", "the other end does not accept our certificate: it has another role"),
    ("http request", "the other end speaks plain HTTP, and this port speaks TLS: use https://"),
    ("wrong version number", "the other end does not speak TLS: set UFORA_TLS_DIR there too, or nowhere"),
    ("packet length too long", "the other end does not speak TLS: set UFORA_TLS_DIR there too, or nowhere"),
    ("record layer failure", "the other end does not speak TLS: set UFORA_TLS_DIR there too, or nowhere"),
    ("unexpected message", "the other end does not speak TLS as it should"),
    ("unsupported protocol", "the other end does not speak TLS 1.3"),
    ("protocol version", "the other end does not speak TLS 1.3"),
    ("no shared cipher", "the other end does not speak TLS 1.3"),
)


def reason_in_words(reason: str) -> str:
    """The sentence for OpenSSL's own words, as pyOpenSSL or the ssl module pass them on."""
    plain = reason.lower().replace("_", " ")
    for known, sentence in _REASONS:
        if known in plain:
            return sentence
    return f"TLS failed ({plain or 'no reason given'})"


def verification_in_words(code: int) -> str:
    """The sentence for OpenSSL's verification code about the other end's certificate."""
    if code == _EXPIRED:
        return "the other end's certificate has expired: renew it there with `pyfora certs`"
    if code == _NOT_YET_VALID:
        return "the other end's certificate is not valid yet: compare the clocks of the two machines"
    if code in _UNKNOWN_AUTHORITY:
        return "the other end's certificate is not of this cluster's authority: both ends need the same ca.pem"
    if code == _WRONG_PURPOSE:
        return "the other end's certificate is not for what it is used for: a client's cannot listen"
    return f"the other end's certificate is not valid (OpenSSL's code {code})"


def other_role_in_words(uris: list[str], wanted: tuple[str, ...]) -> str:
    """The sentence for a certificate of this cluster with these URIs, where one of the roles `wanted` belongs."""
    found = [role for role in ROLES if role_uri(role) in uris]
    return (
        f"the other end shows the certificate of a {found[0] if found else 'stranger'}, where that of a "
        f"{' or a '.join(wanted)} belongs"
    )
