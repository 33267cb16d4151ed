"""Tests of the renderers and of judging a stored run."""
