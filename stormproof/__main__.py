"""The way in: ``stormproof`` and ``python -m stormproof``. Light, so that Ctrl-C is heeded from the first moment."""

from __future__ import annotations

import sys


def main() -> None:
    """Run the command line."""
    try:
        from stormproof.cli import main as run  # noqa: PLC0415 - loading takes half a second
    except KeyboardInterrupt:
        sys.stderr.write("stormproof: interrupted before anything was started\n")
        sys.exit(130)
    run()


if __name__ == "__main__":
    main()
