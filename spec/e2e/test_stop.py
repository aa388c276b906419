"""Stop: gone within two seconds, whatever hangs (World.stop measures and looks at the broker)."""

import os
import signal
import time

import pytest
from vrm import HOUSE

from support.net import slow_dns
from support.profile import Profile
from support.world import CONTROLLER, DISCONNECTED, NO_DATA, OFFLINE, PATIENCE, Behaviour, address

BANK = address(HOUSE, "bm", 289)
WAYS = ["message", "SIGTERM", "SIGINT", "SIGHUP"]
KINDS = ["message", "SIGTERM"]      # PG3's, and a signal's, whichever it is


def way(world, name):
    return {"message": world.pg3.stop_plugin, "SIGTERM": world.plugin.terminate,
            "SIGINT": world.plugin.interrupt, "SIGHUP": world.plugin.hang_up}[name]


# Fault: SIGHUP ends the plugin in the middle of what it does: no word to PG3, nothing saved.
# Expected: It is a stop like SIGTERM.
@pytest.mark.parametrize("how", WAYS)
@pytest.mark.parametrize("mode", ["plain", "tls", "legacy"])
def test_it_ends_at_once_when_asked(world, mode, how):
    world.running(mode=mode)
    world.stop(way(world, how))


# Fault: A plugin that was stopped leaves its last values in the ISY, fresh and connected for ever.
# Expected: Before it leaves, every data state is Offline and the system status Disconnected; zeros come after.
@pytest.mark.parametrize("how", KINDS)
@pytest.mark.parametrize("stale", ["zero", "keep"])
def test_it_tells_that_nothing_is_true_any_more(world, how, stale):
    pg3 = world.running(params={**world.params, "stale_values": stale})
    world.poll()                                # the answers to addnode are there
    voltage = pg3.value(BANK, "CV")
    since = time.monotonic()
    world.stop(way(world, how))
    pg3.wait_for(lambda: pg3.value(CONTROLLER, "GV0") == DISCONNECTED, PATIENCE, "Disconnected")
    for node in pg3.nodes:
        pg3.wait_for(lambda node=node: node == CONTROLLER or pg3.value(node, "GV30") == OFFLINE, PATIENCE, node)
    said = [(item["address"], item["driver"]) for item in pg3.sets(since)]
    assert ((BANK, "CV") in said) == (stale == "zero"), said
    assert stale == "keep" or said.index((BANK, "GV30")) < said.index((BANK, "CV")), said
    assert stale == "zero" or pg3.value(BANK, "CV") == voltage


# Fault: After a power cut values of before it stay fresh for as long as VRM hangs; after a stop meanwhile for ever.
# Expected: There is no data until VRM answers, and Offline after a stop.
def test_a_power_cut_leaves_nothing_fresh(world):
    pg3 = world.running()
    world.poll()                                # the answers to addnode are there
    world.plugin.kill()
    voltage = pg3.value(BANK, "CV")
    world.vrm.fault("*", "hang")
    world.start_plugin()
    for node in world.device_addresses():
        world.wait_state(node, NO_DATA)
    assert pg3.value(BANK, "CV") == voltage
    world.stop()
    for node in world.device_addresses():
        pg3.wait_for(lambda node=node: pg3.value(node, "GV30") == OFFLINE, PATIENCE, node)
    world.vrm.clear_faults()
    world.start_plugin()
    world.wait_fresh()


# Fault: A program cannot tell that the plugin crashed: its last values stay.
# Expected: At each long poll the plugin's node reports DON and DOF in turn.
def test_each_long_poll_is_a_heartbeat(running):
    def beats():
        return [item["cmd"] for items in running.pg3.received("command", "command") for item in items]
    for count in (1, 2, 3):         # once a second at most
        running.wait(lambda count=count: running.pg3.long_poll() or len(beats()) >= count, "a heartbeat")
    assert beats() == ["DON", "DOF", "DON"]


# Fault: SIGUSR1 or SIGUSR2, which some service scripts send to rotate logs, ends the plugin.
# Expected: They are ignored.
def test_signals_that_ask_for_nothing_are_ignored(running):
    for number in (signal.SIGUSR1, signal.SIGUSR2, signal.SIGPIPE):
        running.plugin.signal(number)
    running.poll()
    assert running.plugin.running()


@pytest.mark.parametrize("how", KINDS)
def test_it_ends_while_vrm_does_not_answer(world, how):
    world.vrm.fault("diagnostics", "hang")
    world.start()
    assert world.vrm.wait_for_requests("diagnostics", 1)
    world.stop(way(world, how))


@pytest.mark.parametrize("how", KINDS)
def test_it_ends_while_vrm_hangs_in_the_tls_handshake(world, how):
    silent = world.silent_server()
    world.start(VICTRON_VRM_URL=f"https://localhost:{silent.port}/v2")
    assert silent.accepted.wait(10)
    world.wait_node(CONTROLLER)
    world.stop(way(world, how))


def dns_environment(tmp_path):
    library = slow_dns(tmp_path)
    if library is None:
        pytest.skip("needs a C compiler")
    before = os.environ.get("LD_PRELOAD")
    return {"LD_PRELOAD": f"{before}:{library}" if before else library}


@pytest.mark.parametrize("how", KINDS)
def test_it_ends_while_the_look_up_of_vrm_hangs(world, tmp_path, how):
    environment = dns_environment(tmp_path)
    world.start(VICTRON_VRM_URL="https://hangs.invalid/v2", **environment)
    world.wait_node(CONTROLLER)
    time.sleep(0.5)
    world.stop(way(world, how))


def test_it_ends_while_the_look_up_of_the_broker_hangs(world, tmp_path):
    environment = dns_environment(tmp_path)
    pg3 = world.setup()
    world.start_plugin(pg3.init_text(mqttHost="hangs.invalid"), **environment)
    world.wait(world.plugin.log_text, "the log")
    time.sleep(0.5)
    world.stop_asking_nothing(way(world, "SIGTERM"))


@pytest.mark.parametrize("secure", [0, 1])
def test_it_ends_while_the_broker_accepts_and_says_nothing(world, secure):
    pg3 = world.setup()
    silent = world.silent_server()
    world.start_plugin(pg3.init_text(mqttPort=silent.port, secure=secure))
    assert silent.accepted.wait(10)
    time.sleep(0.3)
    world.stop_asking_nothing(way(world, "SIGTERM"))


@pytest.mark.parametrize("mode", ["plain", "tls"])
def test_it_ends_while_the_broker_neither_reads_nor_answers(world, mode):
    pg3 = world.running(mode=mode)
    pg3.broker.freeze()
    try:
        world.stop_asking_nothing(way(world, "SIGTERM"))
    finally:
        pg3.broker.thaw()


def test_it_ends_while_the_broker_is_gone(world):
    pg3 = world.running()
    pg3.broker.stop()
    time.sleep(0.5)
    world.stop_asking_nothing(world.plugin.terminate)


def test_it_ends_while_addnode_is_unanswered(world):
    world.start(behaviour=Behaviour(addnode_silent={address(HOUSE, "gw"): 1000}))
    world.wait_node(CONTROLLER)
    time.sleep(0.5)
    world.stop()


# Fault: A node whose addnode PG3 works on at the stop shows the fresh values of that message for ever.
# Expected: What PG3 has is Offline at once, what is new once PG3 has answered, if that is soon.
@pytest.mark.parametrize("of", ["known nodes", "new nodes"])
def test_it_ends_while_nodes_are_added(world, of):
    pg3 = world.setup()
    if of == "known nodes":
        world.start_plugin()
        world.wait_fresh()
        world.stop()
        pg3.behaviour.addnode_late = {BANK: 30}
    else:
        pg3.behaviour.addnode_late = {BANK: 0.1}
    pg3.messages.clear()
    world.start_plugin()
    world.wait(lambda: any(node["address"] == BANK and ["1"] == [driver["value"] for driver in node["drivers"]
                                                                 if driver["driver"] == "GV30"]
                           for nodes in pg3.received("command", "addnode") for node in nodes), "the bank's addnode")
    world.stop()
    for node in list(pg3.nodes):
        pg3.wait_for(lambda node=node: node == CONTROLLER or pg3.value(node, "GV30") == OFFLINE, 5, node)
    assert BANK in pg3.nodes


def test_it_ends_before_the_configuration_came(world):
    world.start(behaviour=Behaviour(config="never"))
    world.wait(lambda: world.pg3.received("system", "config"), "the question")
    world.stop()


def test_stop_twice_is_one_stop(running):
    def twice():
        running.pg3.stop_plugin()
        running.pg3.stop_plugin()
        running.plugin.terminate()
    running.stop(twice)


LOOPING_SCRIPT = """
return {
  api = 2,
  id = "VICLOOP", name = "Looper", icon = "GenericCtl",
  match = { service = "tank", product = "tank sensor" },
  { "ST", unit.percent, "Level", "/Level" },
  update = function()
    while true do
      pcall(function() while true do end end)
    end
  end,
}
"""


@pytest.mark.parametrize("how", KINDS)
def test_it_ends_while_a_script_loops(world, how):
    with open(world.plugin.path("scripts", "devices", "looper.lua"), "w", encoding="ascii") as file:
        file.write(LOOPING_SCRIPT)
    assert world.plugin.run_host("--write-profile").returncode == 0
    world.setup()
    world.pg3.rules.profile = Profile(world.plugin.folder)
    world.start_plugin()
    world.wait_fresh(timeout=20)        # the others do not notice
    world.pg3.short_poll()
    world.stop(way(world, how))


def test_it_starts_again_after_each_kind_of_end(world):
    pg3 = world.running()
    for how in WAYS:
        world.stop(way(world, how))
        world.start_plugin()
        world.wait_fresh()
        assert pg3.retained_connection() == {"connected": [{}]}
