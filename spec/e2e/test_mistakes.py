"""What authors of device scripts are told by a running plugin: the same as by --check (spec/mistakes.txt)."""

import os
import subprocess

from support.world import CONTROLLER

ROOT = os.path.join(os.path.dirname(__file__), "..", "..")
IN_A_FOLDER = 190                   # a folder may have 200 scripts


# Fault: the plugin tells another message than --check, or takes a script that --check finds bad.
# Expected: each of the mistakes is told with its file, line and what to write; none of the scripts serves.
def test_mistakes_are_told_as_check_tells_them(world, tmp_path):
    listed = subprocess.run(["lua5.4", "spec/mistakes.lua", "--files", str(tmp_path)], cwd=ROOT, check=True,
                            capture_output=True, text=True).stdout.splitlines()
    mistakes = [line.split("\t", 1) for line in listed]
    expected = {}

    def save(some, folder):
        os.makedirs(world.plugin.path(folder), exist_ok=True)
        for name, message in some:
            os.replace(tmp_path / f"{name}.lua", world.plugin.path(folder, f"{name}.lua"))
            expected[name] = f"{folder}/{name}" + message.removeprefix("tank").replace("tank.lua", f"{name}.lua")

    def all_are_told(count):
        world.wait(lambda: world.pg3.value(CONTROLLER, "GV3") == count, "a notice for each script", 60)

    first, second, rest = mistakes[:IN_A_FOLDER], mistakes[IN_A_FOLDER:2 * IN_A_FOLDER], mistakes[2 * IN_A_FOLDER:]
    save(first, "persist/scripts")
    save(second, "data")
    world.running()
    all_are_told(len(first) + len(second))
    for name, _ in first:
        os.remove(world.plugin.path("persist/scripts", f"{name}.lua"))
    save(rest, "persist/scripts")
    all_are_told(len(second) + len(rest))
    log = world.plugin.log_text()
    missing = [text for text in expected.values() if "Device script " + text not in log]
    assert missing == []
    assert "is in use" not in log
