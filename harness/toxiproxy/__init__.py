"""Toxiproxy: servers of it, our client, and the embedded server that comes with stormproof."""
