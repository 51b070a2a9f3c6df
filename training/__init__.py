"""Trains recurrent networks, exports them to ONNX and publishes versions that the service loads."""
