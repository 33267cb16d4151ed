"""``python -m benchmarks.verifying BUNDLE ROOM``: verify a bundle and print, as JSON, what that took."""

from __future__ import annotations

import json
import resource
import sys
from pathlib import Path
from time import process_time

from reports.evidence.verifying import verify


def main(bundle: str, room: str) -> None:
    """Verify *bundle* in the empty folder *room*; print processor seconds and the largest resident size in KiB."""
    began = process_time()
    held = verify(Path(bundle), Path(room))
    spent = process_time() - began
    peak_kb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(json.dumps({"verdict": held.verdict, "seconds": spent, "peak_kb": peak_kb}))


if __name__ == "__main__":
    main(*sys.argv[1:])
