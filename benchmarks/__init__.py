"""How fast and how large, as ratios against a baseline in the same run: `make bench`, or `python -m benchmarks`."""
