"""Tests of the search on toy systems, whose every schedule can be run in a moment."""
