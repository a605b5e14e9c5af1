"""Where the series of the benchmarks lie, come from, and under which licence."""
