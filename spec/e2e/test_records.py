"""What PG3 keeps for the user: nothing is written over it that was not read before."""

import json

import pytest

from support.world import CONTROLLER, Behaviour

CUT = [{"key": "customparams", "value": '{"vrm_token": "abc'}, {"key": "notices", "value": "7"}]
BAD_LISTS = [None, {"error": "database is locked"}, [], [None], [{"key": "idata", "value": "{}"}], CUT]


def written(pg3, key):
    """All values the plugin has written under that key."""
    return [item["value"] for items in pg3.received("custom", "set") for item in items
            if item["key"] == key]


# Fault: PG3's first answer with the user's data is broken or empty, and the token is gone for good.
# Expected: token and parameters stay as they are; the next answer is believed, all goes on.
@pytest.mark.parametrize("first", BAD_LISTS, ids=json.dumps)
def test_a_bad_list_at_the_start_costs_nobody_his_token(world, first):
    typed = {"my own note": "keep me", "temp_unit": "F", **world.params}
    pg3 = world.setup(params=typed, behaviour=Behaviour(getall_first=[first]))
    pg3.seed_node(CONTROLLER, "Victron Energy", "VICCTRL", CONTROLLER, {"GV0": (1, 25)})
    pg3.seed_notice("expired", "Renew it")
    pg3.customs["customdata"] = {"state": {}}
    world.start_plugin()
    world.wait_fresh(timeout=30)
    world.wait(lambda: "stale_values" in pg3.customs["customparams"], "the parameter's name")
    stored = pg3.customs["customparams"]
    assert {name: stored[name] for name in typed} == typed
    assert all(value["vrm_token"] == world.vrm.token for value in written(pg3, "customparams"))
    world.wait(lambda: written(pg3, "notices"), "the notices")
    assert all(value.get("expired") == "Renew it" for value in written(pg3, "notices"))
    assert pg3.customs["customdata"] == {"state": {}}


# Fault: PG3 tells broken user data for a long time, and the plugin starts with defaults and writes them.
# Expected: it starts after ten seconds, says once what is missing, writes none of it; all comes later.
def test_a_list_that_stays_bad_is_told_once_and_not_written_over(world):
    pg3 = world.setup(behaviour=Behaviour(getall_first=[CUT] * 3))
    pg3.seed_notice("expired", "Renew it")
    world.start_plugin()
    world.wait_node(CONTROLLER, timeout=20)
    world.wait(lambda: len(pg3.received("custom", "getAll")) >= 3, "the third question", 20)
    assert not any(written(pg3, key) for key in ("customparams", "notices", "customdata"))
    assert len([line for line in world.plugin.log_lines("WARNING") if "the parameters" in line]) == 1
    world.wait_fresh(timeout=40)
    assert pg3.customs["customparams"]["vrm_token"] == world.vrm.token
    assert pg3.notices()["expired"] == "Renew it"


# Fault: what PG3 keeps of the plugin is no JSON: it is never written over, and each restart loses what was kept.
# Expected: it is told once, the owner has a copy, and from then on it is kept again.
def test_what_is_no_json_is_set_aside(world):
    pg3 = world.setup()
    pg3.customs["customdata"] = '{"state": {"a'
    world.start_plugin()
    world.wait_fresh(timeout=30)
    world.wait(lambda: written(pg3, "customdata"), "the record", 90)
    with open(world.plugin.path("persist/unreadable.txt"), encoding="utf-8") as file:
        assert file.read() == '{"state": {"a'
    assert len([line for line in world.plugin.log_lines("ERROR") if "is no JSON" in line]) == 1
    assert "persist/unreadable.txt" in pg3.notices()["plugin_kept"]


# Fault: a configuration that is an error counts as one without nodes, and the nodes' values jump to 0.
# Expected: it is asked for again, and the nodes keep their values until VRM has told new ones.
@pytest.mark.parametrize("first", [None, {"error": "database is locked"}, {}, {"nodes": None}], ids=json.dumps)
def test_a_bad_configuration_at_the_start_is_asked_for_again(world, first):
    pg3 = world.setup(behaviour=Behaviour(config_first=[first]))
    pg3.seed_node(CONTROLLER, "Victron Energy", "VICCTRL", CONTROLLER, {"GV1": (2, 56), "GV2": (10, 56)})
    world.start_plugin()
    world.wait_node(CONTROLLER)
    world.wait_fresh(timeout=30)
    assert {reading.value for reading in pg3.history[CONTROLLER, "GV1"]} == {"2"}
    assert {reading.value for reading in pg3.history[CONTROLLER, "GV2"]} == {"10"}


# Fault: a restart shows that there are no installations and no devices, and no time of VRM's last answer, before VRM was
#        asked.
# Expected: all stay as they were, from the stop on.
def test_a_restart_does_not_count_to_zero(world):
    pg3 = world.setup()
    world.start_plugin()
    world.wait_fresh(timeout=30)
    world.wait_value(CONTROLLER, "GV2", 10)
    world.stop()
    assert pg3.value(CONTROLLER, "GV0") == 0
    told = {driver: len(pg3.history[CONTROLLER, driver]) for driver in ("GV1", "GV2", "TIME")}
    world.start_plugin()
    world.wait_value(CONTROLLER, "GV0", 1)
    world.wait_fresh(timeout=30)
    for driver, value in ("GV1", "2"), ("GV2", "10"):
        assert pg3.value(CONTROLLER, driver) == float(value)
        assert {reading.value for reading in pg3.history[CONTROLLER, driver][told[driver]:]} <= {value}
    assert all(reading.uom == 151 and int(reading.value) > 0 for reading in pg3.history[CONTROLLER, "TIME"][told["TIME"]:])
