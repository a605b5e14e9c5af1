"""The command ``sklearn-lstm``: options, tables and files around the package."""
