"""Tests of the Redis servers: each fact is looked at from outside the server object."""
