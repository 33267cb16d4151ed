"""Tests of the venue: its two forms, its book, and what crashes leave of it."""
