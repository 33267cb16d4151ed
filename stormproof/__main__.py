"""The way in: ``stormproof`` and ``python -m stormproof``. Light, so that Ctrl-C is heeded from the first moment."""

from __future__ import annotations

import sys

from stormproof.names import claim, complaint


def main() -> None:
    """Run the command line."""
    claim()
    try:
        from stormproof.cli import main as run  # noqa: PLC0415 - loading takes half a second
    except KeyboardInterrupt:
        sys.stderr.write("stormproof: interrupted before anything was started\n")
        sys.exit(130)
    except ImportError as error:
        said = complaint(error)
        if not said:
            raise
        sys.stderr.write(f"stormproof: {said}\n")
        sys.exit(3)
    run()


if __name__ == "__main__":
    main()
