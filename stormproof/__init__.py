"""The front door: command line and public API. Composes the rooms and holds no logic of its own."""
