"""A directory of certificates, looked at before it is used."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization

from pyfora.certificates.roles import AUTHORITY_FILE, ROLES, Role, certificate_file, key_file, role_uri
from pyfora.configuration.machine import Machine
from pyfora.configuration.reading import ConfigError
from pyfora.configuration.secrets import refuse_open_secret

EXPIRES_SOON = datetime.timedelta(days=30)


@dataclass(frozen=True)
class Certificates:
    """The files of one role, found good; `notice` is a line for the log, or empty."""

    role: Role
    authority: Path
    certificate: Path
    key: Path
    notice: str


def find_certificates(directory: Path, role: Role, machine: Machine, now: datetime.datetime) -> Certificates:
    """The certificates of `role` in `directory`. Raises ConfigError where they cannot be used, with what to do."""
    authority = _read_certificate(directory / AUTHORITY_FILE, machine)
    path, key_path = directory / certificate_file(role), directory / key_file(role)
    certificate = _read_certificate(path, machine)
    try:
        key = machine.read_file(key_path)
    except OSError as error:
        raise ConfigError(f"the key {key_path} cannot be read: {error.strerror}.") from None
    refuse_open_secret(key, f"the key {key_path}", str(key_path), machine.user)
    try:
        public_key = serialization.load_pem_private_key(key.content, None).public_key()
    except (ValueError, TypeError) as error:
        raise ConfigError(f"the key {key_path} is none ({error}): make it anew with `pyfora certs`.") from None
    if public_key != certificate.public_key():
        raise ConfigError(f"{key_path} is not the key of {path}: put the two that were made together there.")
    try:
        certificate.verify_directly_issued_by(authority)
    except (ValueError, TypeError, InvalidSignature):
        raise ConfigError(
            f"{path} was not made by the authority {directory / AUTHORITY_FILE}: use the files of one `pyfora certs`."
        ) from None
    if role_uri(role) not in uris_of(certificate):
        found = [other for other in ROLES if role_uri(other) in uris_of(certificate)]
        raise ConfigError(f"{path} is the certificate of a {found[0] if found else 'stranger'}, not of a {role}.")
    for what, one in ((authority, directory / AUTHORITY_FILE), (certificate, path)):
        _refuse_expired(what, one, now)
    left = certificate.not_valid_after_utc - now
    notice = ""
    if left < EXPIRES_SOON:
        notice = (
            f"{path} expires on {certificate.not_valid_after_utc:%Y-%m-%d}, in {left.days} days: renew it with "
            "`pyfora certs`, where the authority's key is."
        )
    return Certificates(role, directory / AUTHORITY_FILE, path, key_path, notice)


def _read_certificate(path: Path, machine: Machine) -> x509.Certificate:
    try:
        return x509.load_pem_x509_certificate(machine.read_file(path).content)
    except OSError as error:
        raise ConfigError(
            f"the certificate {path} cannot be read: {error.strerror}. UFORA_TLS_DIR names a directory that "
            "`pyfora certs DIR` has made, or its files for this role."
        ) from None
    except ValueError as error:
        raise ConfigError(f"{path} is no certificate ({error}): make it anew with `pyfora certs`.") from None


def uris_of(certificate: x509.Certificate) -> list[str]:
    """The URIs among its alternative names."""
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return []
    return names.get_values_for_type(x509.UniformResourceIdentifier)


def _refuse_expired(certificate: x509.Certificate, path: Path, now: datetime.datetime) -> None:
    if certificate.not_valid_after_utc <= now:
        raise ConfigError(
            f"the certificate {path} expired on {certificate.not_valid_after_utc:%Y-%m-%d}: renew it with "
            "`pyfora certs`, where the authority's key is."
        )
    if certificate.not_valid_before_utc > now:
        raise ConfigError(
            f"the certificate {path} is valid from {certificate.not_valid_before_utc:%Y-%m-%d %H:%M} UTC on, which is "
            "yet to come: set this machine's clock."
        )
