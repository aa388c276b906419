"""Nodes that PG3 does not have any more: deleted by the user, or lost by PG3."""

import time

import pytest
from vrm import HOUSE, VAN

from support.world import CONTROLLER, PATIENCE, address

BANK = address(HOUSE, "bm", 289)


def added_since(pg3, since):
    """The addresses of all addnodes since then, in their order."""
    return [item["address"] for items in pg3.received("command", "addnode", since) for item in items]


def settle(world):
    """Until what the plugin had on its way is here: messages come in their order."""
    world.pg3.status(CONTROLLER, requestId="settled")
    world.wait(lambda: world.pg3.reports("settled"), "the report")


def discover(pg3, how):
    if how == "command":
        pg3.command(CONTROLLER, "DISCOVER")
    else:
        pg3.discover()


# Fault: A node that the user deleted in PG3 never comes back, neither by Discover nor otherwise.
# Expected: It stays away, and no value of it is sent, until Discover; then it is back with its values.
@pytest.mark.parametrize("how", ["message", "command"])
def test_a_node_deleted_by_hand_comes_back_with_discover(running, how):
    pg3, soc = running.pg3, running.pg3.driver(BANK, "state of charge")
    running.wait_energy()
    pg3.delete_node(BANK)
    running.wait_log(BANK, "was deleted in PG3")
    settle(running)
    since = time.monotonic()
    running.vrm.set_row(HOUSE, "battery", 289, "/Soc", raw=31.5)
    pg3.send({"config": pg3.config()})
    running.poll(times=2)
    pg3.long_poll()
    assert running.vrm.wait_for_requests("system-overview", 4, PATIENCE)     # once it is due
    running.poll()
    assert added_since(pg3, since) == []
    assert BANK not in {item["address"] for item in pg3.sets(since)}
    discover(pg3, how)
    running.wait_value(BANK, soc, 31.5)
    assert added_since(pg3, since) == [BANK]


# Fault: A PG3 that does not tell which node the user deleted never gets it back.
# Expected: Discover asks PG3 which nodes it has and adds what is missing.
def test_a_node_deleted_without_a_word_comes_back_with_discover(running):
    running.pg3.delete_node(BANK, told=False)
    running.poll()
    running.pg3.discover()
    running.wait_node(BANK)
    running.wait_state(BANK, 1)


# Fault: PG3 is restored from a backup without the nodes, and the plugin never adds them again.
# Expected: All come back, the controller first and each after its parent, and the connection is shown on it.
def test_pg3_that_lost_all_nodes_gets_them_back(running):
    running.wait_energy()
    pg3, before = running.pg3, set(running.pg3.nodes)
    soc, charge = pg3.driver(BANK, "state of charge"), running.labelled(BANK, "state of charge")
    since = time.monotonic()
    pg3.lose_nodes()
    running.wait(lambda: set(pg3.nodes) == before, "all nodes once more")
    running.wait(lambda: pg3.controller_driver == (CONTROLLER, "ST"), "setController")
    order = added_since(pg3, since)
    assert order[0] == CONTROLLER and sorted(order) == sorted(before)
    for site in (HOUSE, VAN):
        children = [node for node in running.device_addresses() if pg3.nodes[node].primary == address(site, "gw")]
        assert all(order.index(address(site, "gw")) < order.index(node) for node in children)
    running.wait_value(BANK, soc, charge)
    running.poll()


# Fault: PG3 is restored while the plugin has no connection to it; the nodes stay lost.
# Expected: The configuration that follows a connect brings them back.
def test_nodes_lost_while_the_broker_was_away_come_back(running):
    running.wait_energy()
    pg3, before = running.pg3, set(running.pg3.nodes)
    settle(running)
    pg3.broker.stop()
    with pg3.changed:
        pg3.deleted |= before
        pg3.nodes.clear()
    pg3.controller_driver = None
    pg3.broker.start()
    running.wait(lambda: set(pg3.nodes) == before, "all nodes once more", timeout=25)
    running.wait(lambda: pg3.controller_driver == (CONTROLLER, "ST"), "setController")
    running.recover()
