"""Proofs that a trained network accepts every string of a counted language."""
