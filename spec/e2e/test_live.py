"""Live data by VRM's broker: the installed plugin, a real mosquitto with TLS and users, a GX behind it."""

import json
import os
import signal
import subprocess
import time

import pytest
from gx_device import OFF, PORTAL_MODE, values_of
from vrm import HOUSE, USER, VAN

from support.broker import free_port
from support.gx import Cloud
from support.world import CONNECTED, FRESH, TOKEN, address

BANK, PORTAL, OTHER = address(HOUSE, "bm", 289), "c0619ab1d2e3", "c0619ab1d2e4"
EMAIL = USER["email"]
VRM_POLLED, VRM_LIVE = 1, 2                     # GV17 of a gateway


@pytest.fixture
def cloud(world, tmp_path, authority):
    """VRM's broker with the gateway of the house, whose values are those of VRM's installation; and the plugin's
    world, set to use it."""
    made = Cloud(tmp_path, authority, {EMAIL: (TOKEN, {PORTAL: "full", OTHER: "full"})})
    made.start()
    site = world.vrm.sites[HOUSE]
    made.gx = made.add(PORTAL, values_of(site, world.vrm.clock))
    made.add(OTHER, values_of(world.vrm.sites[VAN], world.vrm.clock))
    for number in (HOUSE, VAN):
        world.vrm.set_site(number, mqtt_host="localhost", mqtt_webhost="localhost")
    world.params["live"] = "vrm"
    world.environment.update(VICTRON_MQTT_PORT=str(made.port), VICTRON_MQTT_WEB_PORT=str(made.web_port),
                             VICTRON_MQTT_CA=made.ca_file)
    world.secrets.append("Token " + TOKEN)
    yield made
    made.close()
    assert made.violations == []


def live(world, cloud):
    """The plugin runs and the house's values come live."""
    world.running()
    world.wait_log("Harbour House", "values come live now")
    world.wait(lambda: cloud.gx.republished == 1, "everything is told once")
    time.sleep(1)


def test_a_value_is_shown_within_seconds(world, cloud):
    live(world, cloud)
    soc, power = (world.pg3.driver(BANK, text) for text in ("state of charge", "power"))
    time.sleep(3)                               # new scripts have the installations asked once more
    asked = world.vrm.count("diagnostics")
    begin = time.monotonic()
    cloud.gx.set("battery/289/Dc/0/Power", 1234)
    world.wait_value(BANK, power, 1234, timeout=5)
    assert time.monotonic() - begin < 4
    cloud.gx.set("battery/289/Soc", 42.5)
    world.wait_value(BANK, soc, 42.5, timeout=40)
    assert world.vrm.count("diagnostics") == asked, "no poll brought it"
    assert world.pg3.value(BANK, "GV30") == FRESH


FUNCTIONS = """
    { "GV20", unit.watt, "In all", from = function(rows)
        return (number(rows, "/Yield/Power") or 0) + (number(rows_of(rows, "battery", 289), "/Dc/0/Power") or 0)
    end },
    { "GV21", unit.watt, "Twice", by_script = true },
    update = function(node, rows) node:set("GV21", 2 * (number(rows, "/Yield/Power") or 0)) end,
    samples = {
"""


# Fault: What functions of a script give is minutes old beside the live values it is made of.
# Expected: It follows them, those of another device too, without a poll.
def test_functions_of_scripts_follow(world, cloud):
    with open(world.plugin.path("scripts", "devices", "solar_charger.lua"), encoding="utf-8") as file:
        text = file.read().replace("    samples = {\n", FUNCTIONS, 1)
    os.makedirs(world.plugin.path("persist", "scripts"), exist_ok=True)
    with open(world.plugin.path("persist", "scripts", "solar_charger.lua"), "w", encoding="utf-8") as file:
        file.write(text)
    live(world, cloud)
    charger = address(HOUSE, "sc", 256)
    time.sleep(3)                               # new scripts have the installations asked once more
    asked = world.vrm.count("diagnostics")
    cloud.gx.set("solarcharger/256/Yield/Power", 1500)
    cloud.gx.set("battery/289/Dc/0/Power", 1000)
    world.wait_value(charger, "GV20", 2500, timeout=10)
    world.wait_value(charger, "GV21", 3000, timeout=10)
    cloud.gx.set("battery/289/Dc/0/Power", -500)
    world.wait_value(charger, "GV20", 1000, timeout=10)
    assert world.vrm.count("diagnostics") == asked, "no poll brought it"


def test_a_flood_does_not_starve_pg3(world, cloud):
    live(world, cloud)
    power = world.pg3.driver(BANK, "power")
    for number in range(5):
        cloud.gx.flood(10000, f"solarcharger/288/Dc/{number}")
        world.pg3.query(BANK, requestId=f"flood {number}")
        world.wait(lambda number=number: world.pg3.reports(f"flood {number}"), "the report", timeout=10)
    cloud.gx.set("battery/289/Dc/0/Power", 777)
    world.wait_value(BANK, power, 777, timeout=30)
    assert world.system_status() == "Connected"


def test_a_restart_of_the_broker_and_of_the_gateway(world, cloud):
    live(world, cloud)
    power = world.pg3.driver(BANK, "power")
    cloud.restart()
    world.wait_log("Harbour House", "connection for live data was lost")
    world.wait(lambda: cloud.gx.republished == 2, "everything is told again", timeout=30)
    cloud.gx.set("battery/289/Dc/0/Power", 55)
    world.wait_value(BANK, power, 55, timeout=10)


def of_house(world, text):
    """The lines of the log about the house that have this text."""
    return [line for line in world.plugin.log_lines() if "Harbour House" in line and text in line]


# Fault: A gateway with Venus 2.80 to 3.1x, which takes the options of a keepalive for topics, tells nothing, and is live.
# Expected: It tells everything.
def test_a_gateway_of_before_venus_3_20(world, cloud):
    cloud.gx.firmware = 3.1
    live(world, cloud)
    power = world.pg3.driver(BANK, "power")
    cloud.gx.set("battery/289/Dc/0/Power", 1234)
    world.wait_value(BANK, power, 1234, timeout=10)


def test_a_gateway_that_restarts_with_another_firmware(world, cloud):
    cloud.gx.firmware = 3.3                     # the end of everything does not say whose it is
    world.running()
    world.wait_log("Harbour House", "values come live now")
    beat = cloud.gx.next_beat                   # silence is told by the heartbeat only where one was heard
    world.wait(lambda: cloud.gx.next_beat > beat, "a heartbeat")
    time.sleep(1)
    cloud.gx.restart(25)
    world.wait(lambda: len(of_house(world, "live data has stopped")) == 1, "the end of live data")
    cloud.gx.firmware = 3.55
    world.wait(lambda: len(of_house(world, "values come live now")) == 2, "it comes live again", timeout=60)
    power = world.pg3.driver(BANK, "power")
    cloud.gx.set("battery/289/Dc/0/Power", 4321)
    world.wait_value(BANK, power, 4321, timeout=10)
    assert len(of_house(world, "live data has stopped")) == 1


def test_an_access_that_only_monitors_is_enough(world, cloud):
    cloud.restart(users={EMAIL: (TOKEN, {PORTAL: "monitor", OTHER: "watch"})})
    world.running()
    world.wait_log("Harbour House", "values come live now")
    world.wait_log("Workshop Van", "ends the connection as soon as the gateway is asked", timeout=90)
    world.wait_value(address(HOUSE, "gw"), "GV17", VRM_LIVE)
    assert world.pg3.value(address(VAN, "gw"), "GV17") == VRM_POLLED
    assert world.pg3.value(address(VAN, "gw"), "GV30") == FRESH


def test_a_token_that_is_revoked_and_one_that_takes_its_place(world, cloud):
    live(world, cloud)
    world.vrm.set_tokens(["anothertokenofthetests"])
    cloud.restart(users={EMAIL: ("anothertokenofthetests", {PORTAL: "full", OTHER: "full"})})
    world.wait_log("Harbour House", "refuses the login", timeout=40)
    assert len(of_house(world, "refuses the login")) == 1
    world.secrets.append("anothertokenofthetests")
    world.pg3.set_params({**world.params, "vrm_token": "anothertokenofthetests"})
    world.wait(lambda: len(of_house(world, "values come live now")) == 2, "it comes live again", timeout=40)
    world.wait_value(address(HOUSE, "gw"), "GV17", VRM_LIVE)
    assert cloud.refused_logins() <= 2


def test_a_silent_gateway_falls_back_to_the_polls(world, cloud):
    live(world, cloud)
    soc = world.pg3.driver(BANK, "state of charge")
    cloud.gx.values[PORTAL_MODE] = OFF
    world.wait_log("Harbour House", "live data has stopped", timeout=40)
    world.vrm.set_row(HOUSE, "battery", 289, "/Soc", raw=33.5)
    world.poll()
    world.wait_value(BANK, soc, 33.5, timeout=10)
    assert world.pg3.value(BANK, "GV30") == FRESH
    cloud.gx.values[PORTAL_MODE] = 2
    world.wait(lambda: len([line for line in world.plugin.log_lines() if "come live now" in line]) == 2,
               "it comes live again", timeout=60)


def test_a_refused_login_is_tried_once(world, cloud):
    cloud.restart(users={EMAIL: ("another token", {PORTAL: "full", OTHER: "full"})})
    world.running()
    world.wait_log("Harbour House", "refuses the login")
    world.wait_log("Workshop Van", "refuses the login")
    time.sleep(12)
    assert cloud.refused_logins() == 2, "once for each installation"
    assert world.pg3.value("controller", "GV0") == CONNECTED


def test_a_foreign_certificate_gets_no_token(world, cloud, foreign_authority):
    world.environment["VICTRON_MQTT_CA"] = foreign_authority.ca_file
    world.running()
    world.wait_log("No TLS connection to VRM's broker (Harbour House)", "certificate verify failed")
    assert cloud.logins() == 0


def test_a_blocked_port_has_another(world, cloud):
    """Nobody answers at 8883; everything comes in a websocket, also many messages in one go, until the port is open."""
    port = free_port()
    world.environment["VICTRON_MQTT_PORT"] = str(port)
    world.running()
    world.wait_log("Harbour House", f"values come live now, by port {cloud.web_port}, for port {port}")
    world.wait(lambda: cloud.gx.republished == 1, "everything is told once")
    power = world.pg3.driver(BANK, "power")
    cloud.gx.flood(3000, "solarcharger/288/Dc/0")
    cloud.gx.set("battery/289/Dc/0/Power", 1234)
    world.wait_value(BANK, power, 1234, timeout=20)
    lines = [line for line in world.plugin.log_lines() if "No connection to VRM's broker (Harbour House)" in line]
    assert len(lines) == 1, lines


# Fault: Who reports a fault of live data cannot show what came without showing who he is.
# Expected: --record with live=vrm keeps what VRM's broker told, in which nothing of the account is named, and --replay shows it.
def test_a_recording_has_what_came_live(world, cloud, tmp_path):
    cloud.gx.set("battery/289/Serial", "HQ2134ABCDE")
    cloud.gx.set("battery/HQ2134ABCDE/Soc", 5)
    cloud.gx.set("battery/289/CustomName", "Ann's bank")
    cloud.gx.set("gps/0/Position/Latitude", 38.6979)
    path, lines = os.path.join(tmp_path, "report.jsonl"), []
    how = {"cwd": world.plugin.folder, "stdin": subprocess.DEVNULL, "stderr": subprocess.PIPE}
    environment = world.plugin.environment(None, VICTRON_VRM_TOKEN=TOKEN, **world.environment)

    def recorded(text):
        with open(path, encoding="utf-8") as file:
            lines[:] = file.read().splitlines()
        return any('"topic"' in line and text in line for line in lines)

    def heartbeats():
        return sum("/heartbeat" in line for line in lines)

    with subprocess.Popen([world.plugin.program(), "--record", path, "--param", "live=vrm", "--json"], env=environment,
                          stdout=subprocess.DEVNULL, **how) as program:
        deadline = time.monotonic() + 60
        while not (os.path.exists(path) and recorded("full_publish_completed")) and time.monotonic() < deadline:
            time.sleep(0.1)
        cloud.gx.set("battery/289/Dc/0/Power", 1234.5)
        while not recorded("1234.5") and time.monotonic() < deadline:
            time.sleep(0.1)
        beats = heartbeats()
        while recorded("heartbeat") and heartbeats() < beats + 4 and time.monotonic() < deadline:
            time.sleep(0.1)                     # until a replay has shown it
        program.send_signal(signal.SIGINT)
        assert program.stderr.read() == b""
    text = "\n".join(lines).lower()
    personal = [TOKEN, EMAIL, PORTAL, OTHER, "HQ2134ABCDE", "Ann's", "Harbour", "38.6979", "localhost"]
    assert not [part for part in personal if part.lower() in text]
    assert len([line for line in lines if '"topic":"N/' in line]) > 50 and recorded("1234.5")
    done = subprocess.run([world.plugin.program(), "--replay", path, "--json"], timeout=60, stdout=subprocess.PIPE,
                          env=world.plugin.environment(None), check=False, **how)
    assert (done.returncode, done.stderr) == (0, b"")
    values = [json.loads(line) for line in done.stdout.splitlines()]
    assert 1234 in [value["value"] // 1 for value in values if value["node"].endswith("_bm289") and value["value"]]
    assert "VRM, live" in {value["text"] for value in values}


def test_nobody_listens_there_without_the_parameter(world, cloud):
    world.params["live"] = "off"
    world.running()
    time.sleep(2)
    assert cloud.logins() == 0 and cloud.subscriptions() == []
    world.pg3.set_params({**world.params, "live": "vrm"})
    world.wait_log("Harbour House", "values come live now")
    world.pg3.set_params({**world.params, "live": "off"})
    world.wait_log("Harbour House", "values come from VRM's polls again")
