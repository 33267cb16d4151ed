"""Tests of the storms."""
