"""How the service is doing, for those who run it: queues, dead letters, lag, failed uploads.

Read in this order: ``_queues`` (what waits, and what five attempts could not do), ``_letters``
(what a dead letter is about), ``_lag`` (changes that summaries and mirror do not hold yet),
``_failures`` (uploads that failed, by reason), ``_service`` (who may ask for all this).
"""

from ._queues import redrive
from ._service import Operations

__all__ = ["Operations", "redrive"]
