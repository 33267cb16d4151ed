"""The reference safety core. It does not know that it is tested."""
