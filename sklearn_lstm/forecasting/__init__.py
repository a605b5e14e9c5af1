"""A series in, its future out, by any regressor."""
