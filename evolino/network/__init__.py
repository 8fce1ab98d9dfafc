"""Networks: what is evolved. Architectures, their equations, their kernels."""
