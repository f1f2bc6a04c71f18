"""What every SDK tells: a device looks around, becomes Ana, asks for a call back, joins a company."""

import json
import time
import uuid
from datetime import datetime, timedelta, timezone


def tell(sdk, client):
    """Makes the calls and returns them with the ids under which they must be found."""
    run = f"{sdk}-{int(time.time())}-{uuid.uuid4().hex[:6]}"
    ana, device = f"ana-{run}", f"device-{run}"
    yesterday = datetime.now(timezone.utc) - timedelta(days=1)
    sent = []

    def say(call, **arguments):
        message_id = f"{call}-{uuid.uuid4()}"
        answer = getattr(client, call)(message_id=message_id, **arguments)
        if not answer[0]:
            raise SystemExit(f"{sdk}: {call} was not taken: its queue is full")
        sent.append({
            "type": call,
            "event": arguments.get("event"),
            "messageId": message_id,
            "userId": arguments.get("user_id"),
            "anonymousId": arguments.get("anonymous_id"),
        })

    say("page", anonymous_id=device, name="Models", properties={"url": "https://cars.example/models"})
    say("track", anonymous_id=device, event="car_viewed", properties={"model": "Aster", "price": 31900})
    say("identify", user_id=ana, anonymous_id=device, traits={"email": f"{ana}@example.com", "name": "Ана Петрова"})
    say("track", user_id=ana, event="callback_requested", timestamp=yesterday, properties={"dealer": "d-17"})
    say("screen", user_id=ana, name="Cabinet")
    say("group", user_id=ana, group_id=f"company-{run}", traits={"name": "Ana & Co"})
    say("alias", previous_id=device, user_id=ana)
    return sent


def show(version, sent, failures):
    if failures:
        raise SystemExit(f"not delivered: {failures[0]}")
    print(json.dumps({"version": version, "sent": sent}))
