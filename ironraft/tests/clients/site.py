"""The site by python-libmaas: tags, zones, pools, images, sources of images, settings and events.

usage: site.py URL API_KEY
"""

import hashlib
import io
import sys

from maas.client import connect
from maas.client.viscera.boot_resources import BootResourceFileType

from refusals import status_of

IMAGE = bytes(range(256)) * 1000


def main(url, key):
    client = connect(url, apikey=key)
    tags(client)
    zones(client)
    pools(client)
    boot_resources(client)
    boot_sources(client)
    settings(client.maas)
    events(client)


def tags(client):
    made = client.tags.create("bare", comment="no name", definition="//node", kernel_opts="quiet")
    assert (made.name, made.comment, made.kernel_opts) == ("bare", "no name", "quiet")
    made.comment = "changed"
    made.save()
    read = client.tags.get("bare")
    assert (read.comment, read.definition) == ("changed", "//node")
    assert [tag.name for tag in client.tags.list()] == ["bare"]
    client.tags.create("plain")
    for name in ("bare", "plain"):
        client.tags.get(name).delete()
    assert len(client.tags.list()) == 0


def zones(client):
    made = client.zones.create("cellar", "below")
    assert (made.name, made.description) == ("cellar", "below")
    made.description = "far below"
    made.save()
    assert client.zones.get("cellar").description == "far below"
    assert {zone.name for zone in client.zones.list()} == {"cellar", "default"}
    made.delete()
    assert [zone.name for zone in client.zones.list()] == ["default"]


def pools(client):
    made = client.resource_pools.create("lab", "of the lab")
    made.name, made.description = "bench", "of the bench"
    made.save()
    read = client.resource_pools.get(made.id)
    assert (read.name, read.description) == ("bench", "of the bench")
    assert {"default", "bench"} == {pool.name for pool in client.resource_pools.list()}
    made.delete()
    assert status_of(lambda: client.resource_pools.get(made.id)) == 404


def boot_resources(client):
    """An image goes up in chunks, is whole then, and is deployable until it is deleted."""
    told = []
    made = client.boot_resources.create(
        "custom/plant",
        "amd64/generic",
        io.BytesIO(IMAGE),
        title="Of the plant",
        filetype=BootResourceFileType.TGZ,
        chunk_size=100_000,
        progress_callback=told.append,
    )
    assert told[-1] == 1.0 and len(told) == 3, told
    assert (made.type, made.name, made.architecture) == ("Uploaded", "plant", "amd64/generic")
    (version,) = made.sets
    assert made.sets[version].complete and made.sets[version].label == "uploaded"
    (file,) = made.sets[version].files.values()
    assert file.complete and file.size == len(IMAGE)
    assert file.sha256 == hashlib.sha256(IMAGE).hexdigest()
    again = client.boot_resources.create("custom/plant", "amd64/generic", io.BytesIO(IMAGE))
    assert again.id == made.id, "what is there already is not sent again"
    (listed,) = client.boot_resources.list()
    assert (listed.id, listed.sets) == (made.id, None), listed
    assert client.boot_resources.get(made.id).id == made.id
    client.boot_resources.start_import()
    client.boot_resources.stop_import()
    made.delete()
    assert len(client.boot_resources.list()) == 0


def boot_sources(client):
    made = client.boot_sources.create(
        "http://images.example/", keyring_data=io.BytesIO(b"of a ring")
    )
    made.url = "http://images.example/stable/"
    made.save()
    read = client.boot_sources.get(made.id)
    assert read.url == "http://images.example/stable/"
    assert read.created <= read.updated
    selections = client._origin.BootSourceSelections
    selection = selections.create(read, "ubuntu", "noble", arches=["amd64"])
    assert (selection.os, selection.release, selection.arches) == ("ubuntu", "noble", ["amd64"])
    assert [one.id for one in selections.read(read)] == [selection.id]
    assert client._origin.BootSourceSelection.read(read, selection.id).labels == ["*"]
    selection.delete()
    assert len(selections.read(read)) == 0
    made.delete()
    assert made.id not in {source.id for source in client.boot_sources.list()}


def settings(maas):
    """What is set is read again, and all that the library knows is read."""
    for name, value in [
        ("name", "plant"),
        ("default_dns_ttl", 90),
        ("upstream_dns", ["192.0.2.53", "192.0.2.54"]),
        ("main_archive", "http://mirror.example/ubuntu"),
        ("kernel_options", "console=ttyS0"),
        ("kernel_options", None),
        ("enable_disk_erasing_on_release", True),
        ("enable_disk_erasing_on_release", False),
    ]:
        getattr(maas, f"set_{name}")(value)
        assert getattr(maas, f"get_{name}")() == value, name
    assert maas.get_default_storage_layout() == maas.StorageLayout.FLAT
    assert maas.get_dnssec_validation() in list(maas.DNSSEC)
    for name in dir(maas):
        if name.startswith("get_") and name != "get_config":
            getattr(maas, name)()
    assert status_of(lambda: maas.get_config("no_such_setting")) == 400


def events(client):
    level = client.events.INFO
    page = client.events.query(limit=2, level=client.events.AUDIT)
    assert len(page) <= 2
    for event in page.backwards():
        assert event.created and event.level is not None and event.event_type, event
    assert client.events.query(level=level, system_ids=["abcdef"]) is not None
    assert len(client.events.query(hostnames=["nosuch"])) == 0


if __name__ == "__main__":
    main(*sys.argv[1:3])
