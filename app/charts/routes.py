"""Charts over HTTP: `GET /charts/drift.png?conversation=standup&window=1h`."""

import hashlib
from collections.abc import Awaitable, Callable, Mapping
from functools import cache, partial
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

from sqlalchemy.ext.asyncio import AsyncConnection
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from app import arrays
from app.arrivals import Arrivals
from app.auth.viewer import Rights
from app.charts import classifications, draw
from app.charts.paper import Format
from app.charts.parameters import Parameters
from app.charts.scope import scope
from app.charts.studio import Chart, Studio
from app.coherence.coherence import Weights
from app.coherence.sources.analysis import Windows, analyse
from app.coherence.sources.moments import Pool
from app.coherence.windows import bounds
from app.conversations import queries as conversations
from app.database.engine import Database
from app.duration import Duration
from app.errors import BadUserInput, NotFound, Refused
from app.refusals import refusal
from app.signals.queries import SignalFilter, named_sources
from app.signals.summary import summaries
from app.users import queries as users

_MEDIA_TYPES: Final = {Format.PNG: "image/png", Format.SVG: "image/svg+xml"}
_PARAMETERS: Final = {"contextWindowId": "conversation", "range": "start", "sources": "source"}
"""What others call an argument, and its name here."""

_HEADERS: Final = {
    # Late signals may come to any range, so none is kept for longer.
    "Cache-Control": "private, max-age=10",
    # Another site's page would see from a picture that loads that its conversation exists.
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
}
_SVG_POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'"


class Charts:
    """The views below /charts. A chart is a name in `_charts` and a function that reads what it shows."""

    def __init__(
        self,
        database: Database,
        arrivals: Arrivals,
        weights: Weights,
        reference_of: Callable[[str, str], conversations.Reference],
    ) -> None:
        self._database = database
        self._arrivals = arrivals
        self._weights = weights
        self._reference_of = reference_of
        self._studio = Studio()
        self._charts: Mapping[str, Callable[[Rights, Parameters], Awaitable[Chart]]] = {
            "classifications": self._classifications,
            "drift": self._drift,
        }
        self.route = Route("/charts/{file}", self._answer)

    async def close(self) -> None:
        await self._studio.close()

    async def _answer(self, request: Request) -> Response:
        try:
            return await self._picture(request)
        except Refused as error:
            return refusal(error, field=_PARAMETERS.get(error.field or ""))

    async def _picture(self, request: Request) -> Response:
        name, _, extension = request.path_params["file"].rpartition(".")
        formats = {form.value: form for form in Format}
        if name not in self._charts or extension not in formats:
            known = ", ".join(f"{name}.{form}" for name in self._charts for form in formats)
            raise NotFound(f"There is no such chart; there are {known}.")
        to = formats[extension]
        chart = await self._charts[name](request.state.viewer.rights, Parameters(request.query_params))
        etag = _etag(chart, to)
        headers = _HEADERS | {"ETag": etag}
        if to is Format.SVG:
            headers["Content-Security-Policy"] = _SVG_POLICY
        if _holds(request.headers.get("If-None-Match", ""), etag):
            return Response(status_code=304, headers=headers)
        return Response(await self._studio.draw(chart, to), headers=headers, media_type=_MEDIA_TYPES[to])

    async def _classifications(self, rights: Rights, given: Parameters) -> Chart:
        """Of a summary; its `chartUrl` is the address."""
        user, wanted = classifications.named_by(given)
        await self._arrivals.work_off()
        async with self._database.read() as connection:
            row = None if user is None else (await users.by_ids(connection, rights, [user])).get(user)
            if user is not None and row is None:
                raise NotFound("There is no such user.", field="user")
            summary = (await summaries(connection, rights, [user], wanted))[user]
        if isinstance(summary, BadUserInput):
            raise summary
        subject = scope(None if row is None else row.username, wanted)
        return partial(draw.classifications, summary.classifications, subject=subject)

    async def _drift(self, rights: Rights, given: Parameters) -> Chart:
        """Of one conversation, or of all as one stream."""
        given.only("conversation", "window", "step", "start", "end", "source", repeatable={"source"})
        window = given.duration("window") or Duration(300)
        windows = Windows(
            window, given.duration("step") or window, given.range(), named_sources(given.texts("source"))
        )
        key = given.text("conversation")
        async with self._database.read() as connection:
            row = None if key is None else await self._conversation(connection, rights, key)
            found = None if row is None else row.id
            pool = Pool.EVERYTHING if found is None else Pool.CONVERSATION
            analysis = (await analyse(connection, rights, pool, [found], windows, self._weights))[found]
        if isinstance(analysis, BadUserInput):
            raise analysis
        starts, _ = bounds(analysis.drift.index, analysis.step_us, analysis.width_us)
        subject = scope(
            None if row is None else row.context_window_id, SignalFilter(windows.range, windows.sources)
        )
        return partial(
            draw.drift,
            draw.DriftSeries(starts, analysis.drift.score, window, windows.step, analysis.total, subject),
        )

    async def _conversation(self, connection: AsyncConnection, rights: Rights, given: str) -> Any:
        """The row of the one that an id or a contextWindowId names."""
        key = await conversations.find(connection, self._reference_of(given, "conversation"), "conversation")
        row = None if key is None else (await conversations.by_ids(connection, rights, [key])).get(key)
        if row is None:
            raise NotFound("There is no such conversation.", field="conversation")
        return row


def _etag(chart: Chart, to: Format) -> str:
    """Strong: it changes with the data and with how they are drawn, and bytes with nothing else."""
    data = arrays.to_json([chart.func.__name__, chart.args, chart.keywords, to])
    return f'"{hashlib.blake2b(data, key=_way_of_drawing(), digest_size=16).hexdigest()}"'


@cache
def _way_of_drawing() -> bytes:
    """Of this very code, with this very matplotlib."""
    hashed = hashlib.blake2b(version("matplotlib").encode(), digest_size=32)
    for name in ("draw.py", "paper.py"):
        hashed.update(Path(__file__).with_name(name).read_bytes())
    return hashed.digest()


def _holds(header: str, etag: str) -> bool:
    """Whether `If-None-Match` names `etag`, weakly compared as RFC 9110 asks for."""
    tags = {tag.strip().removeprefix("W/") for tag in header.split(",")}
    return not tags.isdisjoint({etag, "*"})
