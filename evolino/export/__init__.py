"""Export a trained network to C99, NumPy, ONNX or PyTorch: to run without evolino."""
