"""Networks, addresses and names by python-libmaas: each is made, changed, read again and deleted.

usage: networks.py URL API_KEY
"""

import sys

from maas.client import connect
from maas.client.enum import IPRangeType, RDNSMode
from maas.client.errors import CannotDelete

from refusals import status_of


def main(url, key):
    client = connect(url, apikey=key)
    fabric = fabrics(client)
    vlan = vlans(client, fabric)
    subnet, other = subnets(client, vlan)
    ip_ranges(client, subnet)
    static_routes(client, subnet, other)
    domains(client)
    records(client._origin.session)
    spaces_again(client, vlan)
    for one in (subnet, other):
        one.delete()
    vlan.delete()
    fabric.delete()
    assert status_of(lambda: client.fabrics.get(fabric.id)) == 404


def fabrics(client):
    assert client.fabrics.get_default().id == 0
    made = client.fabrics.create(name="site", description="all of it", class_type="10g")
    made.name = "plant"
    made.save()
    assert client.fabrics.get(made.id).name == "plant"
    assert {"fabric-0", "plant"} <= {fabric.name for fabric in client.fabrics.list()}
    assert len(made.vlans) == 1 and made.vlans.get_default().vid == 0
    default = client.fabrics.get_default()
    try:
        default.delete()
    except CannotDelete:
        pass
    return made


def vlans(client, fabric):
    space = client.spaces.create(name="storage", description="for disks")
    assert client.spaces.get(space.id).name == "storage"
    vlan = fabric.vlans.create(101, name="disks", description="d", mtu=9000, space=space)
    assert (vlan.vid, vlan.name, vlan.mtu, vlan.dhcp_on) == (101, "disks", 9000, False)
    assert vlan.space.name == "storage" and vlan.external_dhcp is None
    vlan.refresh()
    vlan.name, vlan.mtu = "drives", 1500
    vlan.save()
    vlan.vid = 102
    vlan.save()
    read = client._origin.Vlan.read(fabric, 102)
    assert (read.name, read.mtu, read.fabric.id) == ("drives", 1500, fabric.id)
    assert {one.vid for one in client._origin.Vlans.read(fabric)} == {0, 102}
    assert status_of(lambda: client._origin.Vlan.read(fabric, 101)) == 404
    return read


def subnets(client, vlan):
    subnet = client.subnets.create(
        "10.20.0.0/24",
        vlan,
        name="drives",
        description="of the plant",
        gateway_ip="10.20.0.1",
        rdns_mode=RDNSMode.ENABLED.value,
        dns_servers=["10.20.0.2", "10.20.0.3"],
        managed=True,
    )
    assert (subnet.cidr, subnet.gateway_ip) == ("10.20.0.0/24", "10.20.0.1")
    assert subnet.dns_servers == ["10.20.0.2", "10.20.0.3"], subnet.dns_servers
    assert subnet.rdns_mode == RDNSMode.ENABLED and subnet.managed
    assert subnet.vlan.vid == 102 and subnet.space == "storage"
    assert subnet.allow_proxy and not subnet.active_discovery
    subnet.name = "disks"
    subnet.gateway_ip = "10.20.0.254"
    subnet.dns_servers = ["10.20.0.4"]
    subnet.save()
    read = client.subnets.get(subnet.id)
    assert (read.name, read.gateway_ip) == ("disks", "10.20.0.254")
    assert read.dns_servers == ["10.20.0.4"], read.dns_servers
    read.vlan = client.fabrics.get_default().vlans.get_default()
    read.save()
    assert client.subnets.get(subnet.id).vlan.vid == 0
    read.vlan = vlan
    read.save()
    other = client.subnets.create("10.21.0.0/24", vlan.id)
    assert other.name == "10.21.0.0/24" and other.gateway_ip is None
    assert {"10.20.0.0/24", "10.21.0.0/24"} <= {one.cidr for one in client.subnets.list()}
    assert status_of(lambda: client.subnets.create("10.20.0.0/24", vlan)) == 400
    return read, other


def ip_ranges(client, subnet):
    made = client.ip_ranges.create(
        "10.20.0.100",
        "10.20.0.120",
        type=IPRangeType.RESERVED,
        comment="printers",
        subnet=subnet,
    )
    assert (made.type, made.comment, made.subnet.id) == (
        IPRangeType.RESERVED,
        "printers",
        subnet.id,
    )
    made.end_ip, made.comment = "10.20.0.130", "more printers"
    made.save()
    read = client.ip_ranges.get(made.id)
    assert (read.start_ip, read.end_ip) == ("10.20.0.100", "10.20.0.130")
    dynamic = client.ip_ranges.create("10.20.0.150", "10.20.0.199", type=IPRangeType.DYNAMIC)
    assert dynamic.subnet.id == subnet.id, "found by its addresses"
    assert {made.id, dynamic.id} <= {one.id for one in client.ip_ranges.list()}
    for one in (made, dynamic):
        one.delete()
    assert len(client.ip_ranges.list()) == 0


def static_routes(client, source, destination):
    made = client.static_routes.create(destination, source, "10.20.0.9", 50)
    assert (made.source.id, made.destination.id) == (source.id, destination.id)
    made.metric = 60
    made.save()
    read = client.static_routes.get(made.id)
    assert (read.gateway_ip, read.metric) == ("10.20.0.9", 60)
    assert [route.id for route in client.static_routes.list()] == [made.id]
    made.delete()
    assert len(client.static_routes.list()) == 0


def domains(client):
    default = client.domains.get(0)
    assert default.name == "maas" and default.authoritative
    made = client.domains.create("example.test", authoritative=True, ttl=60)
    assert (made.name, made.authoritative, made.ttl) == ("example.test", True, 60)
    made.ttl = 120
    made.save()
    assert client.domains.get(made.id).ttl == 120
    assert {"maas", "example.test"} <= {domain.name for domain in client.domains.list()}
    made.delete()
    assert {domain.name for domain in client.domains.list()} == {"maas"}


def records(session):
    """The library knows DNS records by its layer of calls only."""
    address = session.DNSResources.create(name="www", domain="maas", ip_addresses="10.20.0.30")
    assert [ip["ip"] for ip in address["ip_addresses"]] == ["10.20.0.30"], address
    text = session.DNSResourceRecords.create(
        name="www", domain="maas", rrtype="TXT", rrdata="written"
    )
    changed = session.DNSResourceRecord.update(id=text["id"], rrdata="rewritten")
    assert changed["rrdata"] == "rewritten", changed
    listed = session.DNSResources.read(domain="maas")
    assert [one["fqdn"] for one in listed] == ["www.maas"], listed
    session.DNSResourceRecord.delete(id=text["id"])
    session.DNSResource.delete(id=address["id"])
    assert session.DNSResources.read() == []
    session.IPAddresses.release(ip="10.20.0.30")
    assert session.IPAddresses.read() == []


def spaces_again(client, vlan):
    space = client.spaces.create()
    assert space.name.startswith("space-"), space.name
    assert {"storage", space.name} <= {one.name for one in client.spaces.list()}
    storage = vlan.space
    storage.refresh()
    assert [one.vid for one in storage.vlans] == [102]
    space.delete()
    assert space.name not in {one.name for one in client.spaces.list()}


if __name__ == "__main__":
    main(*sys.argv[1:3])
