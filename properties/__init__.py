"""Claims as Hypothesis properties and state machines, one claim per file."""
