"""`pyfora certs DIR`: an authority of the cluster's own, and a certificate for each role."""

from __future__ import annotations

import datetime
import ipaddress
import os
from collections.abc import Sequence
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from pyfora.certificates.roles import (
    AUTHORITY_FILE,
    AUTHORITY_KEY_FILE,
    ROLES,
    Role,
    certificate_file,
    key_file,
    role_uri,
)
from pyfora.configuration.reading import ConfigError

AUTHORITY_DAYS = 3650
DEFAULT_DAYS = 825
LOCAL_NAMES = ("localhost", "127.0.0.1", "::1")
_BACKDATED = datetime.timedelta(minutes=10)
"""Clocks of a cluster may differ by this much."""


def make_certificates(directory: Path, names: Sequence[str], days: int, now: datetime.datetime) -> list[str]:
    """Write the certificates and keys into `directory`; returns the names of the files that were made.

    An authority that is there already is used again, so that certificates can be renewed one machine at a time.
    `names`: host names and addresses by which browsers and other tools call the manager. Raises ConfigError.
    """
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        made: list[str] = []
        if (directory / AUTHORITY_FILE).exists():
            authority, authority_key = _read_authority(directory, now)
        else:
            authority, authority_key = _make_authority(now)
            _write(directory / AUTHORITY_KEY_FILE, _key_pem(authority_key), 0o600)
            _write(directory / AUTHORITY_FILE, authority.public_bytes(serialization.Encoding.PEM), 0o644)
            made += [AUTHORITY_FILE, AUTHORITY_KEY_FILE]
        for role in ROLES:
            key = ec.generate_private_key(ec.SECP256R1())
            certificate = _certificate(role, key, names, days, now, authority, authority_key)
            _write(directory / key_file(role), _key_pem(key), 0o600)
            _write(directory / certificate_file(role), certificate.public_bytes(serialization.Encoding.PEM), 0o644)
            made += [certificate_file(role), key_file(role)]
    except OSError as error:
        raise ConfigError(f"certificates cannot be written to {directory}: {error.strerror or error}.") from None
    return made


def _make_authority(now: datetime.datetime) -> tuple[x509.Certificate, ec.EllipticCurvePrivateKey]:
    key = ec.generate_private_key(ec.SECP256R1())
    name = _name("pyfora cluster authority")
    builder = (
        _builder(name, name, key, now, now + datetime.timedelta(days=AUTHORITY_DAYS))
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_key_usage(signs_certificates=True), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )
    return builder.sign(key, hashes.SHA256()), key


def _read_authority(directory: Path, now: datetime.datetime) -> tuple[x509.Certificate, ec.EllipticCurvePrivateKey]:
    try:
        authority = x509.load_pem_x509_certificate((directory / AUTHORITY_FILE).read_bytes())
        key = serialization.load_pem_private_key((directory / AUTHORITY_KEY_FILE).read_bytes(), None)
        authority.verify_directly_issued_by(authority)
    except FileNotFoundError:
        raise ConfigError(
            f"{directory} has {AUTHORITY_FILE} but not its key {AUTHORITY_KEY_FILE}: bring the key, or choose a new "
            "directory for a new authority."
        ) from None
    except (ValueError, TypeError, InvalidSignature) as error:
        raise ConfigError(f"the authority in {directory} cannot be used ({error}): choose a new directory.") from None
    if not isinstance(key, ec.EllipticCurvePrivateKey) or key.public_key() != authority.public_key():
        raise ConfigError(f"{AUTHORITY_KEY_FILE} in {directory} is not the key of {AUTHORITY_FILE}.")
    if authority.not_valid_after_utc <= now:
        raise ConfigError(
            f"the authority in {directory} expired on {authority.not_valid_after_utc:%Y-%m-%d}: "
            "choose a new directory, and renew the certificates everywhere."
        )
    return authority, key


def _certificate(
    role: Role,
    key: ec.EllipticCurvePrivateKey,
    names: Sequence[str],
    days: int,
    now: datetime.datetime,
    authority: x509.Certificate,
    authority_key: ec.EllipticCurvePrivateKey,
) -> x509.Certificate:
    alternatives: list[x509.GeneralName] = [x509.UniformResourceIdentifier(role_uri(role))]
    if role == "manager":
        alternatives += [_general_name(name) for name in dict.fromkeys((*LOCAL_NAMES, *names))]
    uses = [ExtendedKeyUsageOID.CLIENT_AUTH]
    if role != "client":
        # Managers and workers both listen and call; a client only calls.
        uses.append(ExtendedKeyUsageOID.SERVER_AUTH)
    until = min(now + datetime.timedelta(days=days), authority.not_valid_after_utc)
    builder = (
        _builder(_name(f"pyfora {role}"), authority.subject, key, now, until)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_key_usage(signs_certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage(uses), critical=False)
        .add_extension(x509.SubjectAlternativeName(alternatives), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(authority_key.public_key()), critical=False)
    )
    return builder.sign(authority_key, hashes.SHA256())


def _builder(
    subject: x509.Name,
    issuer: x509.Name,
    key: ec.EllipticCurvePrivateKey,
    now: datetime.datetime,
    until: datetime.datetime,
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _BACKDATED)
        .not_valid_after(until)
    )


def _name(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def _general_name(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        pass
    try:
        return x509.DNSName(name)
    except ValueError:
        raise ConfigError(f"{name!r} is no host name or address that a certificate can hold.") from None


def _key_usage(signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        encipher_only=False,
        decipher_only=False,
    )


def _key_pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def _write(path: Path, content: bytes, mode: int) -> None:
    # Under another name first: a daemon that starts meanwhile finds the old file or the new one, never half of one.
    temporary = path.with_name(f".{path.name}.new")
    temporary.unlink(missing_ok=True)
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
    temporary.chmod(mode)
    temporary.replace(path)
