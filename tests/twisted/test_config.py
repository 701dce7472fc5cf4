"""The environment in, a configuration or one clear line out."""

from __future__ import annotations

from pathlib import Path

import pytest

from pyfora_twisted.config import Config, ConfigError, read_config


def read(**environ: str) -> Config:
    return read_config({"HOME": "/home/me", **environ}, read_token=tokens, is_writable=writable, cores=3)


def tokens(path: Path) -> bytes:
    if path.name == "good":
        return b" secret\n"
    if path.name == "empty":
        return b"\n"
    raise FileNotFoundError(2, "No such file or directory")


def writable(path: Path) -> bool:
    return str(path).startswith("/home/me") or str(path) == "/data"


def test_nothing_set_is_a_manager_with_a_worker_on_loopback() -> None:
    config = read()
    assert (config.run_manager, config.run_worker) == (True, True)
    assert (config.http_port, config.manager_port, config.base_port) == (30000, 30002, 30009)
    assert (config.bind_address, config.own_address, config.manager_address) == ("127.0.0.1",) * 3
    assert config.cores == 3 and config.token == b""
    assert config.data_dir == Path("/home/me/.local/share/ufora")
    assert len(config.notices) == 1 and "UFORA_TOKEN_FILE" in config.notices[0]


def test_a_token_opens_the_daemon() -> None:
    config = read(UFORA_TOKEN_FILE="/x/good")
    assert (config.token, config.bind_address, config.own_address, config.notices) == (b"secret", "0.0.0.0", "", ())


def test_an_open_daemon_without_a_token_is_warned_about() -> None:
    config = read(UFORA_BIND_ADDRESS="0.0.0.0")
    assert config.bind_address == "0.0.0.0" and "run code" in config.notices[0]
    assert config.manager_address == "127.0.0.1"


def test_worker_only_and_manager_only() -> None:
    worker = read(UFORA_MANAGER_ADDRESS="boss")
    assert (worker.run_manager, worker.run_worker, worker.manager_address) == (False, True, "boss")
    manager = read(UFORA_NO_WORKER="1")
    assert (manager.run_manager, manager.run_worker) == (True, False)


@pytest.mark.parametrize(
    ("environ", "said"),
    [
        ({"UFORA_WEB_PORT": "1"}, "did you mean UFORA_WEB_HTTP_PORT"),
        ({"UFORA_MANAGER_ADDRESS": "boss", "UFORA_NO_WORKER": "1"}, "unset one of the two"),
        ({"UFORA_NO_WORKER": "yes"}, "set it to 1"),
        ({"UFORA_WEB_HTTP_PORT": "0"}, "from 1 to 65535"),
        ({"UFORA_WEB_HTTP_PORT": "x"}, "from 1 to 65535"),
        ({"UFORA_WORKER_BASE_PORT": "65535"}, "from 1 to 65534"),
        ({"UFORA_MANAGER_PORT": "30010"}, "both port 30010"),
        ({"UFORA_WORKER_CORES": "0"}, "from 1 to 1024"),
        ({"UFORA_TLS_DIR": "/tls"}, "not there yet"),
        ({"UFORA_WORKER_MEMORY_MB": "1"}, "not there yet"),
        ({"UFORA_WORKER_DISK_MB": "1"}, "not there yet"),
        ({"UFORA_TOKEN_FILE": "/x/none"}, "No such file"),
        ({"UFORA_TOKEN_FILE": "/x/empty"}, "is empty"),
        ({"UFORA_BIND_ADDRESS": "here"}, "no IP address"),
        ({"UFORA_LOG_LEVEL": "loud"}, "debug, info, warn, error"),
        ({"UFORA_DATA_DIR": "/etc/x"}, "cannot be written"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(environ: dict[str, str], said: str) -> None:
    with pytest.raises(ConfigError) as caught:
        read(**environ)
    text = str(caught.value)
    assert said in text and "\n" not in text and text.endswith(".")
