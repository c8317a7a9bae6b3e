"""The sandbox's HTTP server: routing to the services, faults on request, and the log of requests."""

from warehouse.sandbox.server.sandbox import Sandbox

__all__ = ["Sandbox"]
