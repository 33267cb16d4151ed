"""Tests of the job safety: real Redis, real files, a real HTTP server."""
