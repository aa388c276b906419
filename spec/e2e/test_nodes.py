"""Nodes and values: every device of every installation, with the numbers VRM has."""

import time

import pytest
from vrm import HOUSE, VAN

from support import readings
from support.world import (CONNECTED, CONTROLLER, DISCONNECTED, FRESH, NO_DATA, OFFLINE, PATIENCE, address)

BANK = address(HOUSE, "bm", 289)
DEVICES = [(HOUSE, "battery", 289, "bm"), (HOUSE, "solarcharger", 288, "sc"),
           (HOUSE, "solarcharger", 256, "sc"), (HOUSE, "vebus", 276, "vb"), (HOUSE, "temperature", 24, "ts"),
           (VAN, "battery", 0, "bm"), (VAN, "solarcharger", 279, "sc"), (VAN, "inverter", 257, "iv"),
           (VAN, "tank", 20, "tk"), (VAN, "gps", 0, "gp")]


def places(pg3, node, driver):
    """The decimal places the profile gives a driver in its present unit."""
    editor = pg3.rules.profile.nodedefs[pg3.nodes[node].nodedef].drivers[driver]
    allowed = pg3.rules.profile.editor_ranges(editor)[pg3.reading(node, driver).uom]
    return allowed.prec if allowed else 0


def check_device(world, site, service, instance, kind):
    """Every value a user looks for on this kind of node equals VRM's, rounded."""
    pg3, node = world.pg3, address(site, kind, instance)
    wrong = []
    for name, labels, path in readings.BY_SERVICE[service]:
        row = world.vrm.row(site, service, instance, path)
        driver = pg3.driver(node, *labels)
        shown = pg3.value(node, driver)
        step = 10 ** -places(pg3, node, driver)
        if abs(shown - row["rawValue"]) > step / 2 + 1e-9:
            wrong.append(f"{node} {driver} ({name}) shows {shown}, VRM has {row['rawValue']}")
    assert wrong == []


# -- which nodes ------------------------------------------------------------------------------------

def test_there_is_one_node_for_each_device_and_none_for_others(running):
    expected = {CONTROLLER, address(HOUSE, "gw"), address(VAN, "gw"), *running.energy_addresses(),
                *running.device_addresses(), *running.part_addresses()}
    running.wait_energy()
    assert set(running.pg3.nodes) == expected


def test_devices_sit_under_their_gateway_which_is_a_primary(running):
    nodes = running.pg3.nodes
    for site in (HOUSE, VAN):
        gateway = address(site, "gw")
        assert nodes[gateway].primary == gateway
        for node in running.device_addresses():
            if node.startswith(gateway.split("_", maxsplit=1)[0] + "_"):
                assert nodes[node].primary == gateway


def test_names_come_from_the_custom_name_else_the_product(running):
    nodes = running.pg3.nodes
    assert nodes[CONTROLLER].name == "Victron Energy"
    assert "House bank" in nodes[BANK].name
    assert "Roof" in nodes[address(VAN, "sc", 279)].name
    assert "BMV-712 Smart" in nodes[address(VAN, "bm", 0)].name
    assert nodes[address(HOUSE, "gw")].name == "Harbour House"


@pytest.mark.parametrize("custom", ['Left "bank"/#1 <b>&amp;', "  spaces  \n", "'", "Größe 10\u00b0",
                                    "x" * 300, None, False, 17],
                         ids=lambda custom: repr(custom)[:12])
def test_odd_names_are_cleaned(world, custom):
    world.vrm.set_device(HOUSE, "battery", 289, customName=custom)
    world.running()                             # pg3_rules judge the name
    if isinstance(custom, str) and "bank" in custom:
        assert "Left" in world.pg3.nodes[BANK].name


def test_devices_of_one_kind_without_names_are_still_apart(running):
    nodes = running.pg3.nodes
    assert nodes[address(HOUSE, "sc", 288)].name != nodes[address(HOUSE, "sc", 256)].name


def test_instances_above_255_and_all_three_kinds_of_inverter(world):
    site = world.vrm.add_site("Boat", [("battery", 512), ("multi", 1), ("vebus", 261), ("inverter", 300),
                                       ("solarcharger", 0)])
    world.start()
    devices = [(site, "battery", 512, "bm"), (site, "multi", 1, "mr"), (site, "vebus", 261, "vb"),
               (site, "inverter", 300, "iv"), (site, "solarcharger", 0, "sc")]
    world.wait_fresh([address(where, kind, instance) for where, _, instance, kind in devices])
    for device in devices:
        check_device(world, *device)


def test_a_large_site_number_still_makes_a_legal_address(world):
    site = world.vrm.add_site("Far", [("battery", 289), ("vebus", 276)], site=36 ** 6 - 1)
    world.start()
    world.wait_fresh([address(site, "bm", 289), address(site, "vb", 276)])


def test_two_devices_with_the_same_instance_are_two_nodes(world):
    site = world.vrm.add_site("Twins", [("battery", 288), ("solarcharger", 288), ("vebus", 288)])
    world.start()
    world.wait_fresh([address(site, kind, 288) for kind in ("bm", "sc", "vb")])


# -- values ----------------------------------------------------------------------------------------

def test_all_values_equal_vrms(running):
    for device in DEVICES:
        check_device(running, *device)


def test_the_pv_current_is_power_by_voltage(running):
    node = address(HOUSE, "sc", 288)
    power = running.vrm.row(HOUSE, "solarcharger", 288, "/Yield/Power")["rawValue"]
    volts = running.vrm.row(HOUSE, "solarcharger", 288, "/Pv/V")["rawValue"]
    assert abs(running.labelled(node, *readings.PV_CURRENT) - power / volts) <= 0.05 + 1e-9


# Fault: Grid, genset, inverters, battery and loads of three phases are each shown well alone, and contradict each other.
# Expected: What their nodes show adds up, on the generator and on the grid; signs say which way it goes.
@pytest.mark.all_scripts
@pytest.mark.parametrize("hour, source", [(19.5, "Generator"), (13.4, "Grid")])
def test_the_nodes_of_three_phases_add_up(world, hour, source):
    farm = world.vrm.add_farm(hour)
    world.start()
    kinds = {"gw": 0, "vb": 276, "bm": 512, "sc": 290, "pv": 20, "gr": 30, "gs": 60, "ev": 40, "hp": 41, "dl": 291}
    nodes = {kind: address(farm, kind, instance) for kind, instance in kinds.items()}
    parts = [nodes[kind] + "p" for kind in ("gw", "vb", "pv", "gr", "gs", "ev", "hp")]
    world.wait_fresh([*nodes.values(), *parts])

    def shown(kind, label, part=""):
        return world.labelled(nodes[kind] + part, f"^{label}$")
    for phase in ("L1", "L2", "L3"):
        grid = shown("gr", rf"Power {phase}, \+ from the grid", "p")
        genset = shown("gs", f"AC power {phase}", "p")
        taken = shown("vb", rf"AC input power {phase}, \+ drawn", "p")
        given = shown("vb", rf"AC output power {phase}, \+ supplied", "p")
        others = shown("ev", rf"AC power {phase}, \+ charging", "p") + shown("hp", rf"AC power {phase}, \+ consumed", "p")
        assert abs(grid + genset - taken - others) <= 3, phase
        solar = shown("pv", f"PV power {phase}", "p")
        assert abs(given + solar - shown("gw", f"Consumption on AC output {phase}", "p")) <= 2, phase
    battery = shown("bm", r"Battery power, \+ charging")
    charger = shown("sc", r"Charge power, \+ charging")
    inverters = shown("vb", r"Battery power, \+ charging")
    assert abs(charger + inverters - shown("dl", "Power") - battery) <= 3
    ac_input = world.pg3.driver(nodes["gw"], "^AC input$")
    assert world.pg3.value_name(nodes["gw"], ac_input) == source
    assert (shown("gs", "AC power") > 10000) == (source == "Generator")
    assert (shown("gr", r"Power, \+ from the grid") < -5000) == (source == "Grid")


def test_the_controller_and_the_gateways_show_what_a_user_looks_for(running):
    pg3 = running.pg3
    running.wait_system(CONNECTED)
    assert running.system_status() == "Connected"
    assert running.labelled(CONTROLLER, "installation") == 2
    for site in (HOUSE, VAN):
        for _name, labels, _path in readings.GATEWAY:
            assert pg3.driver(address(site, "gw"), *labels) is not None
        assert running.labelled(address(site, "gw"), "alarm") == 0


def test_an_active_alarm_is_counted_at_its_gateway(running):
    pg3 = running.pg3
    running.vrm.set_row(HOUSE, "battery", 289, "/Alarms/LowSoc", raw=2)
    alarms = pg3.driver(address(HOUSE, "gw"), r"active alarms", "alarm")
    running.poll_until(lambda: pg3.value(address(HOUSE, "gw"), alarms) == 1, "one alarm")
    assert pg3.value(address(VAN, "gw"), alarms) == 0
    running.vrm.set_row(HOUSE, "battery", 289, "/Alarms/LowSoc", raw=0)
    running.poll_until(lambda: pg3.value(address(HOUSE, "gw"), alarms) == 0, "no alarm")


@pytest.mark.parametrize("amperes, state", [
    (0.0, "idle"), (0.1, "idle"), (-0.1, "idle"), (-0.3, "idle"), (0.8, "charging"), (-0.8, "discharging"),
    (42, "charging"), (-300.5, "discharging")])
def test_the_battery_status_comes_from_the_current(world, amperes, state):
    world.vrm.set_row(HOUSE, "battery", 289, "/Dc/0/Current", raw=amperes)
    world.start()
    world.wait_fresh([BANK])
    status = world.pg3.driver(BANK, *readings.BATTERY_STATUS)
    assert world.pg3.value_name(BANK, status).lower() == state


def test_signs_are_kept_positive_is_charging(running):
    pg3 = running.pg3
    van = address(VAN, "bm", 0)
    current = pg3.driver(van, *readings.BATTERY[2][1])
    assert pg3.value(van, current) == -3.2
    label = pg3.rules.profile.label(pg3.nodes[van].nodedef, current)
    assert "charg" in label.lower() or "+" in label


def test_each_device_shows_fresh_data_and_its_time(running):
    pg3 = running.pg3
    for node in running.device_addresses():
        assert pg3.value(node, "GV30") == FRESH
        assert abs(pg3.value(node, "TIME") - time.time()) < 60
        assert pg3.reading(node, "TIME").uom == 151


def test_a_new_node_starts_at_zero_unless_it_has_data_already(running):
    pg3 = running.pg3
    state = pg3.history[BANK, "GV30"][0]
    assert state.source == "addnode" and float(state.value) in (NO_DATA, FRESH)
    for name, labels, path in readings.BATTERY:
        first = pg3.history[BANK, pg3.driver(BANK, *labels)][0]
        real = running.vrm.row(HOUSE, "battery", 289, path)["rawValue"]
        expected = 0 if float(state.value) == NO_DATA else real
        assert abs(float(first.value) - expected) <= 0.5, name
    assert float(pg3.history[CONTROLLER, "GV0"][0].value) == DISCONNECTED


def test_a_known_node_keeps_its_values_until_the_first_data(world):
    pg3 = world.running()
    before = {name: world.labelled(BANK, *labels) for name, labels, _path in readings.BATTERY}
    world.vrm.fault("diagnostics", "slow", seconds=2.0)
    world.vrm.set_row(HOUSE, "battery", 289, "/Soc", raw=20.5)
    world.restart()
    soc = pg3.driver(BANK, "state of charge")
    world.wait_value(BANK, soc, 20.5)
    for name, labels, _path in readings.BATTERY:
        shown = [float(reading.value) for reading in pg3.history[BANK, pg3.driver(BANK, *labels)]]
        assert 0 not in shown, f"{name} jumped to 0: {shown}"
        known = {before[name], 20.5 if name == "state of charge" else before[name]}
        assert set(shown) <= known, f"{name} did not keep its value: {shown}"


def test_the_users_own_node_name_stays(world):
    pg3 = world.running()
    pg3.nodes[BANK].name = "My battery"
    world.restart()
    world.wait_fresh()
    assert pg3.nodes[BANK].name == "My battery"
    assert pg3.received("command", "renamenode") == []


def test_an_unknown_state_is_shown_as_its_code(running):
    pg3, node = running.pg3, address(HOUSE, "vb", 276)
    state = pg3.driver(node, *readings.AC[0][1])
    running.vrm.set_row(HOUSE, "vebus", 276, "/State", raw=998)
    running.pg3.query(CONTROLLER)
    running.wait_value(node, state, 998)
    assert "998" in (pg3.reading(node, state).text or "")


def test_a_row_of_the_system_with_a_devices_instance_is_not_the_devices(running):
    """VRM's Agl has the VE.Bus instance and the service "system"."""
    assert address(HOUSE, "gw", 276) not in running.pg3.nodes
    assert running.pg3.value(address(HOUSE, "vb", 276), "GV30") == FRESH


def test_the_case_of_a_code_matters(world):
    """BT (battery temperature) and bT (the system's) differ by case only; without paths too."""
    for row in (("battery", 289, "BT", 11.5), ("system", 0, "bT", 44.5)):
        world.vrm.set_row(HOUSE, *row[:3], raw=row[3], dbusPath=None)
    world.start()
    world.wait_fresh([BANK])
    assert world.labelled(BANK, "temperature") == 11.5


def test_codes_that_differ_by_case_on_one_device_are_two_values(world):
    """S is the VE.Bus state, s its mode; without paths only the case tells them apart."""
    world.vrm.set_row(HOUSE, "vebus", 276, "S", raw=9, dbusPath=None)
    world.vrm.set_row(HOUSE, "vebus", 276, "s", raw=3, dbusPath=None)
    world.start()
    node = address(HOUSE, "vb", 276)
    world.wait_fresh([node])
    assert world.labelled(node, *readings.AC[0][1]) == 9


def test_a_value_that_is_missing_does_not_stop_the_others(world):
    world.vrm.set_row(HOUSE, "battery", 289, "/Dc/0/Temperature", raw=None)
    world.vrm.drop_row(HOUSE, "battery", 289, "/Dc/0/Power")
    world.vrm.set_row(HOUSE, "battery", 289, "/Soc", raw="77.5")
    world.start()
    world.wait_fresh([BANK])
    assert world.labelled(BANK, "state of charge") == 77.5
    assert world.labelled(BANK, *readings.BATTERY[1][1]) == 53.12


@pytest.mark.parametrize("raw", [1e-7, -1e-7, 1e9, -0.004, 123456.789, "1e3"])
def test_no_number_is_sent_in_a_form_pg3_forbids(world, raw):
    world.vrm.set_row(HOUSE, "battery", 289, "/Dc/0/Power", raw=raw)
    world.start()
    world.wait_fresh([BANK])                    # pg3_rules judge the form


# -- polls -----------------------------------------------------------------------------------------

def test_one_poll_is_one_request_an_installation_and_nothing_else(running):
    time.sleep(0.5)
    running.vrm.forget()
    running.poll(times=3)
    assert running.vrm.count("diagnostics", HOUSE) == 3
    assert running.vrm.count("diagnostics", VAN) == 3
    assert len(running.vrm.polls()) == 6, running.vrm.polls()


def test_the_long_poll_looks_for_devices_again(running):
    running.vrm.forget()
    running.pg3.long_poll()
    assert running.vrm.wait_for_requests("installations", 1, PATIENCE)       # once it is due
    assert running.vrm.wait_for_requests("system-overview", 2, PATIENCE)


def test_only_changes_are_sent(running):
    running.wait_energy()
    running.poll()
    since = time.monotonic()
    seen = {key: (reading.value, reading.uom, reading.text)
            for node in running.pg3.nodes.values()
            for key, reading in (((node.address, driver), reading)
                                 for driver, reading in node.drivers.items())}
    running.vrm.set_row(HOUSE, "battery", 289, "/Soc", raw=61.5)
    running.poll(times=2)
    for item in running.pg3.sets(since):
        key, now = (item["address"], item["driver"]), (item["value"], int(item["uom"]), item.get("text"))
        if item["address"] == CONTROLLER:
            continue                            # poll asks for it
        assert seen[key] != now, f"{key} was sent again although it is still {now}"
        seen[key] = now


def test_what_one_poll_changes_leaves_in_few_messages(running):
    running.wait_energy()
    since = time.monotonic()
    for instance in (288, 256):
        for path in ("/Yield/Power", "/Pv/V", "/Dc/0/Voltage", "/Dc/0/Current"):
            running.vrm.set_row(HOUSE, "solarcharger", instance, path, raw=instance / 10)
    running.poll()
    messages = running.pg3.received("status", "set", since)
    assert sum(len(items) for items in messages) >= 8
    assert len(messages) <= 4, "one set for each answer of VRM's"


# -- devices that come and go ------------------------------------------------------------------------

@pytest.mark.parametrize("listed", [False, True])
def test_a_device_that_disappears_keeps_its_node_and_goes_offline(running, listed):
    node = address(VAN, "iv", 257)
    running.vrm.drop_device(VAN, "inverter", 257, listed=listed)
    running.pg3.long_poll()
    running.poll_until(lambda: running.pg3.value(node, "GV30") == OFFLINE, "offline")
    assert running.labelled(node, *readings.AC[1][1]) == 0
    assert running.pg3.received("command", "removenode") == []
    assert running.pg3.value(address(VAN, "sc", 279), "GV30") == FRESH
    running.vrm.restore_device(VAN, "inverter", 257)
    running.recover()
    assert running.labelled(node, *readings.AC[1][1]) == 229.8


def test_a_device_gone_before_the_start_stays_as_pg3_knows_it_and_is_offline(world):
    pg3 = world.running()
    node = address(VAN, "iv", 257)
    world.stop()
    world.vrm.drop_device(VAN, "inverter", 257)
    world.start_plugin()
    world.wait_fresh([address(VAN, "bm", 0)])
    world.poll_until(lambda: pg3.value(node, "GV30") == OFFLINE, "offline")
    assert pg3.received("command", "removenode") == []


@pytest.mark.parametrize("how", ["discover", "command", "long_poll"])
def test_a_new_device_is_found_by(running, how):
    new = running.vrm.add_site("Boat", [("battery", 512)])
    act = {"discover": running.pg3.discover, "long_poll": running.pg3.long_poll,
           "command": lambda: running.pg3.command(CONTROLLER, "DISCOVER")}[how]
    act()
    running.wait_fresh([address(new, "bm", 512)])
    installations = running.pg3.driver(CONTROLLER, "installation")
    running.wait_value(CONTROLLER, installations, 3)


def test_an_installation_that_is_gone_leaves_its_nodes_offline(running):
    node = address(VAN, "bm", 0)
    running.vrm.remove_site(VAN)
    running.pg3.long_poll()
    running.poll_until(lambda: running.pg3.value(node, "GV30") == OFFLINE, "offline")
    assert node in running.pg3.nodes
    assert running.pg3.value(BANK, "GV30") == FRESH


# -- paging ----------------------------------------------------------------------------------------

def diagnostics_pages(vrm, site):
    return [request.query.get("page", "1") for request in vrm.requests
            if request.path.endswith(f"/{site}/diagnostics")]


def test_all_rows_are_fetched_when_vrm_gives_fewer_than_asked_for(world):
    world.vrm.settings["count_max"] = 100
    world.running()
    for device in DEVICES:
        check_device(world, *device)
    pages = diagnostics_pages(world.vrm, HOUSE)
    assert pages[:2] == ["1", "2"] and pages.count("1") == pages.count("2")


def test_one_page_is_asked_for_where_all_rows_fit(running):
    assert set(diagnostics_pages(running.vrm, HOUSE)) == {"1"}


@pytest.mark.parametrize("what", ["num_records_missing", "num_records_text", "num_records_huge"])
def test_a_wrong_number_of_records_does_no_harm(world, what):
    world.vrm.fault("diagnostics", "wrong_types", what=what)
    world.start()
    world.wait_fresh(timeout=2 * PATIENCE)
    assert len(diagnostics_pages(world.vrm, HOUSE)) < 20


def test_a_page_that_fails_is_made_good_by_the_next_poll(world):
    world.vrm.settings["count_max"] = 100
    world.vrm.fault("diagnostics", "status", times=1, page=2, code=500)
    world.start()
    world.wait_node(CONTROLLER)
    world.recover()
