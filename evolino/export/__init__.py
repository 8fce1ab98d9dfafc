"""Export a trained network to C99, NumPy or ONNX: networks that run without evolino."""
