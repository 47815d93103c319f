#!/usr/bin/env python3
"""Make a bearer token for an assay-server that runs with --tokens FILE.

    tools/make_token.py TENANT

Prints two lines: the token, 256 random bits, for the client (`assay --token-file`, or "authorization: Bearer TOKEN"); and the line
for FILE, which holds its SHA-256 alone. The token is written nowhere else: what is lost is made anew.

Example:
  tools/make_token.py team-a | { read -r token; read -r line; echo "$token" > team-a.token; echo "$line" >> tokens.txt; }

Exit codes: 0 made; 2 bad usage.
"""
import argparse
import hashlib
import re
import secrets


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tenant", metavar="TENANT", help="whom the token speaks for: 1 to 64 of [A-Za-z0-9._-]")
    tenant = parser.parse_args().tenant
    if not re.fullmatch(r"[A-Za-z0-9._-]{1,64}", tenant):
        parser.error("TENANT: not 1 to 64 of [A-Za-z0-9._-]")
    token = secrets.token_urlsafe(32)
    print(token)
    print(tenant, hashlib.sha256(token.encode()).hexdigest())


if __name__ == "__main__":
    main()
