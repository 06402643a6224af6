"""maas-api, a client that knows nothing of MAAS but what the API tells of itself, and signs with HMAC-SHA1.

usage: by_description.py URL API_KEY
"""

import sys

from maas_api.client import Client, handler_command_name


def main(url, key):
    client = Client(url, key)
    call = lambda name: getattr(client, name)
    assert call("users").whoami()["username"] == "admin"
    zone = call("zones").create(data={"name": "cold cellar", "description": "below & beyond"})
    assert (zone["name"], zone["description"]) == ("cold cellar", "below & beyond"), zone
    zone = call("zone").update(name="cold cellar", data={"description": "kühl"})
    assert zone["description"] == "kühl", zone
    for handler in lists(client):
        answer = call(handler).read()
        assert isinstance(answer, list), (handler, answer)
    subnet = call("subnets").create(data={"cidr": "10.40.0.0/24", "vlan": 1})
    assert call("subnet").statistics(id=subnet["id"])["num_available"] == 254
    machine = call("machines").create(
        data={
            "architecture": "amd64",
            "hostname": "by-description",
            "mac_addresses": ["52:54:00:00:04:01", "52:54:00:00:04:02"],
            "power_type": "manual",
        }
    )
    assert len(machine["interface_set"]) == 2
    system_id = machine["system_id"]
    assert call("machine").abort(system_id=system_id)["status_name"] == "New"
    assert call("machine").power_parameters(system_id=system_id) == {}
    read = call("machine").read(system_id=system_id)
    assert read["hostname"] == "by-description"


def lists(client):
    """The lists that need no more than to be asked."""
    for resource in client.description["resources"]:
        handler = resource["auth"]
        if handler is None or handler["params"] or not handler["name"].endswith("sHandler"):
            continue
        if any(action["name"] == "read" for action in handler["actions"]):
            yield handler_command_name(handler["name"])


if __name__ == "__main__":
    main(*sys.argv[1:3])
