"""PG3's "query all": one query for each node, all at once, each with a requestId."""

import collections

import pytest
from vrm import HOUSE

from support.world import CONTROLLER, PATIENCE, address

BANK = address(HOUSE, "bm", 289)


def answers(pg3):
    """{requestId: [success of each report]}"""
    found = collections.defaultdict(list)
    for item in pg3.reports():
        found[item["requestId"]].append(item["success"])
    return found


def ask(world, count):
    """`count` queries, messages and commands, of all nodes in turn."""
    nodes = list(world.pg3.nodes)
    for number in range(count):
        node, request = nodes[number % len(nodes)], f"q{number}"
        if number % 2:
            world.pg3.query(node, requestId=request)
        else:
            world.pg3.command(node, "QUERY", requestId=request)


def wait_answers(world, count, timeout):
    world.wait(lambda: len(answers(world.pg3)) == count, f"{count} answers", timeout)
    assert all(len(found) == 1 for found in answers(world.pg3).values())
    return {found[0] for found in answers(world.pg3).values()}


# Fault: PG3 queries every node at once; most of the requests are never answered.
# Expected: Each is answered once, and VRM is asked once for what is asked for while it answers.
@pytest.mark.parametrize("count", [300, 3000])
def test_each_of_many_queries_is_answered(running, count):
    running.vrm.settings["latency"] = 0.3
    running.vrm.set_row(HOUSE, "battery", 289, "/Soc", raw=44.5)
    running.vrm.forget()
    ask(running, count)
    assert wait_answers(running, count, 6 * PATIENCE) == {"success"}
    running.wait_value(BANK, running.pg3.driver(BANK, "state of charge"), 44.5)
    assert running.vrm.count("diagnostics") < 40
    assert len(running.pg3.received("status", "report")) < 1000, "PG3 would drop some of so many messages"


# Fault: PG3 queries every node at once while VRM hangs; the requests are never answered.
# Expected: Each is answered as failed once VRM's time is over, and a stop meanwhile is as quick as ever.
def test_each_of_many_queries_is_answered_while_vrm_hangs(running):
    running.vrm.fault("*", "hang")
    ask(running, 3000)
    assert wait_answers(running, 3000, 70) == {"fail"}
    running.vrm.clear_faults()
    running.recover(timeout=40)
    running.pg3.query(CONTROLLER, requestId="well")
    running.wait(lambda: answers(running.pg3)["well"] == ["success"], "an answer once VRM is well")


def test_queries_are_answered_although_the_token_changes(running):
    running.vrm.fault("diagnostics", "hang", times=2)
    ask(running, 100)
    assert running.vrm.wait_for_requests("diagnostics", 3)
    running.pg3.set_params({**running.params, "vrm_token": ""})
    wait_answers(running, 100, 40)
    running.pg3.set_params(running.params)
    running.recover(timeout=60)             # the polls of the session before hang for 20 s
