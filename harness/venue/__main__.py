"""The venue's process: ``python -m harness.venue --socket PATH --book PATH``. Started by ``VenueProcess`` only."""

from __future__ import annotations

import argparse
import asyncio
from pathlib import Path

from harness import clock
from harness.venue.book import Book
from harness.venue.server import VenueServer
from harness.venue.venue import Venue


async def _serve(options: argparse.Namespace) -> None:
    with Book(options.book) as book:
        venue = Venue(
            book, open_orders=options.open_orders, request_life_s=options.request_life, now_ns=clock.shared_ns
        )
        await VenueServer(venue).serve(options.socket)


def main() -> None:
    """Serve until killed."""
    parser = argparse.ArgumentParser(description="the outside world, where effects land")
    parser.add_argument("--socket", type=Path, required=True, help="unix socket to listen on")
    parser.add_argument("--book", type=Path, required=True, help="file to create for the book")
    parser.add_argument("--open-orders", action="store_true", help="orders stay open until they are filled")
    parser.add_argument("--request-life", type=float, default=None, help="seconds; the default is for ever")
    asyncio.run(_serve(parser.parse_args()))


if __name__ == "__main__":
    main()
