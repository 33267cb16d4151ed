"""The settings of an application: flags and numbers from a file and the environment, and the stages of a rollout.

The public surface. Composes its modules and holds no logic; needs the extra `config`.
"""

from __future__ import annotations

from safety_core.configuration import ConfigError

from .loading import PREFIX, load_settings
from .needs import NEEDS
from .sections import FLAGS, Settings, is_on
from .stages import RolloutError, Stage, check_move, stage_of

__all__ = [
    "FLAGS",
    "NEEDS",
    "PREFIX",
    "ConfigError",
    "RolloutError",
    "Settings",
    "Stage",
    "check_move",
    "is_on",
    "load_settings",
    "stage_of",
]
