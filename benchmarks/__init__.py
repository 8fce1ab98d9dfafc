"""Timings of evolino and its peers, side by side; run by `make bench`."""
