"""`cuncao-server run`: the application behind uvicorn, on a socket opened before anything is
promised."""

from __future__ import annotations

import gc
import os
import socket
import ssl
import sys
from pathlib import Path

import uvicorn

from schema.problems import InvalidValue, Problem
from server.app import make_app
from server.home import Home
from sync.platform import give_back_memory


class _Server(uvicorn.Server):
    """Says where it listens once it does."""

    address = ""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            sys.stdout.write(f"listening on {self.address}\n")
            sys.stdout.flush()


def run(home: Home, host: str, port: int, certificate: Path | None, key: Path | None) -> None:
    """Serve until told to stop.

    Raises:
        InvalidValue: the address is taken or no address here, or the certificate cannot be used.
    """
    if certificate is not None and key is not None:
        _check_certificate(certificate, key)
    config = uvicorn.Config(
        make_app(home),
        host=host,
        port=port,
        ssl_certfile=certificate,
        ssl_keyfile=key,
        access_log=False,
        log_level="warning",
        date_header=False,
        server_header=False,
        timeout_keep_alive=120,  # a laptop that syncs every minute keeps its line
        timeout_graceful_shutdown=10,
    )
    # Else an empty sync waits 5 ms a step for a push being merged.
    sys.setswitchinterval(0.0007)
    # What is loaded stays; what requests make has no cycles. Looking for some after every 700 new
    # objects took 15 % of a big push, and stopped everybody for 40 ms.
    gc.freeze()
    give_back_memory()
    gc.set_threshold(50_000, 20, 100)
    listener = _listen(host, port)
    server = _Server(config)
    scheme = "https" if certificate else "http"
    shown = f"[{host}]" if ":" in host else host
    server.address = f"{scheme}://{shown}:{listener.getsockname()[1]}"
    server.run(sockets=[listener])


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # The protocol is named: asyncio switches Nagle's waiting off only where it is, and an answer in
    # two pieces then took 40 ms longer (measured).
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        if os.name == "posix":  # elsewhere it would let two servers share a port
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(1024)
        return listener
    except (OSError, OverflowError) as error:
        listener.close()
        raise InvalidValue(
            Problem(
                "cannot_listen",
                "用不了地址 {host} 端口 {port}：可能别的程序占着。",
                args=(("host", host), ("port", str(port))),
            )
        ) from error


def _check_certificate(certificate: Path, key: Path) -> None:
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(certificate, key)
    except (OSError, ssl.SSLError) as error:
        raise InvalidValue(
            Problem("certificate", "证书或它的私钥不能用。请检查 --tls-cert 和 --tls-key。")
        ) from error
