"""Compiled environments, an episode in each lane of a vector."""
