"""Devices told apart by their serials, over restarts: one that was replaced, one that has moved."""

from vrm import HOUSE

from support.world import FRESH, OFFLINE, PATIENCE, address

BANK, MOVED_BANK = address(HOUSE, "bm", 289), address(HOUSE, "bm", 290)
INTERVAL = 60           # seconds, in which the stand-in's gateways log
OLD, NEW = "HQ2139DEMO1", "HQ2224DEMO9"


def serials(world):
    """What PG3 keeps of the batteries' serials."""
    record = (world.pg3.customs.get("customdata") or {}).get("serials") or {}
    return record.get(BANK[:-len("289")]) or {}


def look(world, later=0):
    """The owner has the plugin look for devices, when VRM's clock is so many seconds further."""
    world.vrm.ahead += later
    asked = world.vrm.count("diagnostics", HOUSE)
    world.pg3.discover()
    assert world.vrm.wait_for_requests("diagnostics", asked + 1, PATIENCE, HOUSE)
    world.pg3.query(BANK, requestId=f"look {asked}")
    world.wait(lambda: world.pg3.reports(f"look {asked}"), "the answer shown")


def told(world):
    return world.pg3.notices().get("plugin_devices", "")


def restart(world, change):
    """Something changes while the plugin is stopped."""
    world.stop()
    change()
    world.pg3.messages.clear()
    world.start_plugin()
    world.wait_subscribed()


# Fault: A shunt is replaced or moved while the plugin is stopped: counters jump, or programs stand on a node that
#        grows old, and nothing says why; or it is told again at each start.
# Expected: Serials are kept by PG3. The one is told from the other, once, by a notice and a line with the serials.
def test_a_replaced_and_a_moved_device_are_told_apart_over_restarts(running):
    world, vrm = running, running.vrm
    look(world, INTERVAL + 1)
    assert told(world) == ""

    restart(world, lambda: vrm.set_row(HOUSE, "battery", 289, "/Serial", raw=NEW))
    assert serials(world) == {"289": OLD}
    world.wait_state(BANK, FRESH)
    look(world, INTERVAL + 1)
    world.wait(lambda: "was replaced by another device" in told(world), "the notice")
    world.wait_log(f"({BANK}: serial {NEW} in the place of {OLD})")

    def move():
        vrm.add_device(HOUSE, "battery", 290, {"customName": "Shed bank"})
        vrm.set_row(HOUSE, "battery", 290, "/Serial", raw=NEW)
        vrm.age_device(HOUSE, "battery", 289, 3600)

    restart(world, move)
    assert serials(world) == {"289": NEW}
    world.wait_state(MOVED_BANK, FRESH)
    world.wait_state(BANK, OFFLINE)
    look(world, INTERVAL + 1)
    world.wait(lambda: "has moved from instance 289 to 290" in told(world), "the notice")
    assert "replaced" not in told(world) and MOVED_BANK in told(world)
    world.wait_log(f"(serial {NEW})")

    restart(world, lambda: None)
    assert serials(world) == {"290": NEW}
    world.wait_state(MOVED_BANK, FRESH)
    for _ in range(2):
        look(world, INTERVAL + 1)
    world.wait(lambda: told(world) == "", "the notice's end", timeout=10)
    lines = [line for line in world.plugin.log_lines("WARNING") if "replaced" in line or "has moved" in line]
    assert len(lines) == 2
