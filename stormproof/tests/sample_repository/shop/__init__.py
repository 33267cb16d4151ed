"""A shop that must not place an order twice."""
