"""The tensor level below the pipelines, for those who check graphs: sessions and padded rows."""

from service.runtime.batches import pad_rows
from service.runtime.session import Session, open_session

__all__ = ["Session", "open_session", "pad_rows"]
