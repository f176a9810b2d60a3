"""A server on loopback that speaks Pinecone's data plane, as far as its SDK asks for it here."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

PAGE = 3
"""Ids of one page of a list."""


@dataclass
class Pinecone:
    host: str = ""
    vectors: dict[str, dict[str, dict[str, Any]]] = field(default_factory=dict)
    """By namespace and id, as they were sent."""
    failures: list[int] = field(default_factory=list)
    """Statuses that the next requests are answered with."""
    requests: list[str] = field(default_factory=list)
    keys: set[str] = field(default_factory=set)

    async def answer(self, request: Request) -> Response:
        self.requests.append(request.url.path)
        self.keys.add(request.headers["api-key"])
        if self.failures:
            return JSONResponse({"message": "not now"}, self.failures.pop(0))
        body = await request.json() if request.method == "POST" else dict(request.query_params)
        stored = self.vectors.setdefault(body.get("namespace", ""), {})
        match request.url.path:
            case "/vectors/upsert":
                stored |= {vector["id"]: vector for vector in body["vectors"]}
                return JSONResponse({"upsertedCount": len(body["vectors"])})
            case "/vectors/delete":
                for name in body["ids"]:
                    stored.pop(name, None)
                return JSONResponse({})
            case "/vectors/list":
                start = int(body.get("paginationToken", 0))
                answer: dict[str, Any] = {
                    "vectors": [{"id": each} for each in list(stored)[start : start + PAGE]]
                }
                if start + PAGE < len(stored):
                    answer["pagination"] = {"next": str(start + PAGE)}
                return JSONResponse(answer)
            case "/query":
                asked = np.array(body["vector"])
                found = [
                    {"id": name, "score": float(asked @ np.array(vector["values"]))}
                    for name, vector in stored.items()
                    if fits(vector["metadata"], body["filter"])
                ]
                found.sort(key=lambda match: -match["score"])
                return JSONResponse(
                    {"matches": found[: body["topK"]], "namespace": body.get("namespace", "")}
                )
        return JSONResponse({"message": "no such place"}, 404)


def fits(metadata: dict[str, Any], conditions: dict[str, Any]) -> bool:
    signs = {
        "$eq": lambda value, bound: value == bound,
        "$in": lambda value, bound: value in bound,
        "$gte": lambda value, bound: value >= bound,
        "$lt": lambda value, bound: value < bound,
    }
    return all(
        signs[sign](metadata[name], bound)
        for name, condition in conditions.items()
        for sign, bound in condition.items()
    )


@asynccontextmanager
async def serving() -> AsyncIterator[Pinecone]:
    pinecone = Pinecone()
    places = ("/vectors/upsert", "/vectors/delete", "/vectors/list", "/query")
    app = Starlette(routes=[Route(place, pinecone.answer, methods=["GET", "POST"]) for place in places])
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=0, log_config=None, lifespan="off"))
    task = asyncio.create_task(server.serve())
    while not server.started:  # noqa: ASYNC110 - uvicorn tells nobody
        await asyncio.sleep(0.01)
    host, port = server.servers[0].sockets[0].getsockname()
    pinecone.host = f"http://{host}:{port}"
    yield pinecone
    server.should_exit = True
    await task
