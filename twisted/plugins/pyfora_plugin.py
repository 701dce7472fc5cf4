"""What `twistd` needs to know to offer `twistd pyfora`; everything of ours is named, nothing imported."""

from twisted.application.service import ServiceMaker

pyfora = ServiceMaker(
    "pyfora",
    "pyfora_twisted.service",
    "A pyfora manager with a worker, or one of the two: UFORA_… environment variables say which.",
    "pyfora",
)
