"""The Open Inference Protocol, version 2: what clients of KServe and Triton speak, under /v2.

Its routes give the same engines the same work as /predict and /translate do. Specified by KServe's
"Open Inference Protocol" and by Triton's extensions to it; see docs/open-inference.md.
"""

from service.api.open_inference.generate import router as generate
from service.api.open_inference.infer import router as infer
from service.api.open_inference.metadata import router as metadata
from service.api.open_inference.repository import changes
from service.api.open_inference.repository import router as repository
from service.api.open_inference.statistics import router as statistics

__all__ = ["changes", "routers"]

# In the order in which they are asked: those with the most work to do first, and the statistics
# before the metadata, as their /v2/models/stats is no model's. `changes` is off unless the
# settings allow it.
routers = (infer, generate, statistics, metadata, repository)
