import os

from rudderstack.analytics.client import Client
from rudderstack.analytics.version import VERSION

import story

failures = []
client = Client(os.environ["KEY"], host=os.environ["HOST"], on_error=lambda error, items: failures.append(error), max_retries=3)
sent = story.tell("rudderstack-python", client)
client.flush()
client.join()
story.show(VERSION, sent, failures)
