"""An SMTP server for tests, by aiosmtpd: keeps each mail as a file, and tells of each login.

Usage: smtp.py PORT FOLDER none|starttls|implicit CERTIFICATE KEY LOGIN PASSWORD
"""
import asyncio
import json
import os
import ssl
import sys

from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword

port, folder, tls, certificate, key, login, password = sys.argv[1:]


def keep(kind, what):
    """A file of its own for each, which appears whole."""
    name = os.path.join(folder, f"{kind}-{len(os.listdir(folder)):06}")
    with open(name + ".part", "w", encoding="utf-8") as file:
        json.dump(what, file)
    os.rename(name + ".part", name + ".json")


def over_tls(session):
    return tls == "implicit" or session.ssl is not None


class Server(SMTP):
    async def smtp_AUTH(self, arg):
        """.NET asks for "login"; other servers take names of mechanisms in any case, aiosmtpd does not."""
        name, _, rest = arg.partition(" ")
        await super().smtp_AUTH(f"{name.upper()} {rest}".strip())


class Keeper:
    async def handle_DATA(self, server, session, envelope):
        keep("mail", {
            "from": envelope.mail_from, "to": envelope.rcpt_tos, "text": envelope.original_content.decode("utf-8"),
            "tls": over_tls(session), "login": session.auth_data.login.decode() if session.auth_data else None,
        })
        return "250 taken"


def authenticate(server, session, envelope, mechanism, data):
    is_right = isinstance(data, LoginPassword) and (data.login, data.password) == (login.encode(), password.encode())
    keep("login", {"mechanism": mechanism, "tls": over_tls(session), "right": is_right})
    return AuthResult(success=is_right, handled=False, auth_data=data)


def context():
    made = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    made.load_cert_chain(certificate, key)
    return made


async def serve():
    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        # What it asks of clients: a login, and where it offers STARTTLS, that first.
        lambda: Server(
            Keeper(), hostname="mail.test", tls_context=context() if tls == "starttls" else None, require_starttls=tls == "starttls",
            auth_required=True, auth_require_tls=tls == "starttls", authenticator=authenticate, loop=loop),
        "127.0.0.1", int(port), ssl=context() if tls == "implicit" else None)
    async with server:
        await server.serve_forever()


asyncio.run(serve())
