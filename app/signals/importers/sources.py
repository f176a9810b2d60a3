"""What the command line names, each thing as what it is."""

from pathlib import Path

from app.signals.importers import options, slack
from app.signals.importers.options import Options, Source


def source(path: Path, given: Options) -> Source:
    """A file, or a Slack export, known by its content. Raises BadUserInput and Unreadable."""
    if given.format == "slack" or (given.format is None and slack.may_be_export(path)):
        return slack.source(path, given)
    return options.source(path, given)
