"""Planted: GET, then SET. Two processes both read nothing and both run the effect."""

import json

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from harness.subjects.broken.planted import Planted

PLANTED = Planted(
    bug="reads the mark with GET and writes it with SET: two processes both see nothing",
    cure="claims with one SET NX",
    origin="cameronmaske/celery-once #7; taskiq-python/taskiq-redis #123 (check, then set)",
    checker="at_most_once",
)


class InProgressError(Exception):
    """Another process holds the key."""


def _make(redis_url, lease_s, *, atomic):
    client = redis.Redis.from_url(redis_url, retry=Retry(NoBackoff(), 0))

    def claim(name):
        if atomic:
            return client.set(name, "claimed", nx=True)
        if client.get(name) is not None:
            return False
        client.set(name, "claimed")
        return True

    def guard(key, payload, effect):
        name = f"once:{key}"
        if not claim(name):
            done = client.get(f"{name}:result")
            if done is None:
                raise InProgressError(key)
            return json.loads(done)
        receipt = effect(payload)
        client.set(f"{name}:result", json.dumps(receipt))
        return receipt

    return guard


def classify(error):
    return ("FAIL", "in_progress") if isinstance(error, InProgressError) else ("INDETERMINATE", "")


def make(redis_url, lease_s):
    return _make(redis_url, lease_s, atomic=False)


def make_twin(redis_url, lease_s):
    return _make(redis_url, lease_s, atomic=True)


make.promise = make_twin.promise = "at_most_once"
make.classify = make_twin.classify = classify
