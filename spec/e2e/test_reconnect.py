"""The broker comes and goes; the plugin finds back by itself within its ten seconds."""

import time

import pytest
from vrm import HOUSE, VAN

from support.world import address

RECONNECT = 14.0        # seconds: the plugin's own timer of ten, and some
BANK = address(HOUSE, "bm", 289)


def wait_reconnected(world, logins):
    pg3 = world.pg3
    world.wait(lambda: pg3.connected_count() > logins, "the reconnection", RECONNECT)
    if pg3.mode != "legacy":
        world.wait(lambda: pg3.retained_connection() == {"connected": [{}]}, "connected, retained")
    time.sleep(0.3)


@pytest.mark.parametrize("mode", ["plain", "tls", "legacy"])
def test_a_message_sent_after_the_brokers_restart_arrives(world, mode):
    pg3 = world.running(mode=mode)
    soc = pg3.driver(BANK, "state of charge")
    logins = pg3.connected_count()
    pg3.restart_broker()
    wait_reconnected(world, logins)
    world.vrm.set_row(HOUSE, "battery", 289, "/Soc", raw=33.5)
    pg3.query(BANK)
    world.wait_value(BANK, soc, 33.5)


def test_what_changed_while_offline_is_sent_once(world):
    pg3 = world.running()
    soc = pg3.driver(BANK, "state of charge")
    logins = pg3.connected_count()
    world.vrm.settings["latency"] = 1.0
    world.vrm.set_row(HOUSE, "battery", 289, "/Soc", raw=41.5)
    asked = world.vrm.count("diagnostics")
    pg3.query(BANK)
    assert world.vrm.wait_for_requests("diagnostics", asked + 1)
    pg3.broker.stop()                           # the answer comes while there is no broker
    world.vrm.settings["latency"] = 0.0
    time.sleep(2)
    since = time.monotonic()
    pg3.restart_broker()
    wait_reconnected(world, logins)
    world.wait_value(BANK, soc, 41.5)
    time.sleep(1)
    sent = [item["value"] for item in pg3.sets(since)
            if (item["address"], item["driver"]) == (BANK, soc)]
    assert len(sent) == 1 and float(sent[0]) == 41.5
    assert len(pg3.received("status", "set", since)) <= 3, "one message, not a backlog"


def test_it_lives_through_many_losses(world):
    pg3 = world.running()
    logins = pg3.connected_count()
    for pause in (0.0, 0.3):
        pg3.restart_broker(pause)
    wait_reconnected(world, logins)
    pg3.query(address(VAN, "bm", 0), requestId="after")
    world.wait(lambda: pg3.reports("after"), "the report")


def test_a_loss_during_the_start_is_made_good(world):
    pg3 = world.setup()
    pg3.behaviour.addnode_silent = {address(HOUSE, "gw"): 1}
    world.start_plugin()
    world.wait(lambda: any(item["address"] == address(HOUSE, "gw")
                           for items in pg3.received("command", "addnode") for item in items),
               "the gateway's addnode")
    logins = pg3.connected_count()
    pg3.restart_broker()                        # addnode's answer will never come
    wait_reconnected(world, logins)
    world.poll_until(lambda: all(node in pg3.nodes for node in world.device_addresses()),
                     "all nodes", timeout=30)


def test_another_login_with_the_same_id_does_not_end_it(world):
    """mosquitto throws the older session out; the plugin must come back, not exit."""
    import paho.mqtt.client as paho
    pg3 = world.running()
    logins = pg3.connected_count()
    thief = paho.Client(client_id=pg3.id)
    thief.connect("127.0.0.1", pg3.broker.test_port)
    thief.loop_start()
    time.sleep(0.5)
    thief.disconnect()
    thief.loop_stop()
    wait_reconnected(world, logins + 1)         # the thief's login counts too
    pg3.query(BANK, requestId="after")
    world.wait(lambda: pg3.reports("after"), "the report")


def login_times(pg3):
    """Seconds at which the plugin itself logged in, from the broker's log."""
    lines = [line for line in pg3.broker.log_text().splitlines()
             if f" as {pg3.id} (" in line and f"u'{pg3.user}'" in line]
    return [int(line.split(":")[0]) for line in lines]


# Fault: Two copies of the plugin under one id throw each other out every ten seconds, for ever, and nobody is told.
# Expected: One line says so and what to do; the pauses grow, and once the other is gone all goes on.
def test_a_second_copy_with_the_same_id_is_told_once_and_fought_less_and_less(world):
    import paho.mqtt.client as paho
    pg3 = world.running()
    other = paho.Client(client_id=pg3.id)
    other.reconnect_delay_set(min_delay=1, max_delay=1)
    other.connect("127.0.0.1", pg3.broker.test_port)
    other.loop_start()
    world.wait(lambda: len(login_times(pg3)) >= 3, "two reconnections", timeout=60)
    other.disconnect()
    other.loop_stop()
    begin, first, second = login_times(pg3)[:3]
    assert first - begin >= 9 and second - first >= 18, login_times(pg3)
    told = [line for line in world.plugin.log_lines("WARNING") if "second copy" in line]
    assert len(told) == 1 and pg3.id in told[0] and "victron-host" in told[0], world.plugin.log_tail()
    world.wait(lambda: pg3.retained_connection() == {"connected": [{}]}, "connected again", timeout=90)
    pg3.query(BANK, requestId="after")
    world.wait(lambda: pg3.reports("after"), "the report")
