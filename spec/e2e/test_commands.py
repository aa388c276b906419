"""What PG3 asks while the plugin runs: query, status, commands, discover, polls, log level."""

import base64
import json
import time

import pytest
from vrm import HOUSE, VAN

from support.world import CONTROLLER, PATIENCE, address

BANK = address(HOUSE, "bm", 289)
VAN_BATTERY = address(VAN, "bm", 0)


def wait_report(world, request_id):
    """-> the one report that answers a requestId."""
    found = world.wait(lambda: world.pg3.reports(request_id), f"the report for {request_id}")
    assert len(found) == 1
    return found[0]


def soc_driver(world):
    return world.pg3.driver(BANK, "state of charge")


# -- query and status --------------------------------------------------------------------------------

def test_query_of_one_node_fetches_live_data(running):
    running.vrm.set_row(HOUSE, "battery", 289, "/Soc", raw=44.5)
    running.vrm.forget()
    running.pg3.query(BANK, requestId="q1")
    running.wait_value(BANK, soc_driver(running), 44.5)
    report = wait_report(running, "q1")
    assert report["address"] == BANK and report["success"] == "success"
    assert running.vrm.count("diagnostics", HOUSE) == 1
    assert running.vrm.count("diagnostics", VAN) == 0


def test_query_of_all_fetches_everything(running):
    running.vrm.set_row(HOUSE, "battery", 289, "/Soc", raw=45.5)
    running.vrm.set_row(VAN, "battery", 0, "/Soc", raw=46.5)
    running.pg3.query("all", requestId="q2")
    running.wait_value(BANK, soc_driver(running), 45.5)
    running.wait_value(VAN_BATTERY, soc_driver(running), 46.5)
    wait_report(running, "q2")


def test_query_reports_the_node_although_nothing_changed(running):
    running.poll()
    since = time.monotonic()
    running.pg3.query(BANK)
    running.wait(lambda: any((item["address"], item["driver"]) == (BANK, soc_driver(running))
                             for item in running.pg3.sets(since)), "the value once more")


@pytest.mark.parametrize("target, expected", [(BANK, {BANK}), ("all", {BANK, VAN_BATTERY})])
def test_status_reports_stored_values_without_asking_vrm(running, target, expected):
    running.wait_energy()
    running.vrm.forget()
    since = time.monotonic()
    running.pg3.status(target, requestId="s1")
    wait_report(running, "s1")
    soc = soc_driver(running)
    running.wait(lambda: expected <= {item["address"] for item in running.pg3.sets(since)
                                      if item["driver"] == soc}, "the stored values once more")
    if target != "all":
        assert {item["address"] for item in running.pg3.sets(since)} == {BANK}
    assert running.vrm.polls() == []


def test_the_query_command_of_a_node_is_a_query(running):
    running.vrm.set_row(HOUSE, "battery", 289, "/Soc", raw=47.5)
    running.pg3.command(BANK, "QUERY", requestId="c1")
    running.wait_value(BANK, soc_driver(running), 47.5)
    wait_report(running, "c1")


def test_the_query_command_of_the_controller_works(running):
    running.vrm.set_row(HOUSE, "battery", 289, "/Soc", raw=48.5)
    running.pg3.command(CONTROLLER, "QUERY", requestId="c2")
    running.wait_value(BANK, soc_driver(running), 48.5)
    wait_report(running, "c2")


def test_each_command_of_the_profile_is_accepted_with_and_without_arguments(running):
    pg3 = running.pg3
    for node in list(pg3.nodes.values()):
        for command in pg3.rules.profile.nodedefs[node.nodedef].accepts:
            pg3.command(node.address, command, value="1", uom="25",
                        query={"Any.uom2": "0", "Other.25": "x"})
            pg3.command(node.address, command)
    running.recover()


def test_a_request_while_vrm_fails_is_answered_too(running):
    running.vrm.fault("diagnostics", "status", code=500)
    running.pg3.query(BANK, requestId="f1")
    report = wait_report(running, "f1")
    assert report["address"] == BANK
    running.vrm.clear_faults()
    running.recover()


# Fault: A request of an assistant's (customRequest) waits for an answer until its own time is over.
# Expected: It is refused at once: 501, Not supported.
def test_a_custom_request_is_refused_at_once(running):
    running.pg3.send({"customRequest": {"requestId": "ai-1", "payload": {"tool_name": "list"}}})
    running.wait(lambda: running.pg3.received("system", "customResponse"), "the refusal")
    assert running.pg3.received("system", "customResponse") == [
        {"requestId": "ai-1", "payload": {"body": None, "errorMessage": "Not supported", "status": 501}}]


# -- what makes no sense ---------------------------------------------------------------------------

NONSENSE = [
    b"", b" ", b"{", b"null", b"[]", b"7", b'"text"', b"{}", b'{"config":', b"\xff\xfe\x00", b"{\"a\":\"\xc3\x28\"}",
    b'{"command": null}', b'{"command": "DON"}', b'{"command": {}}', b'{"command": {"address": 7, "cmd": []}}',
    b'{"command": {"address": "nobody", "cmd": "QUERY", "query": {}}}',
    b'{"command": {"address": "controller", "cmd": "NOSUCH", "query": null}}',
    b'{"command": {"address": "controller", "cmd": "DISCOVER", "query": {"a": {"b": 1}}, "value": {}}}',
    b'{"command": [{"address": "controller", "success": true}]}',
    b'{"query": null}', b'{"query": {}}', b'{"query": {"address": "nobody", "requestId": "x"}}',
    b'{"query": []}', b'{"status": {"address": null}}', b'{"status": "all"}',
    b'{"shortPoll": null}', b'{"longPoll": []}', b'{"discover": "now"}',
    b'{"addnode": null}', b'{"addnode": [{}]}', b'{"addnode": [null, 7, {"address": "nobody"}]}',
    b'{"addnode": [{"address": "nobody", "error": "no", "code": "400"}]}', b'{"addnode": {"address": "controller"}}',
    b'{"config": null}', b'{"config": []}', b'{"config": {"nodes": null}}', b'{"config": {"nodes": [null, {}, 7]}}',
    b'{"config": {"nodes": [{"address": "controller", "drivers": [null, {"driver": "GV0"}, {"value": "x"}]}]}}',
    b'{"getAll": null}', b'{"getAll": {}}', b'{"getAll": [null, {}, {"key": 7}, {"key": "customparams"}]}',
    b'{"set": null}', b'{"set": [{"success": false, "key": "notices", "error": "no"}]}',
    b'{"set": [{"address": "controller", "driver": "GV0", "error": "could not set driver on ISY 404", "code": 404}]}',
    b'{"installprofile": {"success": false, "error": "no"}}', b'{"error": "No valid API calls provided"}',
    b'{"setLogLevel": null}', b'{"setLogLevel": {"level": 7}}', b'{"setLogLevel": {"level": "CUSTOM"}}',
    b'{"setLogLevelList": {"levels": []}}', b'{"getIsyInfo": null}', b'{"getNsInfo": null}', b'{"setPoll": {}}',
    b'{"setController": {}}', b'{"udm_alert": {}}', b'{"webhook": {"body": {}}}', b'{"oauth": {}}', b'{"bonjour": []}',
    b'{"custom": {"customtypeddata": "{}"}}', b'{"neverHeardOf": {"x": 1e400}}',
    b'{"a":' * 2000 + b"1" + b"}" * 2000,
]


def test_nonsense_is_survived(running):
    for payload in NONSENSE:
        running.pg3.send(payload)
    running.pg3.query(BANK, requestId="alive")
    wait_report(running, "alive")
    assert running.plugin.running()
    running.pg3.set_params(running.params)
    running.recover()


def test_a_large_message_is_survived(running):
    filling = {"x" + str(i): "y" * 1000 for i in range(1500)}
    running.pg3.send({"neverHeardOf": filling, "shortPoll": {}})
    running.pg3.send(json.dumps({"config": {"nodes": [filling] * 3}}).encode())
    running.pg3.query(BANK, requestId="alive")
    wait_report(running, "alive")
    running.recover()


def test_several_keys_in_one_message_all_count(running):
    running.vrm.set_row(HOUSE, "battery", 289, "/Soc", raw=49.5)
    running.pg3.send({"shortPoll": {}, "setLogLevel": {"level": "DEBUG"}, "longPoll": {},
                      "query": {"address": BANK, "requestId": "several"}})
    running.wait_value(BANK, soc_driver(running), 49.5)
    wait_report(running, "several")
    assert running.vrm.wait_for_requests("installations", 2)


def test_a_later_configuration_is_a_refresh(running):
    running.pg3.send({"config": running.pg3.config()})
    running.pg3.send({"config": {}})
    running.vrm.set_row(HOUSE, "battery", 289, "/Soc", raw=50.5)
    running.pg3.short_poll()
    running.wait_value(BANK, soc_driver(running), 50.5)


# -- many at once ------------------------------------------------------------------------------------

def test_many_requests_at_once_ask_vrm_one_after_the_other(running):
    running.vrm.settings["latency"] = 0.1       # the stand-in notices two at a time
    for number in range(40):
        running.pg3.short_poll()
        running.pg3.query(BANK, requestId=f"many{number}")
        running.pg3.query("all")
    running.vrm.set_row(HOUSE, "battery", 289, "/Soc", raw=51.5)
    running.pg3.query(BANK, requestId="last")
    running.wait(lambda: all(running.pg3.reports(f"many{number}") for number in range(40)) and
                 running.pg3.reports("last"), "a report for each request", timeout=2 * PATIENCE)
    running.wait_value(BANK, soc_driver(running), 51.5)
    assert running.vrm.violations == []


def test_the_rate_limit_of_vrm_is_never_passed(running):
    """More than 200 requests are asked for in a few seconds."""
    for _ in range(300):
        running.pg3.discover()
        running.pg3.query(BANK)
        running.pg3.query(VAN_BATTERY)
        time.sleep(0.005)
    time.sleep(1)
    assert running.vrm.violations == []
    assert all(request.status != 429 for request in running.vrm.requests)


# -- log level, delete -----------------------------------------------------------------------------

def test_the_log_level_changes_live(running):
    pg3, plugin = running.pg3, running.plugin
    running.wait_energy()
    pg3.log_level = "ERROR"                     # as its configuration tells it, too
    pg3.send({"setLogLevel": {"level": "ERROR"}})
    pg3.query(BANK, requestId="after")
    wait_report(running, "after")               # the level came before it
    before = len(plugin.log_lines())
    pg3.send({"neverHeardOf": {}})
    running.poll()
    pg3.discover()
    time.sleep(0.5)
    assert plugin.log_lines()[before:] == []
    pg3.log_level = "ALL"
    pg3.send({"setLogLevel": {"level": "ALL"}})
    pg3.send({"neverHeardOf": {}})
    running.wait(lambda: any("neverHeardOf" in line for line in plugin.log_lines("DEBUG")),
                 "a debug line about the unknown key")


# Fault: At the level debug nobody sees what was asked of VRM, how long it took and what changed.
# Expected: A line for each request with its time, and one for each value that is another; none at the level info.
def test_debug_shows_requests_and_what_changed(world):
    pg3, plugin = world.setup(), world.plugin
    pg3.log_level = "INFO"
    world.start_plugin()
    world.wait_fresh()
    assert not any("GET " in line or " values: " in line for line in plugin.log_lines())
    pg3.send({"setLogLevel": {"level": "DEBUG"}})
    world.vrm.set_row(HOUSE, "battery", 289, "/Soc", raw=52.5)
    world.poll()
    world.wait_log(f"GET /installations/{HOUSE}/diagnostics?count=1000&page=1: status 200, after ", " ms.")
    world.wait_log(f"values: {BANK} BATLVL, Battery charge: 52.5")


# Fault: The log begins with "PG3 , ISY " where PG3 tells no versions.
# Expected: It names what it knows.
def test_the_first_line_of_the_log_has_no_empty_fields(world):
    pg3 = world.setup()
    init = pg3.init()
    for absent in ("pg3Version", "isyVersion"):
        init.pop(absent)
    world.start_plugin(init_text=base64.b64encode(json.dumps(init).encode()).decode())
    world.wait_fresh()
    assert world.plugin.log_lines()[0].endswith(f" for {pg3.id}")


def test_the_level_of_pg3init_counts(world):
    pg3 = world.setup()
    pg3.log_level = "ERROR"
    world.start_plugin()
    world.wait_fresh()
    assert world.plugin.log_lines("INFO", "DEBUG") == []


def test_delete_and_the_empty_message_that_comes_with_it(running):
    running.pg3.send({"delete": {}})
    running.pg3.send(b"")
    code = running.plugin.wait(1)
    assert code in (None, 0)
