"""Gatehouse's service: small recurrent networks, exported to ONNX, answered over HTTP.

Nothing in this package reaches torch or the training package.
"""

__version__ = "0.1.0"
