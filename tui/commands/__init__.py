"""The client's subcommands: a group that imports a command when it is asked for."""

from __future__ import annotations

import importlib
from typing import Any

import click

from sync.language import _
from tui.cli import COMMANDS


class LateGroup(click.Group):
    """A group whose commands are imported by name."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        module = COMMANDS.get(cmd_name)
        if module is None:
            return None
        found: dict[str, Any] = vars(importlib.import_module(f"tui.commands.{module}"))
        for name in (cmd_name, f"{cmd_name}_"):  # `import_`, `set_`: Python's own words
            if isinstance(found.get(name), click.Command):
                return _with_user(found[name])
        return None


def _with_user(command: click.Command) -> click.Command:
    """`--user` may stand after the command too; `login` and `ask` have one of their own."""
    for below in getattr(command, "commands", {}).values():
        _with_user(below)
    if not any("--user" in option.opts for option in command.params):
        command.params.append(
            click.Option(["--user"], expose_value=False, callback=_choose, hidden=True)
        )
    return command


def _choose(ctx: click.Context, _option: click.Parameter, user: str | None) -> None:
    if user:
        ctx.obj = user


def _tell_version(context: click.Context, _option: click.Parameter, is_asked: bool) -> None:
    if is_asked and not context.resilient_parsing:
        from sync import tables, version

        click.echo(version.line("cuncao", tables.schema()))
        context.exit()


@click.group(
    cls=LateGroup,
    context_settings={"help_option_names": ["-h", "--help"]},
    help=_("寸草：一个孩子一份档案，没网也能用。不带命令就打开程序。"),
)
@click.option("--user", help=_("几个人共用这台电脑时，说是谁。"))
@click.option(
    "--version", is_flag=True, is_eager=True, expose_value=False, callback=_tell_version,
    help=_("这是哪一版"),
)  # fmt: skip
@click.pass_context
def group(ctx: click.Context, user: str | None) -> None:
    ctx.obj = user
