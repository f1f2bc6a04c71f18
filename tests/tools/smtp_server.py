"""An SMTP server for tests: prints its port, then each message it takes as one line of JSON.

Arguments: --tls none|starttls|tls, --certificate PEM, --key PEM, --user NAME --password WORD (asked for when given).
--close-after N closes a connection after so many messages, without a word.
Mailboxes of the recipient decide: `refused@` gets 550, `later@` 451, `silent@` no answer to the message at all.
Ends when its standard input does.
"""

import argparse
import asyncio
import base64
import email
import email.policy
import json
import ssl
import sys

from aiosmtpd.smtp import SMTP, AuthResult


class Takes:
    def __init__(self, close_after):
        self.close_after = close_after

    async def handle_RCPT(self, server, session, envelope, address, options):
        answers = {"refused": "550 no such mailbox", "later": "451 try again later"}
        answer = answers.get(address.split("@")[0])
        if answer:
            return answer
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        if any(address.startswith("silent@") for address in envelope.rcpt_tos):
            await asyncio.sleep(3600)
        message = email.message_from_bytes(envelope.content, policy=email.policy.default)
        bodies = {part.get_content_type(): part.get_content() for part in message.walk() if not part.is_multipart()}
        told = {
            "from": envelope.mail_from,
            "to": envelope.rcpt_tos,
            "headers": {name: str(value) for name, value in message.items()},
            "text": bodies.get("text/plain"),
            "html": bodies.get("text/html"),
            "parts": [part.get_content_type() for part in message.walk() if not part.is_multipart()],
            "mail": base64.b64encode(envelope.content).decode(),
            "peer": session.peer[1],
            "encrypted": server.transport.get_extra_info("ssl_object") is not None,
            "user": session.auth_data.login.decode() if session.auth_data else None,
        }
        print(json.dumps(told), flush=True)
        session.taken = getattr(session, "taken", 0) + 1
        if self.close_after and self.close_after <= session.taken:
            asyncio.get_running_loop().call_soon(server.transport.close)
        return "250 taken"


async def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--tls", choices=["none", "starttls", "tls"], default="none")
    parser.add_argument("--certificate")
    parser.add_argument("--key")
    parser.add_argument("--user")
    parser.add_argument("--password")
    parser.add_argument("--close-after", type=int, default=0)
    args = parser.parse_args()

    context = None
    if args.tls != "none":
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(args.certificate, args.key)

    def authenticate(server, session, envelope, mechanism, auth_data):
        right = auth_data.login == args.user.encode() and auth_data.password == args.password.encode()
        return AuthResult(success=right, handled=False, auth_data=auth_data if right else None)

    def session():
        asks = {"authenticator": authenticate, "auth_required": True} if args.user else {}
        upgrade = {"tls_context": context, "require_starttls": True} if args.tls == "starttls" else {}
        plain = args.tls == "none"
        return SMTP(Takes(args.close_after), hostname="localhost", auth_require_tls=args.tls == "starttls" and not plain, **asks, **upgrade)

    loop = asyncio.get_running_loop()
    server = await loop.create_server(session, "127.0.0.1", 0, ssl=context if args.tls == "tls" else None)
    print(server.sockets[0].getsockname()[1], flush=True)
    await loop.run_in_executor(None, sys.stdin.read)


asyncio.run(main())
sys.exit(0)
