"""Machines, devices and controllers by python-libmaas, with region processes alone: what needs no rack.

A machine's whole life is tried where there are racks and BMCs.

usage: nodes.py URL API_KEY
"""

import sys

from maas.client import connect
from maas.client.enum import LinkMode, NodeStatus, NodeType, PowerState
from maas.client.viscera.machines import MachineNotFound

from refusals import status_of


def main(url, key):
    client = connect(url, apikey=key)
    machine = machines(client)
    changes(client, machine)
    tags_of(client, machine)
    states(client, machine)
    deployed(client)
    machine.delete()
    assert status_of(lambda: client.machines.get(machine.system_id)) == 404
    devices(client)
    controllers(client)


def machines(client):
    assert len(client.machines.list()) == 0
    machine = client.machines.create(
        "amd64",
        ["52:54:00:00:00:01", "52:54:00:00:00:02"],
        "manual",
        {},
        hostname="web",
        domain="maas",
    )
    assert (machine.hostname, machine.fqdn) == ("web", "web.maas")
    assert machine.node_type == NodeType.MACHINE
    assert machine.status == NodeStatus.COMMISSIONING, machine.status_name
    assert machine.power_state == PowerState.UNKNOWN and machine.power_type == "manual"
    assert [one.mac_address for one in machine.interfaces] == [
        "52:54:00:00:00:01",
        "52:54:00:00:00:02",
    ]
    assert machine.boot_interface.mac_address == "52:54:00:00:00:01"
    assert machine.zone.name == "default" and machine.pool.name == "default"
    assert machine.domain.name == "maas" and not machine.locked
    assert client.machines.get_power_parameters_for([machine.system_id]) == {
        machine.system_id: {}
    }
    refused = lambda: client.machines.create("amd64", ["52:54:00:00:00:01"], "manual")
    assert status_of(refused) == 400
    return machine


def changes(client, machine):
    """Each field that can be set is saved, and read again."""
    zone = client.zones.create("cellar")
    pool = client.resource_pools.create("lab")
    domain = client.domains.create("example.test")
    machine.hostname = "db"
    machine.zone, machine.pool, machine.domain = zone, pool, domain
    machine.save()
    read = client.machines.get(machine.system_id)
    assert (read.fqdn, read.zone.name, read.pool.name) == ("db.example.test", "cellar", "lab")
    for address in ("127.0.0.9", "127.0.0.10"):
        parameters = {"power_address": address, "power_user": "u", "power_pass": "p"}
        read.set_power("ipmi", parameters)
        assert read.get_power_parameters()["power_address"] == address
    assert read.power_type == "ipmi"
    read.set_power("manual", {})
    by_name = client._origin.Machines.read(hostnames=["db.example.test"])
    assert [one.system_id for one in by_name] == [read.system_id]
    machine.refresh()


def tags_of(client, machine):
    tag = client.tags.create("fast")
    machine.tags.add(tag)
    machine.refresh()
    assert [one.name for one in machine.tags] == ["fast"]
    machine.tags.remove(tag)
    machine.refresh()
    assert len(machine.tags) == 0


def states(client, machine):
    machine.abort(comment="not yet")
    assert machine.status == NodeStatus.NEW, machine.status_name
    machine.mark_broken(comment="it smells")
    assert machine.status == NodeStatus.BROKEN
    machine.mark_fixed(comment="it does not")
    assert machine.status == NodeStatus.NEW, machine.status_name
    machine.commission(wait=False)
    assert machine.status == NodeStatus.COMMISSIONING
    machine.abort()
    assert machine.query_power_state() == PowerState.UNKNOWN
    told = [event.description for event in client.events.query(system_ids=[machine.system_id])]
    assert any("it smells" in text for text in told), told
    try:
        client.machines.allocate(hostname="db")
    except MachineNotFound:
        return
    raise AssertionError("a machine that is New was allocated")


def deployed(client):
    """A machine that is enlisted as Deployed: it is the caller's at once, and is given back."""
    data = client._origin.session.Machines.create(
        architecture="amd64",
        mac_addresses=["52:54:00:00:00:03"],
        power_type="manual",
        hostname="old",
        deployed=True,
    )
    machine = client.machines.get(data["system_id"])
    assert machine.status == NodeStatus.DEPLOYED
    assert machine.owner.username == client.users.whoami().username
    machine.owner_data = {"rack": "7", "shelf": "top"}
    machine.save()
    machine.refresh()
    assert machine.owner_data == {"rack": "7", "shelf": "top"}, machine.owner_data
    machine.owner_data = {"rack": "8"}
    machine.save()
    machine.refresh()
    assert machine.owner_data == {"rack": "8"}, machine.owner_data
    machine.lock(comment="hands off")
    assert machine.locked
    assert status_of(machine.delete) == 403
    machine.unlock()
    assert not machine.locked
    machine.release(comment="no longer wanted", wait=True, wait_interval=1)
    assert machine.status == NodeStatus.NEW and machine.owner is None
    machine.delete()


def devices(client):
    device = client.devices.create(
        ["52:54:00:00:01:01"], hostname="printer", domain="maas", zone="default"
    )
    assert (device.fqdn, device.node_type) == ("printer.maas", NodeType.DEVICE)
    assert device.owner.username == client.users.whoami().username
    device.hostname = "scanner"
    device.save()
    read = client.devices.get(device.system_id)
    assert read.hostname == "scanner" and len(read.interfaces) == 1
    vlan = client.fabrics.get_default().vlans.get_default()
    subnet = client.subnets.create("10.30.0.0/24", vlan)
    port = read.interfaces[0]
    link = port.links.create(LinkMode.STATIC, subnet, ip_address="10.30.0.5")
    assert (link.mode, link.ip_address) == (LinkMode.STATIC, "10.30.0.5")
    read.refresh()
    assert list(read.ip_addresses) == ["10.30.0.5"]
    read.interfaces[0].links[0].delete()
    port = client._origin.Interface.read(read, port.id)
    port.name = "lan"
    port.save()
    assert [one.name for one in client._origin.Interfaces.read(read)] == ["lan"]
    nodes = {node.hostname: node for node in client._origin.Nodes.read()}
    assert nodes["scanner"].as_device().system_id == device.system_id
    assert [one.system_id for one in client.devices.list()] == [device.system_id]
    device.delete()
    assert status_of(lambda: client.devices.get(device.system_id)) == 404
    subnet.delete()


def controllers(client):
    regions = client.region_controllers.list()
    assert len(regions) >= 1
    for region in regions:
        assert region.node_type == NodeType.REGION_CONTROLLER
        read = client.region_controllers.get(region.system_id)
        assert read.hostname == region.hostname and read.zone.name
        assert read.cpus >= 0 and read.memory >= 0 and read.osystem is not None
        assert read.power_state in list(PowerState)
    assert len(client.rack_controllers.list()) == 0
    nodes = {node.system_id: node for node in client._origin.Nodes.read()}
    assert nodes[regions[0].system_id].as_region_controller().hostname == regions[0].hostname


if __name__ == "__main__":
    main(*sys.argv[1:3])
