"""A machine's life by python-libmaas: login, list, allocate, deploy, release.

usage: life.py URL API_KEY SYSTEM_ID OSYSTEM SERIES
"""

import sys

from maas.client import connect
from maas.client.enum import PowerState


def main(url, key, system_id, osystem, series):
    client = connect(url, apikey=key)
    print("logged in as", client.users.whoami().username)
    machines = client.machines.list()
    print("machines", [(machine.system_id, machine.status_name) for machine in machines])
    wanted = client.machines.get(system_id=system_id)
    machine = client.machines.allocate(hostname=wanted.hostname)
    print("allocated", machine.system_id, machine.status_name)
    assert machine.system_id == system_id
    machine.deploy(distro_series=f"{osystem}/{series}", wait=True, wait_interval=1)
    print("deployed", machine.status_name, machine.ip_addresses)
    assert machine.status_name == "Deployed", machine.status_name
    assert machine.query_power_state() == PowerState.ON
    assert machine.owner.username == client.users.whoami().username
    (port,) = machine.interfaces
    assert [link.ip_address for link in port.links] == list(machine.ip_addresses)
    assert machine.boot_disk.size > 0 and len(machine.block_devices) >= 1
    assert set(machine.get_details()) == {"lshw", "lldp"}
    assert machine.get_curtin_config()
    assert client.machines.get_power_parameters_for([system_id])[system_id]["power_address"]
    machine.lock()
    machine.unlock()
    told = [event.event_type for event in client.events.query(system_ids=[system_id])]
    print("events", told)
    assert told
    machine.release(comment="no longer wanted", wait=True, wait_interval=1)
    print("released", machine.status_name)


if __name__ == "__main__":
    main(*sys.argv[1:])
