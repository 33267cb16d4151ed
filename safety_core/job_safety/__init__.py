"""Job safety: may a failed job be retried, when, and how it is kept from doing its effects twice."""
