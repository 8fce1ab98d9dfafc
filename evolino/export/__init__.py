"""Export a trained network to C99 or NumPy: networks that run without evolino."""
