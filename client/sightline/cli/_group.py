"""A command group that also holds the commands of other installed distributions."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from importlib.metadata import EntryPoint, entry_points
from typing import Any

import click

from sightline.cli._errors import INTERRUPTED, CommandUnavailable, exit_code_of, show
from sightline.errors import SightlineError

ENTRY_POINT_GROUP = "sightline.commands"


class CommandGroup(click.Group):
    """Its own commands come first; an entry point cannot replace one of them.

    An entry point is loaded when its command is used or listed. One that cannot be loaded stays in the list, with the
    reason, and does not disturb the others.
    """

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted({*self.commands, *(each.name for each in _found())})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        own = super().get_command(ctx, cmd_name)
        if own is not None:
            return own
        found = next((each for each in _found() if each.name == cmd_name), None)
        return None if found is None else _load(found)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        name = args[0]
        names = self.list_commands(ctx)
        if name not in names and not name.startswith("-"):
            near = difflib.get_close_matches(name, names, n=1)
            advice = f"Did you mean {near[0]!r}?" if near else "See 'sightline --help' for all commands."
            raise click.UsageError(f"No such command {name!r}. {advice}", ctx)
        return super().resolve_command(ctx, args)

    def invoke(self, ctx: click.Context) -> object:
        try:
            return super().invoke(ctx)
        except SightlineError as exc:
            show(exc)
            ctx.exit(exit_code_of(exc))
        except KeyboardInterrupt:
            click.echo("Interrupted.", err=True)
            ctx.exit(INTERRUPTED)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        sections: dict[str, list[tuple[str, click.Command]]] = {}
        origins = {each.name: f"Commands of {each.dist.name}" for each in _found() if each.dist is not None}
        for name in self.list_commands(ctx):
            command = self.get_command(ctx, name)
            if command is not None and not command.hidden:
                title = "Commands" if name in self.commands else origins.get(name, "Commands of other distributions")
                sections.setdefault(title, []).append((name, command))
        width = max((len(name) for each in sections.values() for name, _ in each), default=0)
        for title, rows in sorted(sections.items()):
            with formatter.section(title):
                limit = formatter.width - 6 - width
                formatter.write_dl([(name.ljust(width), command.get_short_help_str(limit)) for name, command in rows])


def _found() -> Iterable[EntryPoint]:
    return sorted(entry_points(group=ENTRY_POINT_GROUP), key=lambda each: each.name)


def _load(entry_point: EntryPoint) -> click.Command:
    try:
        command: object = entry_point.load()
    except Exception as exc:  # another distribution's module: anything may be wrong with it
        return _unavailable(entry_point, f"{type(exc).__name__}: {exc}")
    if not isinstance(command, click.Command):
        return _unavailable(
            entry_point, f"expected a click command at {entry_point.value}, got {type(command).__name__}"
        )
    return command


def _unavailable(entry_point: EntryPoint, reason: str) -> click.Command:
    origin = entry_point.dist.name if entry_point.dist is not None else entry_point.value

    def refuse() -> None:
        raise CommandUnavailable(
            f"the command {entry_point.name!r} of {origin} cannot be loaded ({reason}); install {origin} again"
        )

    # Whatever arguments follow, the reason is what the user needs to see.
    settings: dict[str, Any] = {"ignore_unknown_options": True, "allow_extra_args": True, "help_option_names": []}
    summary = f"(unavailable: {reason})"
    return click.Command(entry_point.name, callback=refuse, short_help=summary, context_settings=settings)
