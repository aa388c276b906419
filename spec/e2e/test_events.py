"""Events for programs of the ISY: told once each, also over a restart and a crash."""

from vrm import HOUSE

from support.world import CONTROLLER, address

BANK, GATEWAY = address(HOUSE, "bm", 289), address(HOUSE, "gw")


def events(world):
    """What the nodes reported since the plugin's start, in order, without the heartbeat."""
    return [(item["address"], item["cmd"]) for items in world.pg3.received("command", "command") for item in items
            if item["address"] != CONTROLLER]


def low_soc(world, level):
    world.vrm.set_row(HOUSE, "battery", 289, "/Alarms/LowSoc", raw=level)


def wait_events(world, *wanted):
    world.wait(lambda: events(world) == list(wanted), f"exactly {wanted}, not {events(world)}")


def place(world, test):
    """Where the first message stands that passes a test, among all that were sent."""
    return next(i for i, message in enumerate(world.pg3.messages) if test(message))


# Fault: An event is lost in a restart or crash, told again by it, or comes in front of its value.
# Expected: An alarm is told once, behind its value; a restart and a crash tell nothing again, and what ended or
#           began while the plugin was stopped is told after its start.
def test_an_alarm_is_told_once_over_restart_and_crash(running):
    world, alarm = running, running.pg3.driver(BANK, "alarm, any")
    assert events(world) == []
    low_soc(world, 2)
    world.poll()
    world.wait(lambda: len(events(world)) == 2, "the alarm of the battery and of the gateway")
    assert sorted(events(world)) == sorted([(BANK, "ALARM"), (GATEWAY, "ALARM")])
    value = place(world, lambda message: any(item["driver"] == alarm and item["value"] == "2"
                                             for item in message.data.get("set", []) if message.kind == "status"))
    assert value < place(world, lambda message: message.kind == "command" and "command" in message.data)
    world.wait(lambda: BANK in (world.pg3.customs.get("customdata") or {}).get("events", {}), "the record")
    world.restart()
    world.wait_fresh()
    world.poll()
    assert events(world) == []
    world.plugin.kill()
    world.pg3.in_flight = None
    low_soc(world, 0)
    world.pg3.messages.clear()
    world.start_plugin()
    world.wait_subscribed()
    world.wait_fresh()
    world.wait(lambda: len(events(world)) == 2, "its end")
    assert sorted(events(world)) == sorted([(BANK, "OVER"), (GATEWAY, "OVER")])
    world.wait(lambda: not world.pg3.customs["customdata"].get("events"), "nothing to remember")


# Fault: UD Mobile gets a message that PG3 does not know, or each alarm twice.
# Expected: One message in PG3's form for an alarm of a device.
def test_an_alarm_is_pushed_to_phones(world):
    pg3 = world.running(params={**world.params, "push": "alarms"})
    assert pg3.received("system", "push") == []
    low_soc(world, 2)
    world.poll()
    world.wait(lambda: pg3.received("system", "push"), "the message")
    world.poll()
    assert pg3.received("system", "push") == [[{"title": "House bank", "body": "Alarm (Harbour House)"}]]


# Fault: A stop, or a start before VRM has answered, tells that all devices are lost.
# Expected: Neither does; a device that VRM has no more is lost once, and back when it is.
def test_a_device_is_lost_and_back(running):
    world = running
    world.vrm.drop_device(HOUSE, "battery", 289)
    world.poll(2)                           # one answer without it may be a slip
    wait_events(world, (BANK, "LOST"))
    world.restart()
    world.poll()
    assert events(world) == []
    world.vrm.restore_device(HOUSE, "battery", 289)
    world.poll()
    wait_events(world, (BANK, "BACK"))
