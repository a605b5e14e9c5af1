"""The table, a file for each door."""
