"""``python stormproof_host PLACE``: serve one process on stdin and stdout, or with ``--forks FD`` fork others."""

from __future__ import annotations

import os
import sys

# The folder of this file is no place for the subject to find modules in; the one above is, for as long as we import.
sys.path[0] = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))  # noqa: PTH100, PTH120 - pathlib is slow

from stormproof_host.serving import main  # type: ignore[import-not-found]  # noqa: E402 - as explained

sys.path[0] = os.getcwd()  # noqa: PTH109 - as above
main()
