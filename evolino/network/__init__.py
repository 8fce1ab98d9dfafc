"""What is evolved: LSTM networks, their equations, their kernels."""
