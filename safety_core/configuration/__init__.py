"""What stands in a YAML file, as typed values. Knows no section by name; each room has its own."""

from __future__ import annotations

from .errors import ConfigError
from .section import read_section
from .yaml_file import read_yaml

__all__ = ["ConfigError", "read_section", "read_yaml"]
