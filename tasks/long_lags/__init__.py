"""Long time lags: the experiments of Hochreiter & Schmidhuber 1997, one a file."""
