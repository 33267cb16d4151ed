"""``python -m harness.toxiproxy.embedded``: the embedded server, with the command line of ``toxiproxy-server``.

Its first line on stdout, JSON, names the address of its API. Serves until SIGTERM or SIGINT.
"""

from __future__ import annotations

import argparse
import asyncio
import importlib
import importlib.util
import json
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from harness import seed
from harness.toxiproxy.embedded.addresses import WrongAddressError, listening_socket, name_of, shown
from harness.toxiproxy.embedded.answer import ApiError
from harness.toxiproxy.embedded.api import VERSION, Api
from harness.toxiproxy.embedded.bodies import read_proxies
from harness.toxiproxy.embedded.http import HttpConnection
from harness.toxiproxy.embedded.proxies import Proxies

if TYPE_CHECKING:
    from collections.abc import Sequence

    from harness.toxiproxy.embedded.proxy import Proxy

_WRONG_USAGE = 2
LOOPS = ("fastest", "asyncio", "uvloop")
"""Event loops that the server can be told to use; the fastest is uvloop where it is installed."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve; return the exit code."""
    options = _parser().parse_args(arguments)
    if options.version:
        sys.stdout.write(f"toxiproxy-server version {VERSION}\n")
        return 0
    run_seed = options.seed if options.seed is not None else seed.fresh_seed()
    try:
        with asyncio.Runner(loop_factory=_loop(options.loop)) as runner:
            runner.run(_serve(options, run_seed))
    except WrongAddressError as error:
        sys.stderr.write(f"toxiproxy: {error}\n")
        return _WRONG_USAGE
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m harness.toxiproxy.embedded", description="a Toxiproxy server")
    parser.add_argument("-host", "--host", default="localhost", help="host of the API; loopback only")
    parser.add_argument("-port", "--port", default="8474", help="port of the API; 0 takes a free one")
    parser.add_argument("-config", "--config", type=Path, default=None, help="JSON file with the first proxies")
    parser.add_argument("-seed", "--seed", type=int, default=None, help="of coins and jitter; fresh if none is given")
    parser.add_argument("-proxy-metrics", "--proxy-metrics", action="store_true", help="serve /metrics")
    parser.add_argument("-runtime-metrics", "--runtime-metrics", action="store_true", help="serve /metrics")
    parser.add_argument("--open-to", default="", help="IP address on which proxies may listen besides loopback")
    parser.add_argument("--loop", choices=LOOPS, default=LOOPS[0], help="event loop; uvloop where it is installed")
    parser.add_argument("-version", "--version", action="store_true", help="print the version and end")
    return parser


async def _serve(options: argparse.Namespace, run_seed: int) -> None:
    loop = asyncio.get_running_loop()
    over = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, over.set)
    proxies = Proxies(run_seed, open_to=options.open_to)
    listener = listening_socket(shown(options.host, options.port))
    api = Api(proxies, has_metrics=options.proxy_metrics or options.runtime_metrics)
    _say(level="info", address=name_of(listener), seed=run_seed, message="Starting Toxiproxy HTTP server")
    config = _read(options.config) if options.config is not None else None
    if config is not None:
        await _populate(proxies, config)
    server = await loop.create_server(lambda: HttpConnection(api), sock=listener)
    await over.wait()
    server.close()
    await proxies.stop()


def _read(config: Path) -> bytes | None:
    """Return what is in the file, None where it cannot be read; that is told, and the server goes on."""
    try:
        return config.read_bytes()
    except OSError as error:
        _say(level="error", config=str(config), error=str(error), message="Error reading config file")
        return None


async def _populate(proxies: Proxies, text: bytes) -> None:
    """Make the proxies of a config file; an error is told and the server goes on, as Toxiproxy does."""
    done: list[Proxy] = []
    try:
        await proxies.populate(read_proxies(text), done)
    except (ApiError, WrongAddressError) as error:
        _say(level="error", error=str(error), message="Failed to populate proxies from file")
    else:
        _say(level="info", proxies=len(done), message="Populated proxies from file")


def _say(**words: object) -> None:
    sys.stdout.write(json.dumps(words) + "\n")
    sys.stdout.flush()


def _loop(name: str) -> type[asyncio.AbstractEventLoop] | None:
    """Return the loop to serve with, None for asyncio's own."""
    if name == "asyncio" or (name == "fastest" and importlib.util.find_spec("uvloop") is None):
        return None
    loop: type[asyncio.AbstractEventLoop] = importlib.import_module("uvloop").Loop
    return loop


if __name__ == "__main__":
    sys.exit(main())
