"""The energy of an installation: what VRM counted and expects, asked for beside the polls."""

import pytest
from vrm import HOUSE, VAN

from support.world import CONNECTED, CONTROLLER, FRESH, address

ENERGY, VAN_ENERGY = address(HOUSE, "gw") + "e", address(VAN, "gw") + "e"
QUESTIONS = 5           # of an installation at a start, at most; VRM has it for less than five years


def number(world, node, label):
    return world.pg3.value(node, world.pg3.driver(node, label))


# Fault: What VRM counts of solar, grid and battery is not to be had, or it costs a request each time PG3 polls.
# Expected: A node of each gateway shows it, in few requests that VRM's stand-in finds in order; no data is not 0.
def test_vrm_s_energy_is_shown_on_a_node_of_the_gateway(running):
    running.wait_energy()
    for node in (ENERGY, VAN_ENERGY):
        labels = ("Solar today", "Solar this month", "Solar, lifetime")
        today, month, lifetime = (number(running, node, label) for label in labels)
        assert 0 <= today <= month <= lifetime and lifetime > 1000
        assert number(running, node, "Solar forecast tomorrow") > 1
        assert running.pg3.value(node, "GV30") == FRESH
        assert running.pg3.nodes[node].nodedef == "VICGWE"
    assert number(running, ENERGY, "From the grid, lifetime") == 0
    assert running.pg3.reading(VAN_ENERGY, running.pg3.driver(VAN_ENERGY, "From the grid, lifetime")).uom == 25
    asked = running.vrm.count("stats")
    assert asked <= 2 * QUESTIONS
    for _ in range(3):
        running.poll()
    assert running.vrm.count("stats") == asked
    assert running.vrm.violations == []


# Fault: An installation whose energy VRM refuses counts as one that does not answer.
# Expected: Everything but its energy goes on, and one line in the log tells why.
@pytest.mark.parametrize("code", [401, 403, 404])
def test_energy_that_vrm_refuses_disturbs_nothing(world, code):
    world.vrm.fault("stats", "status", code=code, errors="No.")
    world.running()
    world.wait_log("no energy totals")
    world.poll()
    assert world.pg3.value(CONTROLLER, "GV0") == CONNECTED
    assert ENERGY not in world.pg3.nodes
    told = [line for line in world.plugin.log_lines() if "no energy totals" in line and "DEBUG" not in line]
    assert len(told) == 1, told
