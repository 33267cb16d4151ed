"""``python -m harness.storm.locust_process``: Locust, away from the user's folder, whose settings are not for us.

Imports nothing of ours: gevent must patch the interpreter before anything that keeps a function of it.
"""

from __future__ import annotations

import json
import os
import sys


def main() -> None:
    """Run Locust with the arguments of this process, in the folder of the plan."""
    os.chdir(json.loads(os.environ["STORMPROOF_STORM"])["folder"])
    for name in [name for name in os.environ if name.startswith("LOCUST_")]:
        del os.environ[name]
    from locust.main import main as locust  # noqa: PLC0415 - the extra `storm` is imported where it is used

    sys.argv[0] = "locust"
    locust()


if __name__ == "__main__":
    main()
