"""Serves the preview on the loopback address: a frame, the files of output/, news of changes.

Nothing else is served, nothing is written into the files, and other host names are refused, so
that no page on the web can read an unpublished essay by way of a name of its own.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response, StreamingResponse
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from .templating import read_template, render

HOST = "127.0.0.1"
HOSTS = (HOST, "localhost")
# A preview is never to be taken from a cache.
FRESH = {"Cache-Control": "no-store"}


@dataclass(frozen=True)
class State:
    """What the preview shows: versions of its two files, problems, and the work in hand.

    `words` counts how often the whole text has been read and found right.
    """

    html: str = ""
    pdf: str = ""
    words: int = 0
    problems: tuple[str, ...] = ()
    work: str = ""


@dataclass
class Stage:
    """Where the preview is shown: its state, and every browser that is told of changes.

    `page` is the HTML page as it is shown, `paper` the PDF; they may not yet be in output/. All
    methods belong to the event loop that serves.
    """

    output: Path
    title: str
    state: State = State()
    page: bytes = b""
    paper: bytes = b""
    listeners: set[asyncio.Queue[str]] = field(default_factory=set)

    def change(self, **news: Any) -> None:
        """Change the state, and tell the browsers."""
        self.state = replace(self.state, **news)
        self._tell({"state": asdict(self.state)})

    def show_excerpt(self, page: str, places: list[str], blocks: list[str]) -> None:
        """Show new blocks of HTML in the place of old ones, until the page itself is new.

        `page` is the version of the page in which these CSS selectors name the old ones.
        """
        self._tell({"excerpt": {"page": page, "places": places, "blocks": blocks}})

    def _tell(self, news: dict[str, Any]) -> None:
        for listener in self.listeners:
            listener.put_nowait(json.dumps(news))

    async def news(self) -> AsyncIterator[str]:
        """Yield the state and every later change, as server-sent events."""
        listener: asyncio.Queue[str] = asyncio.Queue()
        listener.put_nowait(json.dumps({"state": asdict(self.state)}))
        self.listeners.add(listener)
        try:
            while True:
                yield f"data: {await listener.get()}\n\n"
        finally:
            self.listeners.discard(listener)


class _Output(StaticFiles):
    """The files of output/, which are never cached."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        response = await super().get_response(path, scope)
        response.headers.update(FRESH)
        return response


def make_server(stage: Stage) -> uvicorn.Server:
    """Return a server that shows `stage` to this machine alone."""
    stage.output.mkdir(parents=True, exist_ok=True)
    output = _Output(directory=stage.output)

    async def frame(request: Request) -> Response:
        return HTMLResponse(render(
            "preview.html.j2", title=stage.title, css=read_template("preview.css"),
            script=read_template("preview.js")), headers=FRESH)

    async def news(request: Request) -> Response:
        return StreamingResponse(stage.news(), media_type="text/event-stream", headers=FRESH)

    async def page(request: Request) -> Response:
        if stage.page:
            return HTMLResponse(stage.page, headers=FRESH)
        return await output.get_response("essay.html", request.scope)

    async def paper(request: Request) -> Response:
        if stage.paper:
            return Response(stage.paper, media_type="application/pdf", headers=FRESH)
        return await output.get_response("essay.pdf", request.scope)

    app = Starlette(
        routes=[Route("/", frame), Route("/news", news), Route("/essay.html", page),
                Route("/essay.pdf", paper), Mount("/", output)],
        middleware=[Middleware(TrustedHostMiddleware, allowed_hosts=list(HOSTS),
                               www_redirect=False)])
    return uvicorn.Server(uvicorn.Config(
        app, log_level="error", lifespan="off", timeout_graceful_shutdown=1))
