"""The embedded Toxiproxy: the HTTP API and the toxics of Toxiproxy 2.12, and rules for Redis commands."""
