"""One session with PG3 under valgrind: no invalid access, nothing used unwritten, no leak (./dev valgrind)."""

import os
import time

from vrm import HOUSE

from support.world import CONTROLLER, address

BANK = address(HOUSE, "bm", 289)
PATIENCE = 120          # seconds for what takes one without valgrind
ERRORS = 98             # valgrind's exit code
SCRIPT = """#!/bin/sh
exec valgrind --error-exitcode={errors} --leak-check=full --show-leak-kinds=definite,indirect,possible \\
    --errors-for-leak-kinds=definite,indirect,possible --num-callers=30 --log-file={report} {program} "$@"
"""


def put_under_valgrind(plugin):
    """-> the path of valgrind's report."""
    program, report = plugin.path("bin", "victron-host"), os.path.join(plugin.work, "valgrind")
    os.rename(program, program + ".real")
    with open(program, "w", encoding="ascii") as file:
        file.write(SCRIPT.format(errors=ERRORS, report=report, program=program + ".real"))
    os.chmod(program, 0o755)
    return report


# Fault: memory is used wrongly, or lost, in a session with PG3.
# Expected: valgrind finds nothing in it.
def test_a_session(world):
    report = put_under_valgrind(world.plugin)
    world.start(mode="tls")
    world.wait_fresh(timeout=PATIENCE)
    soc = world.pg3.driver(BANK, "state of charge")
    for value in (12.5, 13.5, 14.5):
        world.vrm.set_row(HOUSE, "battery", 289, "/Soc", raw=value)
        world.pg3.query(BANK, requestId=str(value))
        world.wait(lambda value=value: world.pg3.reports(str(value)), "the answer to a query", PATIENCE)
        world.wait_value(BANK, soc, value, PATIENCE)
    world.pg3.short_poll()
    world.pg3.long_poll()
    world.pg3.query(BANK, requestId="query")
    world.wait(lambda: world.pg3.reports("query"), "the answer to a query", PATIENCE)
    world.pg3.set_params({**world.pg3.customs["customparams"], "temp_unit": "F"})
    world.wait(lambda: world.pg3.reading(BANK, "CLITEMP").uom == 17, "degrees Fahrenheit", PATIENCE)

    with open(world.plugin.path("scripts/devices/battery_monitor.lua"), encoding="utf-8") as file:
        good = file.read()
    folder = world.plugin.path("persist/scripts")
    os.makedirs(folder, exist_ok=True)
    for text, errors in ((good, 0), ("return {", 1), (good + "\n", 0)):
        with open(os.path.join(folder, "battery_monitor.lua"), "w", encoding="utf-8") as file:
            file.write(text)
        world.wait_log("battery_monitor.lua", "persist", timeout=PATIENCE)
        world.wait_value(CONTROLLER, "GV3", errors, PATIENCE)
    logins = world.pg3.connected_count()
    world.pg3.restart_broker()
    world.wait(lambda: world.pg3.connected_count() > logins, "the reconnection", PATIENCE)

    world.plugin.ending = True
    began = time.monotonic()
    world.plugin.terminate()
    code = world.plugin.wait(PATIENCE)
    with open(report, encoding="utf-8") as file:
        text = file.read()
    assert code == 0, f"exit code {code} after {time.monotonic() - began:.0f} s\n{text}"
    assert "ERROR SUMMARY: 0 errors" in text, text
