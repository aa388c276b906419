"""The controller's clock is wrong, and is set while the plugin runs."""

import time

import pytest
from soak.clock import reaches
from vrm import HOUSE

from support.clock import Clock
from support.world import CONTROLLER, FRESH, address

BANK = address(HOUSE, "bm", 289)
DAY = 86400


@pytest.fixture
def clock(world, tmp_path):
    """A clock that world's plugin is started with."""
    if not reaches(world.plugin.program()):
        pytest.skip("this program takes its time from the kernel itself")
    made = Clock(tmp_path)
    world.environment.update(made.environment)
    return made


def soc_arrives(world, percent):
    """Something new at VRM reaches PG3."""
    soc = world.pg3.driver(BANK, "state of charge")
    world.vrm.set_row(HOUSE, "battery", 289, "/Soc", raw=percent)
    world.poll()
    world.wait_value(BANK, soc, percent)


# Fault: The clock is set, and the data of every device counts as older by that.
# Expected: Data is as old as it is, whether VRM answers just then or not. (Other leaps, after which a new connection
# finds a certificate that is not valid, are in clock_spec.)
@pytest.mark.parametrize("seconds", [3600, DAY])
def test_data_does_not_grow_old_when_the_clock_is_set(world, clock, seconds):
    world.running()
    since = time.monotonic()
    clock.set(seconds)
    world.vrm.fault("diagnostics", "status", code=500, times=1, site=HOUSE)
    world.pg3.query(CONTROLLER)
    world.wait_log("VRM has a problem of its own")                      # once: nothing is lost yet
    soc_arrives(world, 33.5)
    told = [(item["address"], float(item["value"])) for item in world.pg3.sets(since) if item["driver"] == "GV30"]
    assert {state for _, state in told} <= {FRESH}, told


# Fault: The clock is set back while PG3's broker is away, and nothing finds back to it until the time is there again.
# Expected: It is as with a clock that nobody sets.
@pytest.mark.parametrize("seconds", [-3600, 3600])
def test_the_broker_is_found_again_when_the_clock_is_set(world, clock, seconds):
    world.running()
    logins = world.pg3.connected_count()
    world.pg3.broker.stop()
    time.sleep(1.5)
    clock.set(seconds)
    world.pg3.restart_broker()
    world.wait(lambda: world.pg3.connected_count() > logins, "the reconnection", 14)
    world.wait(lambda: world.pg3.retained_connection() == {"connected": [{}]}, "connected, retained")
    time.sleep(0.3)
    clock.set(0)            # for VRM's certificate
    soc_arrives(world, 44.5)


# Fault: The controller has lost its date, VRM's certificate is not valid yet, and the owner looks for it at VRM.
# Expected: One sentence says that the clock is wrong; when it is right all comes by itself, dates too.
@pytest.mark.parametrize("year", [1970, 2020])
def test_a_start_without_a_date_is_told_and_made_good(world, clock, year):
    clock.set_year(year)
    world.start()
    world.wait(lambda: "clock of this machine is wrong" in world.pg3.notices().get("plugin_vrm", ""), "the notice")
    assert " Since " not in world.pg3.notices()["plugin_vrm"]
    clock.set(0)
    world.recover(timeout=40)
    world.wait_fresh()
    assert "plugin_vrm" not in world.pg3.notices()
