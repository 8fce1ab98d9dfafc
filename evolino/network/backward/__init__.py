"""Back-propagation through the passes of an LSTM: gradients with respect to a genome."""
