"""Splits by date."""
