"""victron_mqtt, what Home Assistant reads Victron's live values with, beside the plugin: `peer.py PORT CA USER PASSWORD PORTAL...`.

Prints its version once it has all there is of these gateways; then, for each line it reads, the milliseconds of processor time it
has taken, and how many values it has told. It runs in a Python that has it: not one of the project's packages."""

import asyncio
import importlib.metadata
import ssl
import sys
import time

from victron_mqtt import Hub


async def main(port, authority, user, password, *portals):
    told = 0

    def tell(_metric, _value):
        nonlocal told
        told += 1

    context = ssl.create_default_context(cafile=authority)
    for portal in portals:
        hub = Hub("localhost", int(port), user, password, True, installation_id=portal, ssl_context=context)
        await hub.connect()
        await hub.wait_for_first_refresh()
        for device in hub.devices.values():
            for metric in device.metrics:
                metric.on_update = tell
    print(importlib.metadata.version("victron_mqtt"), flush=True)
    while await asyncio.to_thread(sys.stdin.readline):
        print(time.process_time() * 1000, told, flush=True)


asyncio.run(main(*sys.argv[1:]))
