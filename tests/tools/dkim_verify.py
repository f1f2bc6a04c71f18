"""Verifies the DKIM signature of the mail on standard input: prints `verified` and the headers that are signed, or why not.

Argument: what DNS has for the key, whatever it is asked for.
"""

import sys

import dkim

mail = sys.stdin.buffer.read()
verifier = dkim.DKIM(mail)
try:
    good = verifier.verify(dnsfunc=lambda name, timeout=5: sys.argv[1].encode())
    signed = sorted({name.decode().lower() for name, _ in verifier.signed_headers})
    print("verified" if good else "not verified", " ".join(signed))
except dkim.DKIMException as error:
    print("broken:", error)
