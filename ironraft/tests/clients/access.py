"""Logins, keys, users, SSH keys and files by python-libmaas.

usage: access.py URL API_KEY PASSWORD
"""

import base64
import io
import sys

from maas.client import bones, connect, login
from maas.client.bones.helpers import RemoteError
from maas.client.utils.creds import Credentials

from refusals import refused, status_of

KEY = (
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGdZcJQPt5cFcgyIHbN4dHmG9N2cYhMbLdRHXhMzSnUk"
    " alice@example"
)

CONTENT = b"\x00\xff written"


def logins(url, key, password):
    """By key, by user and password, and anonymously; the same login has the same key."""
    by_key = connect(url, apikey=key)
    assert by_key.users.whoami().username == "admin"
    by_password = login(url, username="admin", password=password)
    me = by_password.users.whoami()
    assert (me.username, me.is_admin) == ("admin", True), me
    again = login(url, username="admin", password=password)
    keys = [client._origin.session.credentials for client in (by_password, again)]
    assert keys[0] == keys[1], "a login with the same consumer has the same key"
    refused(RemoteError, lambda: login(url, username="admin", password="wrong"))
    wrong = Credentials.parse(key)._replace(token_secret="0" * 32)
    status = status_of(lambda: connect(url, apikey=str(wrong)).users.whoami())
    assert status == 401, status

    anonymous = connect(url)
    assert "authenticate-api" in anonymous.version.get().capabilities
    assert anonymous.version.get().version_info >= (3, 0)
    return by_key


def keys_of_an_account(url, client):
    """A key is made, works, is taken away and works no more."""
    made = client.account.create_credentials()
    other = connect(url, apikey=str(made))
    assert other.users.whoami().username == "admin"
    client.account.delete_credentials(made)
    assert status_of(lambda: other.users.whoami()) == 401


def users(url, client):
    made = client.users.create("alice", "wonderland", email="alice@example.com")
    assert (made.username, made.email, made.is_admin) == ("alice", "alice@example.com", False)
    assert client.users.create("root", "correct horse", is_admin=True).is_admin
    assert {"admin", "alice", "root"} <= {user.username for user in client.users.list()}
    alice = login(url, username="alice", password="wonderland")
    assert not alice.users.whoami().is_admin
    assert status_of(lambda: alice.users.create("bob", "correct horse")) == 403
    assert status_of(lambda: alice.fabrics.create(name="alices")) == 403
    key = alice.ssh_keys.create(KEY)
    assert key.key == KEY
    assert alice.ssh_keys.get(key.id).id == key.id
    assert [one.id for one in alice.ssh_keys.list()] == [key.id]
    assert len(client.ssh_keys.list()) == 0, "keys are their owner's"


def files(client):
    """The library lists files; they are made by its layer of calls."""
    handler = client._origin.session.Files
    handler.create(filename="notes", file=io.BytesIO(CONTENT))
    assert [one.filename for one in client.files.list()] == ["notes"]
    read = client._origin.session.File.read(filename="notes")
    assert base64.b64decode(read["content"]) == CONTENT, read
    client._origin.session.File.delete(filename="notes")
    assert len(client.files.list()) == 0


def main(url, key, password):
    client = logins(url, key, password)
    keys_of_an_account(url, client)
    users(url, client)
    files(client)
    session = bones.SessionAPI.fromURL(url + "api/2.0/")
    assert session.is_anonymous


if __name__ == "__main__":
    main(*sys.argv[1:])
