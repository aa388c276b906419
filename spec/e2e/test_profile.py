"""The installed files: profile (docs/pg3.md, Profile files), server.json, texts. Only --write-profile is started."""

import os
import re
import xml.etree.ElementTree as ElementTree

import pytest

from support import readings
from support.plugin import Plugin
from support.profile import Profile

MEASURED = {1, 4, 17, 33, 51, 72, 73, 90}       # uoms that have decimals to keep
SIGNED = {1, 73}                                # current and power flow both ways


@pytest.fixture
def plugin(tmp_path, plugin_source):
    return Plugin(plugin_source, tmp_path)


@pytest.fixture
def profile(plugin):
    return Profile(plugin.folder)


def device_nodedefs(profile):
    return [nodedef for nodedef in profile.nodedefs.values() if "GV30" in nodedef.drivers]


def xml_roots(plugin):
    for kind in ("nodedef", "editor"):
        folder = plugin.path("profile", kind)
        for name in os.listdir(folder):
            yield ElementTree.parse(os.path.join(folder, name)).getroot()


def test_the_files_are_those_pg3_uploads(plugin, profile):
    names = sorted(os.path.relpath(path, plugin.path("profile")) for path in profile.files)
    assert names == ["editor/editors.xml", "nls/en_us.txt", "nodedef/nodedefs.xml"]
    for path in profile.files:
        with open(path, "rb") as file:
            data = file.read()
        assert data.isascii() and b"\r" not in data, f"{path} is not plain ASCII with line feeds"


def test_the_profile_is_what_the_host_writes(plugin, profile):
    before = {path: open(path, "rb").read() for path in profile.files}
    done = plugin.run_host("--write-profile")
    assert done.returncode == 0, done
    assert {path: open(path, "rb").read() for path in Profile(plugin.folder).files} == before
    assert plugin.reports_text() == ""


def test_every_editor_that_is_used_exists_and_is_named_rightly(profile):
    for nodedef in profile.nodedefs.values():
        used = list(nodedef.drivers.values()) + [editor for params in nodedef.accepts.values()
                                                 for _, editor in params]
        for editor in used:
            assert profile.editor_ranges(editor), f"{nodedef.id} uses the unknown editor {editor}"
    assert not [editor for editor in profile.editors if editor.startswith("_")]


def test_every_driver_and_command_has_a_label(profile):
    for nodedef in profile.nodedefs.values():
        assert f"ND-{nodedef.id}-NAME" in profile.nls and f"ND-{nodedef.id}-ICON" in profile.nls
        for driver in nodedef.drivers:
            assert re.fullmatch(r"[A-Z][A-Z0-9_]{0,29}", driver)
            assert f"ST-{nodedef.nls}-{driver}-NAME" in profile.nls, f"{nodedef.id} {driver}"
        for command in nodedef.accepts:
            assert f"CMD-{nodedef.nls}-{command}-NAME" in profile.nls, f"{nodedef.id} {command}"
        labels = [profile.label(nodedef.id, driver) for driver in nodedef.drivers]
        assert len(set(labels)) == len(labels), f"{nodedef.id} has a label twice"


def test_every_index_value_has_a_name_and_no_other_unit_has_names(profile):
    for editor, ranges in profile.editors.items():
        for item in ranges.values():
            if item.uom == 25:
                assert item.subset is not None and item.nls, f"{editor} is an index without names"
                values = item.subset_values()
                assert values == sorted(set(values)), f"{editor}: subset must increase"
                for value in values:
                    assert f"{item.nls}-{value}" in profile.nls, f"{editor} has no name for {value}"
            else:
                assert item.nls is None or item.uom == 51
                assert item.uom not in (66, 67, 68), f"{editor} would show thermostat states"


def test_measured_quantities_have_places_and_wide_limits(plugin, profile):
    for root in xml_roots(plugin):
        for element in root.iter("range"):
            assert element.get("type") is None, "type is not part of the format"
            if int(element.get("uom")) in MEASURED:
                assert element.get("prec") is not None, ElementTree.tostring(element)
                assert element.get("min") is not None and element.get("max") is not None
        for element in root.iter("st"):
            assert set(element.keys()) <= {"id", "editor", "hide"}
    for nodedef in device_nodedefs(profile):
        for driver, editor in nodedef.drivers.items():
            label = profile.label(nodedef.id, driver).lower()
            for item in profile.editor_ranges(editor).values():
                if item and item.uom in SIGNED and "battery" in label and "max" not in label:
                    assert float(item.min) < 0, f"{nodedef.id} {driver} cannot be negative"


def test_every_device_has_data_state_and_time(profile):
    nodedefs = device_nodedefs(profile)
    assert len(nodedefs) >= 3
    for nodedef in nodedefs:
        assert 151 in profile.editor_ranges(nodedef.drivers["TIME"])
        names = [profile.value_name(nodedef.id, "GV30", value) for value in range(4)]
        for name, word in zip(names, ("no data", "fresh", "stale", "offline")):
            assert word in name.lower(), names


def test_temperatures_can_be_shown_in_both_units(profile):
    found = 0
    for nodedef in device_nodedefs(profile):
        for driver, editor in nodedef.drivers.items():
            if "temperature" in profile.label(nodedef.id, driver).lower():
                ranges = profile.editor_ranges(editor)
                if set(ranges) != {25}:
                    found += 1
                    assert {4, 17} <= set(ranges), f"{nodedef.id} {driver}"
    assert found >= 2


def test_the_controller_shows_pg3s_state_and_the_systems(profile):
    controllers = [nodedef for nodedef in profile.nodedefs.values()
                   if "GV0" in nodedef.drivers
                   and profile.value_name(nodedef.id, "GV0", 2) == "Authentication Failed"]
    assert len(controllers) == 1
    nodedef = controllers[0]
    connection = profile.editor_ranges(nodedef.drivers["ST"])[25]
    assert {0, 1, 2} <= set(connection.subset_values())
    assert profile.value_name(nodedef.id, "GV0", 0) == "Disconnected"
    assert profile.value_name(nodedef.id, "GV0", 1) == "Connected"
    assert "DISCOVER" in nodedef.accepts and "QUERY" in nodedef.accepts


def test_power_and_current_of_a_battery_say_what_positive_means(profile):
    battery = [nodedef for nodedef in device_nodedefs(profile)
               if any("state of charge" in (profile.label(nodedef.id, driver) or "").lower()
                      for driver in nodedef.drivers)]
    assert battery
    for name, labels, _path in readings.BATTERY:
        if name in ("current", "power"):
            label = profile.label(battery[0].id, profile.driver(battery[0].id, *labels))
            assert re.search(r"\+|charg|positive", label.lower()), label


def test_server_json_is_as_pg3_wants_it(plugin):
    server = plugin.server
    assert server["type"] == "python3"
    assert isinstance(server["install"], str) and os.path.isfile(plugin.path(server["install"]))
    assert os.path.isfile(plugin.path(server["executable"]))
    assert (int(server["shortPoll"]), int(server["longPoll"])) == (120, 600)
    assert re.fullmatch(r"\d+\.\d+\.\d+", server["credits"][0]["version"])
    assert len(server["name"]) <= 15


def test_the_folder_is_complete(plugin):
    for name in ("README.md", "LICENSE", "POLYGLOT_CONFIG.md", "install.sh", "scripts/main.lua",
                 "docs/install.md", "docs/authors.md"):
        assert os.path.isfile(plugin.path(name)), f"{name} is missing"
    with open(plugin.path("LICENSE"), encoding="utf-8") as file:
        assert "MIT" in file.read()
    with open(plugin.path("install.sh"), "rb") as file:
        assert b"\r" not in file.read()
