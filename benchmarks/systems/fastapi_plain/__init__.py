"""FastAPI with onnxruntime and no batching."""
