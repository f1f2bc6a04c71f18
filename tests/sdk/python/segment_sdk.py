import os
import sys

from segment.analytics.client import Client
from segment.analytics.version import VERSION

import story

failures = []
client = Client(
    os.environ["KEY"],
    host=os.environ["HOST"],
    on_error=lambda error, items: failures.append(error),
    gzip="--gzip" in sys.argv,
    max_retries=3,
)
sent = story.tell(f"segment-python-{VERSION}", client)
client.flush()
client.join()
story.show(VERSION, sent, failures)
