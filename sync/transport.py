"""How requests reach the county's server: httpx, kept open, with only the headers that are
needed."""

from __future__ import annotations

import ipaddress
import json
from typing import Any, Protocol
from urllib.parse import urlsplit

from sync.platform import give_back_memory
from sync.protocol import MAX_BODY, MEDIA_PLAIN, PROTOCOL

TIMEOUT_S = 30.0


class Offline(Exception):
    """The server could not be reached, or the line broke. Nothing is lost; try again."""

    def __init__(
        self, reason: str = "", *, retry_after: float = 0.0, is_broken: bool = False
    ) -> None:
        super().__init__(reason)
        self.retry_after = retry_after
        """Seconds for which the server asked to be left alone."""
        self.is_broken = is_broken
        """True when the server was there and the line broke: worth another try at once."""


class Cut(Offline):
    """The line broke while a message was under way: a shorter one may pass."""


class Rejected(Exception):
    """The server refuses us. `code`: login, revoked, inspector, throttled, protocol, insecure, …"""

    def __init__(self, code: str, detail: str = "", retry_after: float = 0.0) -> None:
        super().__init__(f"{code} {detail}".strip())
        self.code = code
        self.detail = detail
        self.retry_after = retry_after
        self.body: dict[str, Any] = {}


class Transport(Protocol):
    """Carries one request. Raises `Offline`, `Cut` or `Rejected`."""

    def post(self, path: str, body: bytes, media: str, token: str = "") -> tuple[bytes, str]: ...


def is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def check_address(url: str, *, insecure: bool = False) -> str:
    """The server's address without a trailing slash.

    Raises:
        Rejected: plain http to another machine, unless `insecure`.
    """
    try:
        parts = urlsplit(url)
        is_known = parts.scheme in ("http", "https") and parts.port != 0
    except ValueError:  # a bracket missing, a port beyond 65535
        raise Rejected("address", url) from None
    if not is_known or not parts.hostname:
        raise Rejected("address", url)
    if parts.scheme == "http" and not insecure and not is_loopback(parts.hostname):
        raise Rejected("insecure", url)
    return url.rstrip("/")


LONGEST_RETRY_S = 86_400.0
"""A day: what a server or a box in between asks for beyond that is a slip."""


def retry_after(text: str, date: str = "") -> float:
    """Seconds that a Retry-After header asks for, as a number or as a date; 0 when it says
    nothing. `date`: the answer's own Date, as a laptop's clock may be off by years."""
    from email.utils import parsedate_to_datetime

    try:
        seconds = float(text)
    except ValueError:
        try:
            now = parsedate_to_datetime(date)
            seconds = (parsedate_to_datetime(text) - now).total_seconds()
        except (ValueError, TypeError):
            return 0.0
    return min(max(seconds, 0.0), LONGEST_RETRY_S) if seconds == seconds else 0.0


class HttpTransport:
    """The real line. Making the first client costs 34 ms and importing httpx 117, hence both
    late."""

    may_run_beside = True
    """A request may be sent from a thread while the answer before it is applied."""

    def __init__(self, url: str, *, insecure: bool = False, verify: Any = True) -> None:
        self.url = check_address(url, insecure=insecure)
        self._verify = verify
        self._client: Any = None
        self.bytes_up = 0
        self.bytes_down = 0

    def _open(self) -> Any:
        if self._client is None:
            import httpx

            give_back_memory()
            verify = self._verify if self.url.startswith("https") else False
            self._client = httpx.Client(timeout=TIMEOUT_S, verify=verify, trust_env=False)
            self._client.headers.clear()
        return self._client

    def close(self) -> None:
        if self._client is not None:
            self._client.close()
            self._client = None

    def post(self, path: str, body: bytes, media: str, token: str = "") -> tuple[bytes, str]:
        return self._ask("POST", path, body, {"content-type": media}, token)

    def get(self, path: str, token: str = "") -> tuple[bytes, str]:
        return self._ask("GET", path, b"", {}, token)

    def _ask(
        self, method: str, path: str, body: bytes, headers: dict[str, str], token: str
    ) -> tuple[bytes, str]:
        import httpx

        if token:
            headers["authorization"] = f"Bearer {token}"
        try:
            with self._open().stream(
                method, self.url + path, content=body, headers=headers
            ) as answer:
                content = self._read(answer)
        except (httpx.HTTPError, OSError) as error:
            self.close()
            is_untrusted = "CERTIFICATE_VERIFY_FAILED" in str(error)
            is_broken = isinstance(
                error, (httpx.ReadError, httpx.WriteError, httpx.RemoteProtocolError)
            )
            is_silent = isinstance(error, (httpx.ReadTimeout, httpx.WriteTimeout))
            reason = "certificate" if is_untrusted else type(error).__name__
            raise (Cut if is_broken or is_silent else Offline)(
                reason, is_broken=is_broken
            ) from error
        self.bytes_up += len(body)
        self.bytes_down += len(content)
        if answer.status_code == 200:
            return content, answer.headers.get("content-type", MEDIA_PLAIN)
        raise self._refusal(answer, content)

    def _read(self, answer: Any) -> bytes:
        """The body as it travels, nothing unpacked that nobody asked for.

        Raises:
            Rejected: `answer_large`, found while reading.
        """
        parts: list[bytes] = []
        size = 0
        for part in answer.iter_raw():
            size += len(part)
            if size > MAX_BODY:
                raise Rejected("answer_large")
            parts.append(part)
        return b"".join(parts)

    def _refusal(self, answer: Any, content: bytes) -> Exception:
        try:
            body = json.loads(content)
        except (ValueError, RecursionError):
            body = {}
        code = str(body.get("error", "")) if isinstance(body, dict) else ""
        wait = retry_after(answer.headers.get("retry-after", ""), answer.headers.get("date", ""))
        if answer.status_code >= 500 or not code:
            return Offline(f"HTTP {answer.status_code}", retry_after=wait, is_broken=True)
        refusal = Rejected(code, str(body.get("message", "")))
        refusal.retry_after = wait
        refusal.body = body
        if code == "protocol" and max(body.get("speaks") or [PROTOCOL]) < PROTOCOL:
            refusal.code = "protocol_server"  # it is the server that is to be updated
        return refusal
