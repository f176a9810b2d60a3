"""Another chart is a name, and a function that reads what it shows."""

from functools import partial

import httpx2
from starlette.applications import Starlette

from app.charts import draw
from app.charts.routes import Charts
from app.coherence.coherence import Weights
from app.signals.classify import Classification


async def test_a_chart_of_counts_plugs_in(database):
    counts = {Classification.POSITIVE: 1, Classification.STRESSED: 2}

    async def classifications(given):
        given.only("conversation")
        return partial(draw.classifications, counts, subject=given.text("conversation"))

    charts = Charts(database, Weights())
    charts._charts = {"classifications": classifications}
    transport = httpx2.ASGITransport(Starlette(routes=[charts.route]))
    async with httpx2.AsyncClient(transport=transport, base_url="http://127.0.0.1") as http:
        path = "/charts/classifications.svg?conversation=standup"
        first = await http.get(path)
        assert ">STRESSED</text>" in first.text
        assert ">standup</text>" in first.text
        etag = {"If-None-Match": first.headers["ETag"]}
        assert (await http.get(path, headers=etag)).status_code == 304
        counts[Classification.NEUTRAL] = 3
        assert (await http.get(path, headers=etag)).status_code == 200
        assert (await http.get(f"{path}&window=5m")).status_code == 400
        assert (await http.get("/charts/drift.svg")).status_code == 404
    await charts.close()
