"""Tests of the jobs API, with RQ's own workers on a real server."""
