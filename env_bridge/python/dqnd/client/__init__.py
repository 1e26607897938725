"""A client of dqnd daemons, for scripts and notebooks: `daemon` connects, `moments` are what it shows, `pictures`
decodes them, `address` reads what a person writes."""

from dqnd.client.daemon import Daemon, DaemonError
from dqnd.client.moments import Moment

__all__ = ["Daemon", "DaemonError", "Moment"]
