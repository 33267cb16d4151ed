"""The jobs API: failed jobs of RQ 3 over HTTP, retried safely. Needs the extra `api`.

The public surface. Composes its modules and holds no logic.
"""

from __future__ import annotations

from .app import OPENAPI, create_app
from .errors import JobsApiError
from .reconciler import Reconciler, Stranded
from .settings import JobsApiSettings
from .tokens import Caller, Role, Tokens

__all__ = [
    "OPENAPI",
    "Caller",
    "JobsApiError",
    "JobsApiSettings",
    "Reconciler",
    "Role",
    "Stranded",
    "Tokens",
    "create_app",
]
