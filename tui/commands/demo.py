"""demo: the rehearsal county, to look at or played without a screen."""

from __future__ import annotations

import dataclasses
import os
import sys

import click

from sync.language import _
from sync.platform import leave_on_signals
from tui.commands.common import NEEDS_A_PERSON, as_json, emit, guarded, say
from tui.demo import PEOPLE, StoryBroke, play, rehearsal


@click.command(help=_("演练县：真的服务器、三个人的电脑、改到一起的档案。"))
@click.option("--headless", is_flag=True, help=_("不开程序，把故事从头演一遍。"))
@click.option("--as", "person", type=click.Choice(list(PEOPLE)), help=_("以谁的身份打开程序。"))
@as_json
@guarded
def demo(headless: bool, person: str | None, is_json: bool) -> None:
    leave_on_signals()
    try:
        if headless:
            _play(is_json)
        else:
            sys.exit(_open(person))
    except StoryBroke as broke:
        say(_("演练没有走通：{detail}").format(detail=broke))
        raise SystemExit(NEEDS_A_PERSON) from broke


def _play(is_json: bool) -> None:
    story = play(lambda line: say(_(line)))
    data = dataclasses.asdict(story)
    if is_json:
        emit(data)
    else:
        for meeting in story.meetings:
            say(f"{meeting['kind']}  {meeting['field']}  {meeting['values']}  {meeting['authors']}")
        say(_("{n} 处定下来了，三台电脑一样。").format(n=story.resolved))


def _open(person: str | None) -> int:
    """Play up to the meeting, then open the program as one of the three."""
    chosen = PEOPLE[person] if person else _choose()
    with rehearsal(lambda line: say(_(line))) as county:
        county.set_up()
        county.bring_in_rosters()
        county.edit_offline()
        county.meet()
        home = county.home_of(chosen)
        for session in county.sessions.values():
            session.write_card()
            session.close()
        county.sessions.clear()
        say(_("这是演练，随便改；关上后什么都不留。口令已填好。"))
        os.environ["CUNCAO_PASSPHRASE"] = county.passphrase
        from tui.app import run

        return run(home, user=chosen)


def _choose() -> str:
    if not sys.stdin.isatty():
        return PEOPLE["director"]
    people = list(PEOPLE.values())
    say(
        _("以谁的身份看？1 老师 {a}   2 儿童主任 {b}   3 县管理员 {c}").format(
            a=people[0], b=people[1], c=people[2]
        )
    )
    number = click.prompt("", type=click.IntRange(1, 3), default=2, err=True, prompt_suffix="> ")
    return people[number - 1]
