"""Control: commands of PG3's reach a gateway behind VRM's broker, and what became of them comes back."""

import json
import time

import pytest
from gx_device import PORTAL_MODE, READ_ONLY, values_of
from vrm import HOUSE, USER, VAN

from support.gx import Cloud
from support.gx_lan import Lan
from support.world import TOKEN, address

PORTAL = "c0619ab1d2e3"
EMAIL = USER["email"]
GATEWAY, ESS = address(HOUSE, "gw"), address(HOUSE, "gw") + "s"
MINIMUM = "settings/0/Settings/CGwacs/BatteryLife/MinimumSocLimit"
SETPOINT = "hub4/0/Overrides/Setpoint"
DONE, OFF, NOT_TAKEN, LIMITED, TAKEN_BACK = 2, 3, 6, 7, 8


@pytest.fixture
def cloud(world, tmp_path, authority):
    """VRM's broker with the gateway of the house, which takes writes of the minimum SoC."""
    made = Cloud(tmp_path, authority, {EMAIL: (TOKEN, {PORTAL: "full"})})
    made.start()
    site = world.vrm.sites[HOUSE]
    world.vrm.set_row(HOUSE, "settings", 0, MINIMUM.removeprefix("settings/0"), raw=20)
    made.gx = made.add(PORTAL, values_of(site, world.vrm.clock), writable={MINIMUM}, limits={MINIMUM: (0, 100)})
    world.vrm.set_site(HOUSE, mqtt_host="localhost")
    world.params.update(live="vrm", control="on")
    world.environment.update(VICTRON_MQTT_PORT=str(made.port), VICTRON_MQTT_CA=made.ca_file)
    world.secrets.append("Token " + TOKEN)
    yield made
    made.close()
    assert made.violations == []


def live(world):
    world.running()
    world.wait_log("Harbour House", "values come live now")
    world.wait_node(ESS, timeout=10)
    time.sleep(1)


def set_minimum(world, percent):
    """-> whether PG3 was told that it is done."""
    request = f"minimum {percent} {time.monotonic()}"
    world.pg3.command(ESS, "SET_GV0", value=str(percent), uom="51", requestId=request)
    found = world.wait(lambda: world.pg3.reports(request), "the report")
    return found[0]["success"] == "success"


def test_a_minimum_charge_is_set(world, cloud):
    live(world)
    begin = time.monotonic()
    assert set_minimum(world, 35)
    assert 9.5 < time.monotonic() - begin < 20
    assert [(path, text) for _, path, text in cloud.gx.writes] == [(MINIMUM, '{"value":35}')]
    world.wait_value(GATEWAY, "GV20", DONE)
    world.wait_value(ESS, "GV0", 35, timeout=40)


def test_nothing_is_written_unless_the_owner_allows_it(world, cloud):
    world.params["control"] = "off"
    live(world)
    assert not set_minimum(world, 35)
    world.wait_value(GATEWAY, "GV20", OFF)
    assert cloud.gx.writes == []
    world.wait_log("Set the parameter control to on")


def test_what_the_gateway_makes_of_it_is_told(world, cloud):
    world.params["control_pause"] = "0"
    live(world)
    cloud.gx.refused.add(MINIMUM)
    assert not set_minimum(world, 35)
    world.wait_value(GATEWAY, "GV20", NOT_TAKEN)
    cloud.gx.refused.clear()
    cloud.gx.taken_back[MINIMUM] = 3
    assert not set_minimum(world, 40)
    world.wait_value(GATEWAY, "GV20", TAKEN_BACK)
    cloud.gx.taken_back.clear()
    assert set_minimum(world, 45)
    world.wait_value(GATEWAY, "GV20", DONE)
    assert len(cloud.gx.writes) == 3


def for_minutes(world, command, query, request):
    """-> whether PG3 was told that it is done."""
    world.pg3.command(ESS, command, query=query, requestId=request)
    return world.wait(lambda: world.pg3.reports(request), "the report")[0]["success"] == "success"


def test_what_was_before_is_put_back_after_a_restart(world, cloud):
    live(world)
    assert for_minutes(world, "FOR_GV0", {"VALUE.uom51": "80", "MINUTES.uom45": "1"}, "hold")
    stored = world.pg3.customs["customdata"]
    assert '"before":20' in (stored if isinstance(stored, str) else json.dumps(stored, separators=(",", ":")))
    world.restart()
    world.wait(lambda: [text for _, _, text in cloud.gx.writes] == ['{"value":80}', '{"value":20}'],
               "the minimum of before", timeout=120)
    world.wait_value(GATEWAY, "GV21", 0)
    time.sleep(12)
    assert len(cloud.gx.writes) == 2


def test_a_set_point_is_repeated_and_released_when_the_plugin_stops(world, cloud):
    cloud.gx.writable.add(SETPOINT)
    cloud.gx.released.add(SETPOINT)
    live(world)
    assert for_minutes(world, "FOR_GV18", {"VALUE.uom73": "-500", "MINUTES.uom45": "10"}, "export")
    world.wait(lambda: len(cloud.gx.writes) >= 2, "it is written again", timeout=60)
    world.stop()
    assert [text for _, _, text in cloud.gx.writes][-1] == '{"value":null}'
    assert {text for _, _, text in cloud.gx.writes[:-1]} == {'{"value":-500}'}


def test_an_account_that_may_only_monitor_writes_nothing(world, cloud):
    cloud.restart(users={EMAIL: (TOKEN, {PORTAL: "monitor"})})
    live(world)
    assert not set_minimum(world, 35)           # the broker ends the connection, which comes back
    world.wait_value(GATEWAY, "GV20", NOT_TAKEN)
    world.wait_log("may only monitor")
    assert cloud.gx.writes == []
    assert cloud.gx.values[MINIMUM] == 20


def test_the_gx_on_the_lan_takes_writes(world, tmp_path):
    world.vrm.set_row(HOUSE, "settings", 0, MINIMUM.removeprefix("settings/0"), raw=20)
    lan = Lan(tmp_path, PORTAL, values_of(world.vrm.sites[HOUSE], world.vrm.clock)).start()
    lan.gx.writable.add(MINIMUM)
    lan.gx.set(PORTAL_MODE, READ_ONLY)          # is for VRM only
    world.params.update(live="gx", control="on", gx_host=f"{PORTAL}=localhost", gx_password="correct horse")
    world.environment.update(lan.environment)
    try:
        live(world)
        assert set_minimum(world, 35)
        assert [(path, text) for _, path, text in lan.gx.writes] == [(MINIMUM, '{"value":35}')]
        world.wait_value(GATEWAY, "GV20", DONE)
    finally:
        lan.close()
    assert lan.violations == []
