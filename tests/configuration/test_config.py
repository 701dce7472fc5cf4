"""Variables, a file and defaults in, a configuration or one clear line out."""

from __future__ import annotations

import errno
import re
from pathlib import Path

import pytest

from pyfora.cli import main
from pyfora.configuration.config import Config, read_config
from pyfora.configuration.machine import FileFound, Machine, this_machine
from pyfora.configuration.reading import CONFIG_FILE, ConfigError
from pyfora.configuration.shown import config_text
from pyfora.configuration.table import SETTINGS

USER = 1000
ROOT = Path(__file__).parents[2]
SECRET = FileFound(b" s3cret\n")
FILES = {
    "/x/good": SECRET,
    "/x/group": FileFound(b"s3cret", 0o640),
    "/x/mine": FileFound(b"s3cret", 0o400, USER),
    "/x/theirs": FileFound(b"s3cret", 0o600, 1001),
    "/x/world": FileFound(b"s3cret", 0o644),
    "/x/writable": FileFound(b"s3cret", 0o660),
    "/x/empty": FileFound(b"\n"),
    "/x/lines": FileFound(b"one\ntwo\n"),
    "/x/long": FileFound(b"x" * 5000),
    "/credentials/token": FileFound(b"of-systemd", 0o440, 0),
}


def machine(files: dict[str, FileFound]) -> Machine:
    def read_file(path: Path) -> FileFound:
        if str(path) == "/x/forbidden":
            raise PermissionError(errno.EACCES, "Permission denied")
        if str(path) not in files:
            raise FileNotFoundError(errno.ENOENT, "No such file or directory")
        return files[str(path)]

    return Machine(read_file, writable, 3, USER, ("box", "box.example.org"))


def writable(path: Path) -> bool:
    return str(path).startswith("/home/me") or str(path) == "/data"


def read(toml: str = "", mode: int = 0o644, owner: int = 0, **environ: str) -> Config:
    files = FILES | ({CONFIG_FILE: FileFound(toml.encode(), mode, owner)} if toml else {})
    return read_config({"HOME": "/home/me", **environ}, machine(files))


def test_nothing_set_is_a_manager_with_a_worker_on_loopback() -> None:
    config = read()
    assert (config.run_manager, config.run_worker) == (True, True)
    assert (config.http_port, config.manager_port, config.base_port) == (30000, 30002, 30009)
    assert (config.bind_address, config.own_address, config.manager_address) == ("127.0.0.1",) * 3
    assert config.cores == 3 and config.token == b"" and config.tls_dir is None
    assert (config.memory_bytes, config.disk_bytes) == (None, None)
    assert config.data_dir == Path("/home/me/.local/share/ufora")
    assert len(config.notices) == 1 and "UFORA_TOKEN_FILE" in config.notices[0] and "\n" not in config.notices[0]


def test_a_token_opens_the_daemon() -> None:
    config = read(UFORA_TOKEN_FILE="/x/good")
    assert (config.token, config.bind_address, config.own_address) == (b"s3cret", "0.0.0.0", "")
    assert "no TLS" in config.notices[0]
    assert "s3cret" not in repr(config)


def test_certificates_open_the_daemon() -> None:
    config = read(UFORA_TLS_DIR="/tls")
    assert (config.tls_dir, config.bind_address, config.notices) == (Path("/tls"), "0.0.0.0", ())


def test_an_open_daemon_without_a_token_is_warned_about() -> None:
    config = read(UFORA_BIND_ADDRESS="0.0.0.0")
    assert config.bind_address == "0.0.0.0" and "run code" in config.notices[0]
    assert config.manager_address == "127.0.0.1"


def test_worker_only_and_manager_only() -> None:
    worker = read(UFORA_MANAGER_ADDRESS="boss")
    assert (worker.run_manager, worker.run_worker, worker.manager_address) == (False, True, "boss")
    manager = read(UFORA_NO_WORKER="1")
    assert (manager.run_manager, manager.run_worker) == (True, False)


def test_variables_then_the_file_then_defaults() -> None:
    toml = (
        'web_http_port = 1234\nmanager_port = 4321\nno_worker = true\nlog_level = "debug"\nweb_hosts = ["A.b", "c"]\n'
    )
    config = read(toml, UFORA_MANAGER_PORT="5000", UFORA_LOG_LEVEL="")
    assert (config.http_port, config.manager_port, config.base_port) == (1234, 5000, 30009)
    assert not config.run_worker and config.log_level == "debug"
    assert config.host_names[:3] == ("a.b", "c", "box")


def test_shares_in_bytes() -> None:
    config = read(UFORA_WORKER_MEMORY_MB="64", UFORA_WORKER_DISK_MB="16")
    assert (config.memory_bytes, config.disk_bytes) == (64 << 20, 16 << 20)


@pytest.mark.parametrize(
    ("environ", "toml", "token"),
    [
        ({"UFORA_TOKEN": "own"}, "", b"own"),
        ({"UFORA_TOKEN": "own", "CREDENTIALS_DIRECTORY": "/credentials"}, "token_file = '/x/good'", b"own"),
        ({"UFORA_TOKEN_FILE": "/x/group"}, "", b"s3cret"),
        ({"UFORA_TOKEN_FILE": "/x/mine"}, "", b"s3cret"),
        ({"UFORA_TOKEN_FILE": "/x/good", "CREDENTIALS_DIRECTORY": "/credentials"}, "", b"s3cret"),
        ({"CREDENTIALS_DIRECTORY": "/credentials"}, "token_file = '/x/good'", b"of-systemd"),
        ({"CREDENTIALS_DIRECTORY": "/elsewhere"}, "token_file = '/x/good'", b"s3cret"),
        ({}, "token_file = '/x/good'", b"s3cret"),
    ],
)
def test_where_the_token_comes_from(environ: dict[str, str], toml: str, token: bytes) -> None:
    assert read(toml, **environ).token == token


@pytest.mark.parametrize(
    ("environ", "said"),
    [
        ({"UFORA_WEB_PORT": "1"}, "did you mean UFORA_WEB_HTTP_PORT"),
        ({"UFORA_MANAGER_ADDRESS": "boss", "UFORA_NO_WORKER": "1"}, "unset one of the two"),
        ({"UFORA_NO_WORKER": "yes"}, "set it to 1"),
        ({"UFORA_WEB_HTTP_PORT": "0"}, "from 1 to 65535"),
        ({"UFORA_WEB_HTTP_PORT": "x"}, "UFORA_WEB_HTTP_PORT='x' is no port"),
        ({"UFORA_WORKER_BASE_PORT": "65535"}, "from 1 to 65534"),
        ({"UFORA_MANAGER_PORT": "30010"}, "both port 30010"),
        ({"UFORA_WORKER_CORES": "0"}, "from 1 to 1024"),
        ({"UFORA_WORKER_MEMORY_MB": "1"}, "from 64 to"),
        ({"UFORA_WORKER_DISK_MB": "none"}, "from 16 to"),
        ({"UFORA_TOKEN": "a b"}, "visible ASCII"),
        ({"UFORA_TOKEN": "a", "UFORA_TOKEN_FILE": "/x/good"}, "unset one of the two"),
        ({"UFORA_TOKEN_FILE": "/x/none"}, "No such file"),
        ({"UFORA_TOKEN_FILE": "/x/forbidden"}, "Permission denied"),
        ({"UFORA_TOKEN_FILE": "/x/empty"}, "is empty"),
        ({"UFORA_TOKEN_FILE": "/x/long"}, "5,000 bytes"),
        ({"UFORA_TOKEN_FILE": "/x/lines"}, "visible ASCII"),
        ({"UFORA_TOKEN_FILE": "/x/world"}, "mode 0644): chmod 600 /x/world"),
        ({"UFORA_TOKEN_FILE": "/x/writable"}, "mode 0660"),
        ({"UFORA_TOKEN_FILE": "/x/theirs"}, "belongs to another user (uid 1001)"),
        ({"UFORA_BIND_ADDRESS": "here"}, "no IP address"),
        ({"UFORA_LOG_LEVEL": "loud"}, "debug, info, warn, error"),
        ({"UFORA_LOG_FORMAT": "xml"}, "text, json"),
        ({"UFORA_WEB_HOSTS": "a, http://b"}, "'http://b'"),
        ({"UFORA_DATA_DIR": "/etc/x"}, "cannot be written"),
        ({"UFORA_CONFIG_FILE": "/x/none.toml"}, "UFORA_CONFIG_FILE='/x/none.toml': No such file"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(environ: dict[str, str], said: str) -> None:
    with pytest.raises(ConfigError) as caught:
        read(**environ)
    text = str(caught.value)
    assert said in text and "\n" not in text and text.endswith((".", "?", ")."))
    assert "s3cret" not in text


@pytest.mark.parametrize(
    ("toml", "said"),
    [
        ("web_port = 1", "web_port in /etc/pyfora/pyfora.toml is not a setting of pyfora: did you mean web_http_port?"),
        ("UFORA_WEB_HTTP_PORT = 1", "did you mean web_http_port?"),
        ("token = 's3cret'", "no place in a file that others may read"),
        ("web_http_port = 70000", "web_http_port='70000' in /etc/pyfora/pyfora.toml is no port"),
        ("web_http_port = 1.5", "is a float"),
        ("web_http_port = ", "is no TOML"),
        ("web_http_port = " + "9" * 5000, "is no TOML"),
        ("web_http_port = " + "[" * 100_000, "is no TOML"),
        ("web_http_port = nan", "is a float"),
        ("worker_own_address = '[::1]'", "is no host name or address"),
        ("no_worker = true\nmanager_address = 'boss'", "no_worker='1' in /etc/pyfora/pyfora.toml forbids one"),
        ("[manager]\nweb_http_port = 1", "manager in /etc/pyfora/pyfora.toml is not a setting"),
    ],
)
def test_what_is_wrong_in_the_file_is_said_in_one_line(toml: str, said: str) -> None:
    with pytest.raises(ConfigError) as caught:
        read(toml)
    assert said in str(caught.value) and "\n" not in str(caught.value)
    assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize(("mode", "owner"), [(0o646, 0), (0o644, 1001)])
def test_a_file_that_others_can_change_is_refused(mode: int, owner: int) -> None:
    with pytest.raises(ConfigError, match="can be changed by other users"):
        read("log_level = 'debug'", mode, owner)


def test_what_is_in_force_and_where_it_came_from() -> None:
    files = FILES | {CONFIG_FILE: FileFound(b"web_http_port = 1234\n")}
    environ = {"HOME": "/home/me", "UFORA_TOKEN_FILE": "/x/good", "UFORA_WORKER_CORES": "2"}
    text = config_text(environ, machine(files))
    rows = {line.split("  ")[0]: re.split(r"  +", line)[1:] for line in text.splitlines()}
    assert rows["web_http_port"] == ["1234", CONFIG_FILE]
    assert rows["worker_cores"] == ["2", "UFORA_WORKER_CORES"]
    assert rows["manager_port"] == ["30002", "default"]
    assert rows["bind_address"] == ["0.0.0.0", "default"]
    assert rows["token"] == ["set, not shown", "/x/good (UFORA_TOKEN_FILE)"]
    assert set(rows) >= {setting.name for setting in SETTINGS}
    assert "s3cret" not in text
    assert "s3cret" not in config_text({"HOME": "/home/me", "UFORA_TOKEN": "s3cret"}, machine({}))


def test_the_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    token, file = tmp_path / "token", tmp_path / "pyfora.toml"
    token.write_text("c4nary\n")
    file.write_text(f"token_file = '{token}'\ndata_dir = '{tmp_path}'\n")
    monkeypatch.setenv("UFORA_CONFIG_FILE", str(file))
    token.chmod(0o644)
    assert main(["config"]) == 1
    assert "mode 0644" in capsys.readouterr().err
    token.chmod(0o600)
    assert main(["config"]) == 0
    said = capsys.readouterr().out
    assert f"{token} ({file})" in said and "c4nary" not in said


def test_this_machine(tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(b"abc")
    (tmp_path / "f").chmod(0o640)
    here = this_machine()
    assert here.read_file(tmp_path / "f") == FileFound(b"abc", 0o640, here.user)
    assert here.is_writable(tmp_path / "new" / "deeper") and not here.is_writable(tmp_path / "f" / "below")


def test_the_readme_has_every_variable() -> None:
    readme = (ROOT / "README.md").read_text()
    assert [s.variable for s in SETTINGS if f"| `{s.variable}` |" not in readme] == []
