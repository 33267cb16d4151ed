"""A guard in a file of its own, as somebody brings it who has read nothing of ours."""

STRANGER = """
import redis

def make(redis_url, lease_s):
    client = redis.Redis.from_url(redis_url)

    def guard(key, payload, effect):
        if not client.set("mine:" + key, "1", nx=True, px=int(lease_s * 1000)):
            return None
        try:
            return effect(payload)
        except Exception:
            client.delete("mine:" + key)
            raise

    return guard
"""
"""A guard from outside: it duplicates on an ambiguous answer and past its lease, and answers others with nothing."""
