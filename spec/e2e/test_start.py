"""Start: PG3INIT, the connection to the broker, the start sequence and its gates."""

import base64
import collections
import glob
import json
import os
import time

import pytest
from vrm import HOUSE, VAN

from support.world import CONNECTED, CONTROLLER, Behaviour, address


def encoded(text):
    return base64.b64encode(text.encode()).decode()


# -- PG3INIT ---------------------------------------------------------------------------------------

BAD_INITS = {
    "missing": None,
    "empty": "",
    "not base64": "%%% this is no base64 %%%",
    "not JSON": encoded('{"uuid": "00:0d:b9:52:ce:50", '),
    "not an object": encoded("[1, 2, 3]"),
    "nothing in it": encoded("{}"),
}


@pytest.mark.parametrize("init_text", BAD_INITS.values(), ids=BAD_INITS.keys())
def test_a_bad_pg3init_is_one_log_line_and_exit_code_1(world, init_text):
    world.plugin.start(init_text)
    assert world.plugin.wait(10) == 1
    assert len(world.plugin.log_lines("ERROR")) == 1, world.plugin.log_tail()
    assert "PG3INIT" in world.plugin.log_lines("ERROR")[0]


@pytest.mark.parametrize("field", ["uuid", "profileNum", "token"])
def test_a_field_missing_in_pg3init_is_named_in_one_line(world, field):
    pg3 = world.setup()
    world.plugin.start(pg3.init_text(**{field: None}))
    assert world.plugin.wait(10) == 1
    lines = world.plugin.log_lines("ERROR")
    assert len(lines) == 1 and field in lines[0], world.plugin.log_tail()


def test_a_port_that_is_no_number_is_one_log_line_and_exit_code_1(world):
    pg3 = world.setup()
    world.plugin.start(pg3.init_text(mqttPort="abc"))
    assert world.plugin.wait(10) == 1
    lines = world.plugin.log_lines("ERROR")
    assert len(lines) == 1 and "mqttPort" in lines[0], world.plugin.log_tail()


def test_numbers_as_strings_are_understood(world):
    world.running(behaviour=Behaviour(numbers_as_strings=True))


# Fault: On a PG3 that gives a prefix the plugin has the wrong name for the broker and stays outside.
# Expected: Client id, topics, user name and certificate files are made of the prefix; of the uuid without one.
@pytest.mark.parametrize("mode", ["plain", "tls", "legacy"])
@pytest.mark.parametrize("prefix", ["eisyui", "00:21:b9:13:13:13", ""])
def test_the_prefix_of_pg3init_takes_the_place_of_the_uuid(world, mode, prefix):
    pg3 = world.setup(mode, prefix=prefix)
    world.start_plugin()
    world.wait_fresh()
    assert f"u'{pg3.user}'" in pg3.login_line()
    assert pg3.user == (pg3.id if mode == "legacy" else pg3.id.replace(":", ""))


def test_pg3version_is_optional_and_unknown_fields_are_ignored(world):
    pg3 = world.setup()
    strangers = {"isPG3x": True, "aNewField": {"deep": [1, None]}, "edition": None,
                 "pg3Version": None, "isyVersion": None}
    world.start_plugin(pg3.init_text(**strangers))
    world.wait_node(CONTROLLER)


# -- the process -----------------------------------------------------------------------------------

def test_the_process_stays_python3_and_shows_no_secret_in_its_arguments(running):
    arguments = running.plugin.arguments()
    if arguments is None:
        pytest.skip("the command line of a process cannot be read here")
    assert arguments[0] == "python3"
    secrets = [*running.secrets, running.pg3.init_text()]
    assert not any(secret in word for word in arguments for secret in secrets)


def test_it_starts_although_unpacking_lost_the_executable_bits(world):
    for name in os.listdir(world.plugin.path("bin")):
        os.chmod(world.plugin.path("bin", name), 0o644)
    world.start()
    world.wait_node(CONTROLLER)


@pytest.mark.parametrize("broken", ["the program", "scripts/main.lua"])
def test_a_broken_installation_is_told_in_the_log_only(world, broken):
    pg3 = world.setup()
    if broken == "the program":
        os.remove(world.plugin.program())
    else:
        with open(world.plugin.path(broken), "w", encoding="ascii") as file:
            file.write("this is no Lua (\n")
    world.plugin.start(pg3.init_text())
    assert world.plugin.wait(10) not in (0, None)
    assert world.plugin.log_text() != ""


# Fault: Where the log cannot be written (another account made it, a disk that only reads) the plugin does not start,
#        or runs without a log, and nobody learns why.
# Expected: It does its work; a notice says what to do, and goes when the log can be written.
@pytest.mark.parametrize("in_the_way", ["a file", "a folder", "a FIFO"])
def test_without_a_log_it_works_and_says_so(world, in_the_way):
    logs, log = world.plugin.path("logs"), world.plugin.path("logs", "debug.log")
    if in_the_way == "a file":
        with open(logs, "w", encoding="ascii") as file:
            file.write("in the way of the folder\n")
    else:
        os.makedirs(logs if in_the_way == "a FIFO" else log)
    if in_the_way == "a FIFO":
        os.mkfifo(log)
    pg3 = world.start()
    world.wait_fresh()
    world.wait(lambda: "log of this plugin" in str(pg3.notices()), "the notice")
    world.stop()
    if in_the_way == "a folder":
        os.rmdir(log)
    else:
        os.remove(logs if in_the_way == "a file" else log)
    world.start_plugin()
    world.wait_fresh()
    world.wait(lambda: not pg3.notices(), "the notice's end")


# -- the broker ------------------------------------------------------------------------------------

@pytest.mark.parametrize("mode", ["plain", "tls", "legacy"])
def test_the_whole_way_works_in_each_form_of_connection(world, mode):
    pg3 = world.start(mode=mode)
    world.wait_fresh()
    world.wait_system(CONNECTED)
    login = pg3.login_line()
    assert f" as {pg3.id} (" in login, "the client id has the colons"
    assert f"u'{pg3.user}'" in login, "the user name has colons in the legacy form only"
    assert "p2, c1, k300" in login, "MQTT 3.1.1, clean session, 300 s keep-alive"
    assert pg3.connected_count() == 1


@pytest.mark.parametrize("mode", ["plain", "tls"])
def test_the_mosquitto_form_keeps_a_retained_connection_message(world, mode):
    pg3 = world.start(mode=mode)
    world.wait_node(CONTROLLER)
    assert list(pg3.retained()) == [f"udi/pg3/connections/ns/{pg3.id}"]
    assert pg3.retained_connection() == {"connected": [{}]}
    assert pg3.messages[0].kind == "connections", "connected is told before anything is asked"


def test_a_process_that_dies_leaves_its_will(world):
    pg3 = world.start()
    world.wait_node(CONTROLLER)
    world.plugin.kill()
    world.wait(lambda: pg3.retained_connection() == {"disconnected": [{}]}, "the will")


def test_the_legacy_form_has_neither_connection_message_nor_will(world):
    pg3 = world.start(mode="legacy")
    world.wait_node(CONTROLLER)
    assert pg3.retained() == {}
    world.plugin.kill()
    time.sleep(0.5)
    assert pg3.retained() == {}
    assert pg3.received("connections", "connected") == []


def test_a_client_certificate_that_no_longer_fits_is_named(world, foreign_authority):
    pg3 = world.setup(mode="tls", client_authority=foreign_authority)
    world.start_plugin()
    world.wait_log(f"{pg3.user}.cert")
    assert world.plugin.running()
    assert pg3.messages == []
    world.plugin.end_within(world.plugin.terminate)


def test_a_broker_with_a_foreign_certificate_is_refused(world, foreign_authority):
    pg3 = world.setup(mode="tls")
    world.start_plugin(PG3_CA_FILE=foreign_authority.ca_file)
    world.wait(lambda: world.plugin.log_lines("ERROR", "WARNING"), "a complaint in the log")
    time.sleep(1)
    assert pg3.messages == [] and pg3.login_line() is None
    world.plugin.end_within(world.plugin.terminate)


def test_a_wrong_password_does_not_end_the_plugin(world):
    pg3 = world.setup()
    world.start_plugin(pg3.init_text(token="not-the-password"))
    world.wait(lambda: world.plugin.log_lines("ERROR", "WARNING"), "a complaint in the log")
    assert world.plugin.running() and pg3.messages == []
    world.plugin.end_within(world.plugin.terminate)


def test_a_broker_that_starts_after_the_plugin_is_found(world):
    pg3 = world.setup()
    pg3.broker.stop()
    world.start_plugin()
    world.wait_log("broker")
    pg3.broker.start()
    world.wait_node(CONTROLLER, timeout=15)


# -- the start sequence ----------------------------------------------------------------------------

def first_index(pg3, kind, key, wanted=None):
    """The place, among all messages, of the first with `key` (and an element that is `wanted`)."""
    return next(i for i, message in enumerate(pg3.messages)
                if message.kind == kind and key in message.data
                and (wanted is None or any(wanted(item) for item in message.data[key])))


def test_the_plugin_asks_for_its_configuration_before_it_adds_nodes(running):
    pg3 = running.pg3
    config = first_index(pg3, "system", "config")
    getall = first_index(pg3, "custom", "getAll")
    addnode = first_index(pg3, "command", "addnode")
    assert config < addnode and getall < addnode
    assert pg3.received("system", "config")[0]["requestId"] is True
    first = pg3.received("command", "addnode")[0][0]
    assert first["address"] == first["primaryNode"] == CONTROLLER
    assert first["name"] == "Victron Energy"
    running.wait(lambda: pg3.received("system", "setController"), "setController")
    assert pg3.received("system", "setController") == [{"node": CONTROLLER, "driver": "ST"}]


def test_nodes_wait_for_the_configuration(world):
    pg3 = world.start(behaviour=Behaviour(config_delay=1.5))
    world.wait(lambda: pg3.received("system", "config"), "the question for the configuration")
    pg3.short_poll()                    # the poll timers do not wait for the plugin
    world.wait_node(CONTROLLER)
    asked, added = (pg3.messages[first_index(pg3, *what)].at for what in (("system", "config"), ("command", "addnode")))
    assert added - asked >= 1.4
    world.wait_fresh()


@pytest.mark.parametrize("config", ["empty", "no_nodes"])
def test_a_configuration_that_stays_without_nodes_is_not_waited_for(world, config):
    world.start(behaviour=Behaviour(config=config))
    world.wait_node(CONTROLLER, timeout=20)
    world.wait_fresh()


def test_a_configuration_that_never_comes_is_logged_and_not_waited_for(world):
    world.start(behaviour=Behaviour(config="never"))
    world.wait_node(CONTROLLER, timeout=20)
    assert world.plugin.log_lines("WARNING", "ERROR")
    world.wait_fresh()


def test_user_data_that_never_comes_is_logged_and_not_waited_for(world):
    pg3 = world.start(behaviour=Behaviour(getall="never"))
    world.wait_node(CONTROLLER, timeout=20)
    assert world.plugin.log_lines("WARNING", "ERROR")
    pg3.set_params(world.params)
    world.wait_fresh()


def test_a_controller_nobody_confirms_is_not_waited_for(world):
    world.start(behaviour=Behaviour(addnode_silent={CONTROLLER: 1}))
    world.wait_fresh(timeout=40)


def test_user_data_as_objects_instead_of_text_is_understood(world):
    world.running(behaviour=Behaviour(getall="objects"))


def test_strangers_in_every_message_are_ignored(world):
    pg3 = world.running(behaviour=Behaviour(unknown_keys=True))
    pg3.set_params({**world.params, "temp_unit": "F"})
    bank = address(HOUSE, "bm", 289)
    temperature = pg3.driver(bank, "temperature")
    world.wait(lambda: pg3.reading(bank, temperature).uom == 17, "degrees Fahrenheit")


# -- addnode ---------------------------------------------------------------------------------------

@pytest.mark.parametrize("apart", [False, True])
def test_one_addnode_message_at_a_time_also_with_a_slow_pg3(world, apart):
    world.running(behaviour=Behaviour(addnode_delay=0.15, addnode_apart=apart))     # judged by pg3_rules


def told(pg3):
    """How often each driver's value was sent: ({(address, driver): by addnode}, the same by set)."""
    by_addnode, by_set = collections.Counter(), collections.Counter()
    for items in pg3.received("command", "addnode"):
        by_addnode.update((node["address"], driver["driver"]) for node in items for driver in node["drivers"])
    by_set.update((item["address"], item["driver"]) for item in pg3.sets() if not item["text"])
    return by_addnode, by_set


# Fault: A first start sends everything twice: zeros with addnode, then the values.
# Expected: Each node is sent once, with its values; only texts, which addnode does not carry, follow.
def test_a_first_start_sends_each_value_once(running):
    pg3 = running.pg3
    running.wait_system(CONNECTED)
    time.sleep(1)
    by_addnode, by_set = told(pg3)
    devices = {*running.device_addresses(), *running.part_addresses(), address(HOUSE, "gw"), address(VAN, "gw")}
    assert {node for node, _ in by_addnode} - set(running.energy_addresses()) == {CONTROLLER, *devices}
    assert set(by_addnode.values()) == {1}
    assert [place for place in by_set if place[0] in devices] == []
    for node in devices:
        assert pg3.history[node, "GV30"][0].value == "1", "the values it was added with are fresh"
    assert len(pg3.received("command", "addnode")) <= 9     # not 25: a message for each node
    assert pg3.history[CONTROLLER, "ST"][0].value == "1", "PG3 does not show this again"


def test_a_new_node_has_the_users_unit_from_the_start(world):
    world.params["temp_unit"] = "F"
    world.running()
    bank = address(HOUSE, "bm", 289)
    first = world.pg3.history[bank, world.pg3.driver(bank, "temperature")][0]
    celsius = world.vrm.row(HOUSE, "battery", 289, "/Dc/0/Temperature")["rawValue"]
    assert (first.uom, float(first.value)) == (17, round(celsius * 1.8 + 32, 1))


# Fault: One node that PG3 refuses takes the others of its message with it.
# Expected: Those that were added have their values; the one is tried again, by itself.
def test_an_addnode_that_fails_in_part(world):
    bad = address(HOUSE, "bm", 289)
    pg3 = world.start(behaviour=Behaviour(addnode_errors={bad: 1}))
    others = [node for node in world.device_addresses() if node != bad]
    world.wait_fresh(others)
    together = [items for items in pg3.received("command", "addnode")
                if bad in {item["address"] for item in items}]
    assert len(together[0]) > 1
    world.wait_node(bad)
    world.wait_fresh()
    added = collections.Counter(item["address"] for items in pg3.received("command", "addnode") for item in items)
    assert added[bad] == 2 and all(added[node] == 1 for node in others)


# Fault: An addnode waits in PG3's queue to the ISY; the plugin warns, sends values of a node that is not there.
# Expected: No warning, no second addnode; the others go on meanwhile, the node's values follow its answer.
@pytest.mark.parametrize("node", [CONTROLLER, address(HOUSE, "gw"), address(HOUSE, "bm", 289)])
def test_an_addnode_that_is_answered_late_is_waited_for(world, node):
    pg3 = world.start(behaviour=Behaviour(addnode_late={node: 20}, addnode_apart=True))
    others = [other for other in world.device_addresses()
              if other != node and not (node == address(HOUSE, "gw") and other.startswith(node[:-3]))]
    world.wait_fresh(others, timeout=30)
    assert node == CONTROLLER or node not in pg3.nodes
    world.wait_fresh(timeout=30)
    world.wait_system(CONNECTED)
    added = [item["address"] for items in pg3.received("command", "addnode") for item in items]
    assert added.count(node) == 1
    world.wait(lambda: pg3.controller_driver == (CONTROLLER, "ST"), "setController")
    assert world.plugin.log_lines("WARNING", "ERROR") == []


@pytest.mark.parametrize("node", [CONTROLLER, address(HOUSE, "gw"), address(HOUSE, "bm", 289)])
def test_an_addnode_that_fails_is_tried_again(world, node):
    pg3 = world.start(behaviour=Behaviour(addnode_errors={node: 1}))
    world.poll_until(lambda: node in pg3.nodes, f"{node} after an error", timeout=40)
    tries = [item for items in pg3.received("command", "addnode") for item in items
             if item["address"] == node]
    assert len(tries) >= 2
    assert world.plugin.log_lines("WARNING", "ERROR")
    world.recover()


def test_an_addnode_that_always_fails_does_not_hold_up_the_others(world):
    bad = address(HOUSE, "sc", 256)
    world.start(behaviour=Behaviour(addnode_errors={bad: 1000}))
    world.wait_fresh([node for node in world.device_addresses() if node != bad], timeout=20)
    assert bad not in world.pg3.nodes


def test_values_of_known_nodes_flow_while_nodes_are_added(world):
    """PG3 takes its time for each addnode; those of the new installation and all of the known
    nodes' are before that of the bank, whose values do not wait for it."""
    world.running()
    world.stop()
    new = world.vrm.add_site("Boat", [("battery", 512), ("battery", 513), ("multi", 1)])
    pg3 = world.pg3
    pg3.messages.clear()
    pg3.behaviour.addnode_delay = 0.4
    world.vrm.set_row(HOUSE, "battery", 289, "/Soc", raw=12.5)
    world.vrm.fault("diagnostics", "slow", site=HOUSE, times=1, seconds=0.3)
    bank = address(HOUSE, "bm", 289)
    soc = pg3.driver(bank, "state of charge")
    world.start_plugin()
    world.wait_value(bank, soc, 12.5)
    world.wait(lambda: any(item["address"] == bank for items in pg3.received("command", "addnode")
                           for item in items), "the bank's addnode")
    world.wait_node(address(new, "mr", 1))
    shown = first_index(pg3, "status", "set",
                        lambda item: (item["address"], item["driver"]) == (bank, soc))
    added = first_index(pg3, "command", "addnode", lambda item: item["address"] == bank)
    assert shown < added, "the value waited for addnode"


# -- the profile's upload --------------------------------------------------------------------------

def change_a_label(plugin, old, new):
    """Edits a device script as an update of the plugin would, and writes the profile anew."""
    for path in glob.glob(plugin.path("scripts", "devices", "**", "*.lua"), recursive=True):
        with open(path, encoding="utf-8") as file:
            text = file.read()
        with open(path, "w", encoding="utf-8") as file:
            file.write(text.replace(f'"{old}"', f'"{new}"'))
    done = plugin.run_host("--write-profile")
    assert done.returncode == 0, done


def test_the_profile_is_uploaded_when_it_changed_and_only_then(world):
    pg3 = world.running()
    assert len(pg3.received("system", "installprofile")) == 1
    world.restart()
    world.wait_fresh()
    assert pg3.received("system", "installprofile") == []
    world.stop()
    pg3.messages.clear()
    charger = pg3.rules.profile.label(pg3.nodes[address(HOUSE, "sc", 288)].nodedef, "ST")
    change_a_label(world.plugin, charger, "Sunshine")
    world.start_plugin()
    world.wait(lambda: pg3.received("system", "installprofile"), "the upload")
    world.wait_fresh()
    assert len(pg3.received("system", "installprofile")) == 1


def test_the_configuration_help_is_sent_as_html(running):
    def sent_docs():
        return [item["value"] for items in running.pg3.received("custom", "set") for item in items
                if item["key"] == "customparamsdoc"]
    sent = running.wait(sent_docs, "the page")
    assert all(isinstance(text, str) and "<" in text and "vrm_token" in text for text in sent)


def test_pg3s_own_password_for_the_isy_is_not_asked_for_nor_kept(running):
    assert running.pg3.received("system", "getIsyInfo") == []
    text = json.dumps(running.pg3.customs)
    assert "isy_password" not in text
