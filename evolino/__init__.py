"""Evolino: evolve the hidden memory cells of an LSTM, solve its output layer."""
