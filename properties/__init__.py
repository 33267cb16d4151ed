"""Claims as Hypothesis properties, one claim per file; the claim about any guard is in harness.conformance."""
