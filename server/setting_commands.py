"""The commands for what holds for every laptop of the county."""

from __future__ import annotations

import click

from server.commands import JSON, open_desk, print_json, print_rows, say
from sync.language import _


@click.group(help=_("县里的设定，每台电脑下次收发时得到"))
def settings() -> None:
    pass


@settings.command("list", help=_("列出每项设定"))
@JSON
def settings_list(as_json: bool) -> None:
    from server.settings import settings_of

    with open_desk() as desk:
        held = settings_of(desk)
    if as_json:
        print_json([
            {
                "name": s.name,
                "value": value,
                "default": s.default,
                "least": s.least,
                "most": s.most,
                "label": _(s.label),
            }
            for s, value in held
        ])
        return
    print_rows([(s.name, value, _(s.label)) for s, value in held])


@settings.command("set", help=_("改一项设定"))
@click.argument("name")
@click.argument("value")
def settings_set(name: str, value: str) -> None:
    from server import window
    from server.settings import put_setting

    with open_desk() as desk:
        now = put_setting(desk, name, value)
        window.move(desk)  # at once, if it was the number of months
    say(_("{name} 现在是 {value}；每台电脑下次收发时得到。").format(name=name, value=now))
