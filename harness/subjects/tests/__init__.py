"""Tests of the subjects in the box."""
