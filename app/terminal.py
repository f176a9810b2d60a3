"""What commands have in common on the terminal."""

import io
import sys

from typer._click import Context
from typer._click.exceptions import UsageError
from typer.core import TyperCommand


class Command(TyperCommand):
    """Ends with 1 where its words are wrong: 2 says that some of what it was to store is not."""

    def parse_args(self, ctx: Context, args: list[str]) -> list[str]:
        try:
            return super().parse_args(ctx, args)
        except UsageError as error:
            error.exit_code = 1
            raise


def shown(text: str) -> str:
    """What others wrote has no power over a terminal."""
    return "".join(letter if letter.isprintable() else ascii(letter)[1:-1] for letter in text)


def take_any_text() -> None:
    """Have letters that the terminal's encoding lacks replaced, where they would end the command."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
