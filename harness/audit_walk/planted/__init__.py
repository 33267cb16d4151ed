"""Planted audits: each has one bug and a twin without it."""
