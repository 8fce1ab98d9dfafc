"""Timing: intervals, periodic functions, drum patterns."""
