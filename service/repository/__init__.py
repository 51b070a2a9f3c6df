"""The models of a worker: what is loaded, which version answers, and how that changes under load.

`Repository` finds the model for a request and knows nothing about requests otherwise.
"""

from service.repository.changes import Change
from service.repository.leases import Lease
from service.repository.loading import Loader, loader
from service.repository.repository import Repository
from service.repository.routing import Candidate, Routing
from service.repository.status import ModelStatus, Role, State, VersionStatus
from service.repository.store import FolderStore, MemoryStore, RoutingStore

__all__ = [
    "Candidate",
    "Change",
    "FolderStore",
    "Lease",
    "Loader",
    "MemoryStore",
    "ModelStatus",
    "Repository",
    "Role",
    "Routing",
    "RoutingStore",
    "State",
    "VersionStatus",
    "loader",
]
