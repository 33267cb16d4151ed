"""Job safety: what decides whether a job may run again, and what is written down about it."""
