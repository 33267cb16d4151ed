"""Tests of what follows from generated claims."""
