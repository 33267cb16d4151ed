"""The live trading flow."""
