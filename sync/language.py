"""The language people read: Chinese sentences are the message ids, English lives in a catalogue.

`_("还有 {n} 条").format(n=n)` translates when it is called; `N_("在册")` only marks a text that a caller
translates later. Catalogues are made by `python tasks.py messages` and committed, so that nothing
has to be compiled where the program runs.
"""

from __future__ import annotations

import gettext
import os
from functools import lru_cache
from pathlib import Path

LANGUAGES = ("zh", "en")
DOMAIN = "cuncao"
FOLDER = Path(__file__).with_name("locale")

_chosen: str | None = None


def use(lang: str | None) -> None:
    """Speak `lang` from now on; None goes back to what the surroundings ask for.

    Raises:
        ValueError: a language without a catalogue.
    """
    global _chosen
    if lang is not None and lang not in LANGUAGES:
        raise ValueError(f"no catalogue for {lang!r}")
    _chosen = lang


def current() -> str:
    """`zh` or `en`."""
    return _chosen or _asked_for()


def _asked_for() -> str:
    """CUNCAO_LANG, else the locale: English where it says so, Chinese for everything else, C
    too."""
    word = os.environ.get("CUNCAO_LANG", "").strip().lower()
    if not word.startswith(LANGUAGES):
        names = (os.environ.get(name, "") for name in ("LC_ALL", "LC_MESSAGES", "LANG"))
        word = next((name for name in names if name), "").lower() or _locale_of_windows()
    return "en" if word.startswith("en") else "zh"


@lru_cache(maxsize=1)
def _locale_of_windows() -> str:
    """What Windows calls the user's language (`English_United Kingdom`); elsewhere nothing."""
    if os.name != "nt":
        return ""
    import locale

    return (locale.getlocale()[0] or "").lower()


@lru_cache(maxsize=len(LANGUAGES))
def _catalogue(lang: str) -> gettext.NullTranslations:
    """One language's messages, read once. A missing file leaves the Chinese, which is readable."""
    return gettext.translation(DOMAIN, FOLDER, [lang], fallback=True)


def _(message: str) -> str:
    """`message` in the language of the moment."""
    return _catalogue(current()).gettext(message) if message else ""


def ngettext(singular: str, plural: str, n: int) -> str:
    """The form that belongs to `n`: `ngettext("{n} 条", "{n} 条", n).format(n=n)`."""
    return _catalogue(current()).ngettext(singular, plural, n)


def N_(message: str) -> str:  # noqa: N802 - the name every gettext program gives it
    """Marks a text for the catalogue and returns it as it is; whoever shows it calls `_`."""
    return message
