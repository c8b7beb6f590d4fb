"""Text that comes in as bytes: passwords, passphrase files, values piped in from whatever
console."""

from __future__ import annotations

ENCODINGS = ("utf-8-sig", "gb18030")
"""A Chinese Windows console pipes GBK; what is no UTF-8 is read as that, never with replaced
characters."""


def text_of(raw: bytes) -> str:
    """The text of `raw`.

    Raises:
        UnicodeDecodeError: it is text in neither encoding.
    """
    try:
        return raw.decode(ENCODINGS[0])
    except UnicodeDecodeError:
        return raw.decode(ENCODINGS[1])


def line_of(raw: bytes) -> str:
    """The text of one line without its end; blanks stay."""
    return text_of(raw).removesuffix("\n").removesuffix("\r")


def is_unicode(encoding: str | None) -> bool:
    """True for a stream that takes every character and that every reader of JSON expects."""
    return (encoding or "").lower().replace("_", "-") in ("utf-8", "utf8")
