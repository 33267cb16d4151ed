"""The fault kinds, one per file. A fault without a witness never counts as injected."""
