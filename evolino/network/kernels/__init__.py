"""The LSTM equations for many networks at once, compiled."""
