"""Signals to continue: superimposed oscillators, Mackey-Glass, series of your own."""
