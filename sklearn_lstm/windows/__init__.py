"""Rows, what their index says of time, and the windows cut from them."""
