"""Risk gates and kill switches."""
