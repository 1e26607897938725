"""What every peer is timed with: a warm-up, then one window of some seconds, then a JSON line and the end of the process."""

import json
import os
import resource
import sys
import time

WARM_UP_SECONDS = 3


class Stopwatch:
    """after(env_steps) is called again and again, once learning goes on."""

    def __init__(self, seconds, **about):
        self.seconds, self.about = seconds, about
        self.began = self.first = None

    def after(self, env_steps):
        now = time.perf_counter()
        if self.began is None:
            self.began = now
        if self.first is None:
            if now - self.began >= WARM_UP_SECONDS:
                self.first = (now, env_steps)
        elif now - self.first[0] >= self.seconds:
            rate = (env_steps - self.first[1]) / (now - self.first[0])
            peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
            print(json.dumps({**self.about, "env_steps_per_s": round(rate, 1), "peak_bytes": peak}))
            sys.stdout.flush()
            os._exit(0)  # whatever the library still holds
