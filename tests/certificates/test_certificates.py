"""Certificates are made, kept from others, renewed, and found bad in words."""

from __future__ import annotations

import datetime
import shutil
from pathlib import Path

import pytest
from cryptography import x509

from pyfora.certificates.checking import find_certificates, uris_of
from pyfora.certificates.making import make_certificates
from pyfora.certificates.roles import ROLES
from pyfora.cli import main
from pyfora.configuration.machine import this_machine
from pyfora.configuration.reading import ConfigError

NOW = datetime.datetime(2030, 1, 1, tzinfo=datetime.UTC)
DAY = datetime.timedelta(days=1)


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    make_certificates(tmp_path / "tls", ["manager.example.org", "198.18.0.1"], 90, NOW)
    return tmp_path / "tls"


def problem(directory: Path, now: datetime.datetime = NOW) -> str:
    with pytest.raises(ConfigError) as caught:
        find_certificates(directory, "worker", this_machine(), now)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_each_role_has_a_certificate_and_a_key_of_its_own(directory: Path) -> None:
    assert directory.stat().st_mode & 0o777 == 0o700
    keys = set()
    for role in ROLES:
        found = find_certificates(directory, role, this_machine(), NOW)
        assert found.notice == ""
        assert found.key.stat().st_mode & 0o777 == 0o600
        keys.add(found.key.read_bytes())
        assert uris_of(x509.load_pem_x509_certificate(found.certificate.read_bytes())) == [f"pyfora:{role}"]
    assert len(keys) == 3 and (directory / "ca.key").stat().st_mode & 0o777 == 0o600


def test_the_manager_has_names_for_browsers(directory: Path) -> None:
    certificate = x509.load_pem_x509_certificate((directory / "manager.pem").read_bytes())
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["localhost", "manager.example.org"]
    assert [str(address) for address in names.get_values_for_type(x509.IPAddress)] == [
        "127.0.0.1",
        "::1",
        "198.18.0.1",
    ]


def test_an_authority_that_is_there_is_used_again(directory: Path) -> None:
    authority, worker = (directory / "ca.pem").read_bytes(), (directory / "worker.pem").read_bytes()
    made = make_certificates(directory, [], 90, NOW + 30 * DAY)
    assert "ca.pem" not in made and "worker.key" in made
    assert (directory / "ca.pem").read_bytes() == authority and (directory / "worker.pem").read_bytes() != worker
    find_certificates(directory, "worker", this_machine(), NOW + 31 * DAY)


def test_expiry_is_told_before_and_after(directory: Path) -> None:
    found = find_certificates(directory, "worker", this_machine(), NOW + 80 * DAY)
    assert "expires on 2030-04-01, in 10 days: renew it" in found.notice
    assert "expired on 2030-04-01: renew it" in problem(directory, NOW + 91 * DAY)
    assert "set this machine's clock" in problem(directory, NOW - DAY)


def test_a_certificate_never_outlives_its_authority(directory: Path) -> None:
    make_certificates(directory, [], 3650, NOW + 3000 * DAY)
    ends = {
        x509.load_pem_x509_certificate((directory / name).read_bytes()).not_valid_after_utc
        for name in ("ca.pem", "worker.pem")
    }
    assert len(ends) == 1
    with pytest.raises(ConfigError, match=r"the authority in .* expired on"):
        make_certificates(directory, [], 90, NOW + 3651 * DAY)


def test_what_cannot_be_used_is_said(directory: Path, tmp_path: Path) -> None:
    make_certificates(tmp_path / "other", [], 90, NOW)
    key = directory / "worker.key"
    key.chmod(0o644)
    assert "can be read or changed by other users (mode 0644): chmod 600" in problem(directory)
    key.chmod(0o600)
    shutil.copy(directory / "client.pem", directory / "worker.pem")
    assert "is not the key of" in problem(directory)
    shutil.copy(directory / "client.key", key)
    assert "is the certificate of a client, not of a worker" in problem(directory)
    for name in ("worker.pem", "worker.key"):
        shutil.copy(tmp_path / "other" / name, directory / name)
    assert "was not made by the authority" in problem(directory)
    (directory / "worker.pem").write_text("no certificate")
    assert "is no certificate" in problem(directory)
    (directory / "worker.pem").unlink()
    assert "cannot be read: No such file" in problem(directory)


def test_an_authority_without_its_key_makes_nothing(directory: Path) -> None:
    (directory / "ca.key").unlink()
    with pytest.raises(ConfigError, match=r"has ca\.pem but not its key"):
        make_certificates(directory, [], 90, NOW)


def test_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["certs", str(tmp_path / "tls"), "--name", "manager.example.org"]) == 0
    assert "Keep ca.key somewhere else" in capsys.readouterr().out
    assert main(["certs", str(tmp_path / "tls"), "--days", "0"]) == 1
    assert main(["certs", str(tmp_path / "tls"), "--name", "é"]) == 1
    assert "no host name or address" in capsys.readouterr().err
    assert (
        find_certificates(tmp_path / "tls", "client", this_machine(), datetime.datetime.now(datetime.UTC)).notice == ""
    )
