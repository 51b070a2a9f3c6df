"""From trained weights to ONNX graphs that the service can trust."""
