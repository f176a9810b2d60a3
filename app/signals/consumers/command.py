"""`coherence consume` on the terminal."""

import asyncio
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event
from typing import Annotated

import typer

from app.checks import name
from app.observability import logging
from app.ready import opened, ready
from app.settings import Settings
from app.terminal import Command, shown

cli = typer.Typer(no_args_is_help=True)


@cli.callback()
def _sources() -> None:
    """A source is a command."""


@cli.command("kafka", cls=Command)
def consume_kafka(
    topic: Annotated[list[str], typer.Option(help="May be repeated.")],
    bootstrap: Annotated[
        str | None, typer.Option(metavar="HOST:PORT", help="Brokers, by commas (KAFKA_BOOTSTRAP).")
    ] = None,
    group: Annotated[str, typer.Option(help="Consumer group.")] = "coherence",
    from_beginning: Annotated[
        bool,
        typer.Option(
            "--from-beginning", help="Where the group has not read the topic yet; else from now on."
        ),
    ] = False,
    until_end: Annotated[
        bool, typer.Option("--until-end", help="Stop when all that is there is stored.")
    ] = False,
    batch: Annotated[int, typer.Option(min=1, max=100_000, help="Messages a transaction.")] = 1_000,
    linger: Annotated[
        float, typer.Option(min=0, max=60, help="Seconds that the first of them waits for others.")
    ] = 1,
    deadline: Annotated[
        float, typer.Option(min=0, help="Seconds to wait for a database that is away, before it ends with 1.")
    ] = 300,
    progress: Annotated[float, typer.Option(min=0.1, help="Seconds between two lines in the log.")] = 10,
    create_conversations: Annotated[bool, typer.Option(help="Open those that are not there yet.")] = True,
    map: Annotated[  # noqa: A002 - the option's name
        list[str] | None,
        typer.Option(
            metavar="FIELD=NAME", help="The name that a field is read from, such as rawContent=body."
        ),
    ] = None,
    source: Annotated[str, typer.Option(help="signalSource where a message has none.")] = "Kafka",
    strict: Annotated[
        bool, typer.Option("--strict", help="Make a dead letter of what has names that are not read.")
    ] = False,
    config: Annotated[
        Path | None,
        typer.Option(help="File of librdkafka's properties, property=value a line (KAFKA_CONFIG)."),
    ] = None,
) -> None:
    """Store the signals of topics, each once, until SIGTERM or Ctrl-C; what is refused becomes a dead letter.

    Ends with 1 where it cannot go on: then what is not stored is not committed, and comes again. With --until-end it
    ends with 2 where names of messages were not read, unless there is a --map.
    """
    from app.dead_letters.payloads import message_reader
    from app.dead_letters.service import Writer
    from app.signals.consumers import queries
    from app.signals.consumers.kafka import Subscription
    from app.signals.consumers.options import Options, properties
    from app.signals.consumers.worker import Worker

    settings = Settings()
    name("--group", group)
    given = properties(group, bootstrap or settings.kafka_bootstrap, config or settings.kafka_config)
    options = Options(topic, group, from_beginning, until_end, batch, linger, deadline, progress)
    name("--source", source)
    writer = Writer(
        settings.rules, create_conversations, message_reader(map or (), source=source, strict=strict)
    )

    async def run(url: str, stop: Event) -> None:
        logging.configure(settings.log_level)
        async with opened(settings, url) as database:
            async with database.read(newest=True) as connection:
                stored = await queries.stored(connection, group)
            subscription = Subscription(given, options.topics, stored, from_beginning, stop)
            counts = await Worker(database, subscription, options, writer).run()
        print(  # noqa: T201
            f"{counts.accepted} signals stored, {counts.dead_lettered} dead letters,"
            f" {counts.skipped} messages stored before{f', {counts.empty} without a value' if counts.empty else ''}."
        )
        if writer.unread:
            print(shown(f"{str(writer.unread).capitalize()}."), file=sys.stderr)  # noqa: T201

    with ready(settings) as (url, _, _), _stopped_by_signals() as stop:
        asyncio.run(run(url, stop))
    if until_end and writer.unread and not map:
        raise typer.Exit(2)


@contextmanager
def _stopped_by_signals() -> Iterator[Event]:
    """What was taken is stored first: the handlers only say that it is to end."""
    stop = Event()
    signals = signal.SIGTERM, signal.SIGINT
    before = [signal.signal(each, lambda *_: stop.set()) for each in signals]
    try:
        yield stop
    finally:
        for each, handler in zip(signals, before, strict=True):
            signal.signal(each, handler)
