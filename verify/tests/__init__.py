"""Tests of what the parts of the judge share."""
