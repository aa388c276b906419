"""Device scripts that their users change while the plugin runs: what works, what goes wrong, what must stay."""

import os
import random
import re
import time

import pytest
from vrm import HOUSE, VAN

from support.world import CONTROLLER, FRESH, Behaviour, address

CHARGER = address(HOUSE, "sc", 256)
OTHER_CHARGER = address(HOUSE, "sc", 288)
ROOF = address(VAN, "sc", 279)
BANK = address(HOUSE, "bm", 289)
OTHERS = [BANK, address(HOUSE, "vb", 276), address(VAN, "bm", 0), address(VAN, "iv", 257)]

NAME = "persist/scripts/solar_charger.lua"
VOLTS = '{ "GV20", unit.volt, "Bus voltage", "/Dc/0/Voltage", places = 2 },'
COUNTED = '{ "GV21", unit.count, "Counted", by_script = true, zero = false },'
SAVED = 20.0            # seconds: a row is in the ISY; specs tell how soon, here the machine may be busy
FORGIVEN = 20.0         # seconds: a notice has come or gone


# -- what a user does --------------------------------------------------------------------------------

def solar(plugin, rows="", more="", before=""):
    """The text of the built-in solar charger, with rows, other fields and code before it."""
    with open(plugin.path("scripts", "devices", "solar_charger.lua"), encoding="utf-8") as file:
        text = file.read()
    head, samples, rest = text.partition("    samples = {\n")
    return before + head + more + rows + samples + rest


def save(world, content, name=NAME):
    """As an editor that truncates and writes."""
    path = world.plugin.path(name)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as file:
        file.write(content if isinstance(content, bytes) else content.encode())


def remove(world, name=NAME):
    path = world.plugin.path(name)
    if os.path.isdir(path) and not os.path.islink(path):
        os.rmdir(path)
    elif os.path.lexists(path):
        os.unlink(path)


def told(world):
    """The notices about scripts, in one text."""
    return "\n".join(text for text in world.pg3.notices().values() if text and "script" in text.lower())


def wait_told(world, *parts):
    world.wait(lambda: all(part in told(world) for part in parts), f"a notice with {parts}", FORGIVEN)


def wait_well(world):
    world.wait(lambda: "Device script " not in told(world) and world.pg3.value(CONTROLLER, "GV3") == 0,
               "the end of the trouble", FORGIVEN)


def use(world, content):
    """Saves, asks for it at once, and waits until it serves: then there is a copy of it."""
    folder, _, name = NAME.rpartition("/")
    save(world, content)
    world.pg3.command(CONTROLLER, "RELOAD")

    def kept():
        try:
            with open(world.plugin.path(folder, ".last-good", name), encoding="utf-8") as file:
                return file.read() == content
        except FileNotFoundError:
            return False
    world.wait(kept, "the file that was saved in service", SAVED)


def installs(world, since=0.0):
    return len(world.pg3.received("system", "installprofile", since))


def adds(world, node, since):
    return [item for items in world.pg3.received("command", "addnode", since) for item in items
            if item["address"] == node]


def others_go_on(world, within=10.0):
    """A change at VRM reaches the other nodes when it is asked for, in time."""
    number = round(random.uniform(10, 90), 1)
    world.vrm.set_row(HOUSE, "battery", 289, "/Soc", raw=number)
    world.vrm.set_row(VAN, "battery", 0, "/Soc", raw=number)
    world.poll()
    for node in (BANK, address(VAN, "bm", 0)):
        world.wait_value(node, world.pg3.driver(node, "state of charge"), number, within)
    for node in OTHERS:
        assert world.pg3.value(node, "GV30") == FRESH, node


def serving(world, more=""):
    """Starts with a user's script whose row GV20 is there."""
    save(world, solar(world.plugin, rows=VOLTS, more=more))
    world.running()
    assert world.pg3.value(CHARGER, "GV20") is not None
    return world


# -- a row is enough -----------------------------------------------------------------------------------

def test_a_row_more_is_in_the_isy_soon_and_nothing_else_changes(running):
    pg3 = running.pg3
    volts = pg3.value(CHARGER, pg3.driver(CHARGER, "battery voltage"))
    before = {driver: reading.value for driver, reading in pg3.nodes[CHARGER].drivers.items()}
    since = time.monotonic()
    save(running, solar(running.plugin, rows=VOLTS))
    running.wait_value(CHARGER, "GV20", volts, SAVED)
    running.wait_value(ROOF, "GV20", 12.91, SAVED)
    assert installs(running, since) == 1
    added = adds(running, CHARGER, since)
    assert len(added) == 1
    kept = {item["driver"]: item["value"] for item in added[0]["drivers"]}
    assert kept.pop("GV20") is not None and kept.keys() == before.keys()
    assert {driver: value for driver, value in kept.items() if driver != "TIME"} == \
        {driver: value for driver, value in before.items() if driver != "TIME"}
    assert adds(running, BANK, since) == []
    assert "Admin Console" in told(running)
    assert pg3.rules.profile.label(pg3.nodes[CHARGER].nodedef, "GV20") == "Bus voltage"

    since = time.monotonic()                            # another label: the profile, no node
    use(running, solar(running.plugin, rows=VOLTS.replace("Bus", "Rail")))
    running.wait(lambda: installs(running, since), "the profile")
    time.sleep(0.4)
    assert installs(running, since) == 1 and adds(running, CHARGER, since) == []

    since = time.monotonic()                            # only the code: neither
    use(running, solar(running.plugin, rows=VOLTS.replace("Bus", "Rail"), before="-- mine\n"))
    time.sleep(0.4)
    assert installs(running, since) == 0 and adds(running, CHARGER, since) == []

    save(running, solar(running.plugin))                # the row goes, fewer places would come
    running.wait(lambda: installs(running, since) == 1 and len(adds(running, CHARGER, since)) == 1,
                 "the node without the row")
    others_go_on(running)


def test_rows_that_change_while_pg3_adds_the_node_arrive_all(world):
    world.running(behaviour=Behaviour(addnode_delay=0.05))
    save(world, solar(world.plugin, rows=VOLTS))
    world.wait(lambda: adds(world, CHARGER, world.started)[1:], "the node with a row more")
    world.wait(lambda: adds(world, ROOF, world.started)[1:], "the node with a row more")
    world.pg3.behaviour.addnode_delay = 1
    for row in "GV22", "GV23":
        save(world, solar(world.plugin, rows=VOLTS + VOLTS.replace("GV20", row)))
        world.pg3.command(CONTROLLER, "RELOAD")
        time.sleep(0.5)
    world.pg3.behaviour.addnode_delay = 0
    world.wait_value(CHARGER, "GV23", 53.22)
    world.wait_value(ROOF, "GV23", 12.91)
    assert "GV23" in {item["driver"] for item in adds(world, CHARGER, world.started)[-1]["drivers"]}


def test_fewer_places_of_a_value_that_no_poll_renews(world):
    row = '{ "GV20", unit.volt, "Bus voltage", "/Dc/0/Voltage", places = 2, zero = false },'
    save(world, solar(world.plugin, rows=row))
    world.running()
    world.vrm.drop_row(HOUSE, "solarcharger", 256, "/Dc/0/Voltage")
    world.poll()
    use(world, solar(world.plugin, rows=row.replace("places = 2", "places = 0")))
    world.poll()
    others_go_on(world)


# -- clumsy saving -------------------------------------------------------------------------------------

def table(number, rows='{ "ST", unit.percent, "Level", "/Level" }', more="", before=""):
    """The text of a script for a type of its own."""
    return (f'{before}return {{ api = 2, id = "MINE{number}", name = "Mine {number}",'
            f' match = {{ service = "mine{number}" }},\n{more}    {rows},\n}}\n')


DEEP = "local t = {} for _ = 1, 15 do t = { t, t, t, t, t, t, t, t } end "
BROKEN = [                                              # (text, what its notice tells)
    ("\n" * 10 + "return {{{", ":11:"),
    (b"\xff\xfer\x00e\x00", "save it as UTF-8"),
    (b"\x00\x01\xfe\xff" * 100, ":1:"),
    ("-- " + "x" * 300 * 1024 + "\n" + table(0), "is larger than"),
    ("while true do end", "budget"),
    ("while true do pcall(function() while true do end end) end", "budget"),
    ("local t = {} while true do t[#t + 1] = {} end", "memory"),
    (DEEP + "return { api = 2, t }", "cannot be passed on"),
    (DEEP + "return { api = 2, [t] = 1 }", "cannot be passed on"),
    ("local s = [==[" + "--[[ " * 6000 + "]==]\nreturn { api = 1 }\n", "api is 1"),
    ("return setmetatable({ api = 2 }, { __index = function() while true do end end })", "id is missing"),
    (table(1, more="color = 3,"), "color"),
    (table(2, '{ "GV1", unit.volt, "V", "/V" }, { "GV1", unit.volt, "W", "/W" }'), "twice"),
    (table(3).replace("MINE3", "VICGW"), "already used by devices/gateway.lua"),
    (table(4, ", ".join(f'{{ "GV{n}", unit.volt, "L{n}", from = function() while true do end end }}'
                        for n in range(30)), before="local many = {} for i = 1, 50 do many[i] ="
           " { rows = {}, expect = { GV0 = 1 } } end ", more="samples = many,"), "budget"),
    (table(5, before="local many = {} for i = 1, 1000 do many[i] = { rows = {}, expect = { ST = 1 } } end --"
           + "x" * 25000 + "\n", more="samples = many,"), "1000"),
    (table(6, before="sleep(1) "), "wait"),
    (table(7, before="timer.every(0.1, function() end) "), "timers"),
]


def test_broken_files_of_every_kind_are_told_each_and_change_nothing(running):
    for number, (content, _) in enumerate(BROKEN):
        save(running, content, f"persist/scripts/broken{number}.lua")
    running.wait(lambda: running.pg3.value(CONTROLLER, "GV3") == len(BROKEN), "a count of them")
    for number, (_, part) in enumerate(BROKEN):
        def line(number=number):
            return [text for text in told(running).splitlines() if f"/broken{number}.lua" in text]
        running.wait(line, f"the notice {number}", FORGIVEN)
        assert len(line()) == 1 and part in line()[0], f"{number}: {line()}"
    others_go_on(running)
    for number in range(len(BROKEN)):
        save(running, table(number + 20), f"persist/scripts/broken{number}.lua")
    wait_well(running)
    ids = {f"MINE{number + 20}" for number in range(len(BROKEN))}
    running.wait(lambda: ids <= set(running.pg3.rules.profile.nodedefs), "their types in the profile")


def test_a_broken_save_leaves_the_script_that_serves(world):
    serving(world)
    good = solar(world.plugin, rows=VOLTS)
    for content in good[:len(good) // 2], "", b"\x1bLua\x54\x00\x19\x93\r\n\x1a\n" + b"\x04\x08\x08" * 40:
        save(world, content)
        wait_told(world, NAME)
        world.wait(lambda: world.pg3.value(CONTROLLER, "GV3") == 1, "the count")
        others_go_on(world)
        assert world.pg3.value(CHARGER, "GV30") == FRESH and world.pg3.value(CHARGER, "GV20") == 53.22
    save(world, good)
    wait_well(world)


ASKS = """
    { "GV22", unit.count, "Setting", from = function(rows) return setting("solar_limit") end },
    { "GV23", unit.percent, "Bank", from = function(rows) 
        return number(rows_of(rows, "battery", 289), "/Soc")
    end },
    { "GV24", unit.count, "Devices", from = function(rows) return #devices_of(rows, "solarcharger") end },
    { "GV25", unit.raw, "Time since midnight", from = function(rows)
        local site = site_of(rows)
        local clock = site.clock
        return site.time - site.midnight - (clock.hour * 60 + clock.minute) * 60 - clock.second
    end },
    { "GV26", unit.watt, "Highest today", "/Yield/Power", day_max = true },
"""


def test_a_script_has_settings_and_knows_its_installation(world):
    serving(world)
    stored = world.pg3.customs["customparams"]
    save(world, solar(world.plugin, rows=ASKS, more="settings = { solar_limit = { default = 5, min = 1, max = 9 } },"))
    world.wait(lambda: world.pg3.value(CHARGER, "GV22") == 5, "the default", SAVED + 5)
    world.wait(lambda: world.pg3.customs["customparams"].get("solar_limit") == "5", "the parameter")
    assert set(stored) < set(world.pg3.customs["customparams"])
    soc = world.pg3.value(BANK, world.pg3.driver(BANK, "state of charge"))
    assert world.pg3.value(CHARGER, "GV23") == soc
    assert world.pg3.value(CHARGER, "GV24") == 2
    assert abs(world.pg3.value(CHARGER, "GV25")) in (0, 3600)      # on a day at which the clocks are changed
    assert world.pg3.value(CHARGER, "GV26") > 0
    time.sleep(0.2)
    world.pg3.set_params({**world.pg3.customs["customparams"], "solar_limit": "7"})
    world.wait(lambda: world.pg3.value(CHARGER, "GV22") == 7, "what the user wrote")
    world.pg3.set_params({**world.pg3.customs["customparams"], "solar_limit": "70"})
    world.wait(lambda: "solar_limit" in " ".join(world.pg3.notices().values()), "the notice")
    world.wait(lambda: world.pg3.value(CHARGER, "GV22") == 5, "the default once more")


def test_what_is_no_file_is_left_alone(world):
    serving(world)
    path = world.plugin.path(NAME)
    os.unlink(path)
    os.mkdir(path)
    other = path.replace("solar_charger", "other")
    os.mkfifo(other.replace("other", "fifo"))
    os.symlink("nowhere", other.replace("other", "dangling"))
    os.symlink(other, other)
    os.symlink("/dev/zero", other.replace("other", "device"))
    os.makedirs(os.path.dirname(path) + "/.last-good/tank.lua")
    time.sleep(2.5)
    others_go_on(world)
    assert world.pg3.value(CHARGER, "GV30") == FRESH and world.pg3.value(CHARGER, "GV20") == 53.22
    assert world.pg3.value(CONTROLLER, "GV3") == 0
    if os.geteuid() != 0:
        save(world, table(1), "persist/scripts/closed.lua")
        os.chmod(world.plugin.path("persist/scripts/closed.lua"), 0)
        wait_told(world, "closed.lua cannot be read")
        remove(world, "persist/scripts/closed.lua")
    os.rmdir(path)
    save(world, solar(world.plugin, rows=VOLTS.replace("GV20", "GV22")))
    world.wait_value(CHARGER, "GV22", 53.22, SAVED)
    wait_well(world)


def test_a_save_that_takes_its_time_is_one_save(world):
    serving(world)
    whole = solar(world.plugin, rows=VOLTS.replace("GV20", "GV22")).encode()
    with open(world.plugin.path(NAME), "wb", buffering=0) as file:
        for begin in range(0, len(whole), len(whole) // 6):
            file.write(whole[begin:begin + len(whole) // 6])
            time.sleep(0.3)
    world.wait_value(CHARGER, "GV22", 53.22, SAVED)
    assert not world.plugin.log_lines("ERROR"), world.plugin.log_tail()


# Each instruction takes its time: the limit is that of time, and thirty of them are more than a second.
SLOW = 'local s = ("x"):rep(4096) while true do local t = s:upper():lower() end'


def test_broken_scripts_of_every_kind_do_not_stop_the_start(world):
    for number in range(30):
        save(world, SLOW, f"persist/scripts/loop{number}.lua")
    save(world, "return {", "persist/scripts/gateway.lua")
    save(world, "", "persist/scripts/controller.lua")
    save(world, b"\x1bLua", "data/battery_monitor.lua")
    save(world, solar(world.plugin).replace('"VICSOLAR"', '"VICBATT"'))
    os.makedirs(world.plugin.path("persist/scripts/inverter.lua"))
    world.running()
    world.wait(lambda: world.pg3.value(CONTROLLER, "GV3") == 34, "a count of all that are broken")
    others_go_on(world)
    remove(world)
    for number in range(30):
        remove(world, f"persist/scripts/loop{number}.lua")
    world.wait(lambda: world.pg3.value(CONTROLLER, "GV3") == 3, "a count of those that are left")


def test_a_lib_that_is_saved_is_in_the_isy_soon_and_a_broken_one_changes_nothing(world):
    lib = "persist/scripts/lib/tools.lua"

    def text(plus):
        return ("return { volts = function(rows) local volts = number(rows, '/Dc/0/Voltage')\n"
                f"return volts and volts + {plus} end }}\n")

    save(world, text(0), lib)
    row = VOLTS.replace('"/Dc/0/Voltage"', "from = tools.volts")
    save(world, solar(world.plugin, rows=row, before="local tools = use 'tools'\n"))
    world.running()
    world.wait_value(CHARGER, "GV20", 53.22, SAVED)
    save(world, text(100), lib)
    world.wait_value(CHARGER, "GV20", 153.22, SAVED)
    save(world, "return {\n", lib)
    wait_told(world, "persist/scripts/solar_charger.lua", "persist/scripts/lib/tools.lua:")
    others_go_on(world)
    assert world.pg3.value(CHARGER, "GV20") == 153.22
    world.restart()
    world.wait_fresh()
    wait_told(world, "persist/scripts/lib/tools.lua:")
    assert world.pg3.value(CHARGER, "GV20") == 153.22
    save(world, text(10), lib)
    world.wait_value(CHARGER, "GV20", 63.22, SAVED)
    wait_well(world)


def test_the_last_good_copy_serves_after_a_restart(world):
    serving(world)
    save(world, "return {")
    world.pg3.command(CONTROLLER, "RELOAD")
    wait_told(world, f"{NAME}:1:")
    world.restart()
    world.wait_fresh()
    assert world.pg3.value(CHARGER, "GV20") == 53.22
    time.sleep(2.5)
    assert "The last good copy" in world.plugin.log_text()
    world.poll()
    assert world.pg3.nodes[CHARGER].drivers["GV20"].source != "seed"
    wait_told(world, f"{NAME}:1:")
    use(world, solar(world.plugin))
    wait_well(world)


# -- attacks -------------------------------------------------------------------------------------------

FOREVER = "function() while true do pcall(function() while true do end end) end end"
# Every id a row can have, each with a loop.
LOOPS = "".join(f'{{ "{name}", unit.volt, "Loop {name}", from = {FOREVER} }},\n' for name in
                [f"GV{n}" for n in range(30)] + """ST GPV ALARM MODE DUR DELAY AWAKE CV CC CPW PPW TPW PF FREQ PCNT
                BATLVL CLITEMP CLIHUM CLISPH CLISPC CLIMD CLIFS CLIHCS CLISMD SPEED GUST""".split())
# What five devices' scripts do, all at once: (code before, fields of the table, rows).
ATTACKS = [
    {
        "temperature": ("", f"update = {FOREVER},", ""),
        "tank": ("", f"start = {FOREVER},", ""),
        "gps": ("", "update = function() local t = {} while true do t[#t + 1] = { t } end end,", ""),
        "250/60": ("local kept = {}\n",
                   "update = function() pcall(function() while true do kept[#kept + 1] = {} end end)"
                   " pcall(function() while true do kept = { kept } end end) end,",
                   VOLTS + '{ "GV1", unit.volt, "Rows", from = function(rows) return 1 end },'),
        "150/35": ("", "", LOOPS),
    },
    {
        "temperature": ("", "start = function() for _ = 1, 20 do timer.every(0.1, " + FOREVER + ") end end,", ""),
        "tank": ("", "update = function() while true do sleep(0) end end,", ""),
        "gps": ("", "update = function(node) local t = node.state for _ = 1, 40 do t.a = {} t.b = t.a t = t.a end"
                " end,", ""),
        "250/60": ("", 'update = function(node) for i = 1, 3000 do node:notice("k" .. i, ("<b>"):rep(1000)) end end,',
                   ""),
        "150/35": ("", 'update = function(node) while true do node:log("info", "%s", ("x"):rep(4000)) end end,', ""),
    },
    {
        "temperature": ("", "start = function() for _ = 1, 20 do timer.every(0.1, function()"
                        ' while true do vrm.get("/users/me") end end) end end,', ""),
        "tank": ("", 'events = { X = "x" }, start = function(node) while true do'
                 ' for _ = 1, 250 do pcall(node.event, node, "X") end sleep(0) end end,', ""),
        "gps": ("local z, p = (\"\\0\"):rep(4096), {} for i = 1, 24 do p[i] = z end local big = table.concat(p)\n",
                "update = function() local t = {} for i = 1, 4000 do t[i] = big end table.sort(t) end,", ""),
        "250/60": ("", "start = function() for _ = 1, 15 do timer.after(0, function() while true do"
                   " local n = 0 for i = 1, 100000 do n = n + i end sleep(0) end end) end end,", ""),
        "150/35": ("", 'update = function(node) for i = 1, 60 do node:notice("k" .. i, "spam") end end,', ""),
    },
]


def attacker(where, before="", more="", rows=""):
    """A script for one of the services, or for the solar chargers of a product."""
    match = f'service = "solarcharger", product = "{where}"' if "/" in where else f'service = "{where}"'
    return (f'{before}return {{ api = 2, id = "BAD{re.sub("[^0-9A-Z]", "", where.upper())}", name = "Bad",'
            f' match = {{ {match} }},\n{more}\n'
            f'{rows or VOLTS} }}\n')


def attack(world, scripts, change=None):
    for where, parts in scripts.items():
        name = re.sub("[^0-9a-z]", "", where)
        save(world, attacker(where, *(change or parts)), f"persist/scripts/bad_{name}.lua")


@pytest.mark.parametrize("scripts", ATTACKS, ids=["loops and memory", "timers and floods", "requests, events and long calls"])
def test_scripts_that_want_everything_get_little_and_others_go_on(world, scripts):
    attack(world, scripts)
    world.start()
    world.wait_fresh(OTHERS + [ROOF])
    for _ in range(5):
        others_go_on(world)
    # Those that ask for too much; the others of a kind are slowed down or cut short, not in error.
    assert world.pg3.value(CONTROLLER, "GV3") >= 2
    attack(world, scripts, change=("", 'events = { X = "x" },', ""))     # some may be on their way
    world.wait_value(CHARGER, "GV20", 53.22, SAVED)
    world.wait_value(OTHER_CHARGER, "GV20", 53.25, SAVED)
    wait_well(world)
    others_go_on(world)
    world.wait_state(CHARGER, FRESH)


# -- node.state, commands --------------------------------------------------------------------------------

COUNTS = """    update = function(node)
        node.state.polls = (node.state.polls or 0) + 1
        node:set("GV21", node.state.polls)
    end,
"""


def test_state_outlives_reload_and_restart(world):
    save(world, solar(world.plugin, rows=COUNTED, more=COUNTS))
    world.running()
    world.wait_value(CHARGER, "GV21", 1)
    world.vrm.set_row(HOUSE, "solarcharger", 256, "/Yield/Power", raw=77)
    world.poll()
    world.wait_value(CHARGER, "GV21", 2)
    use(world, solar(world.plugin, rows=COUNTED + VOLTS, more=COUNTS))
    world.wait_value(CHARGER, "GV20", 53.22)
    world.wait_value(CHARGER, "GV21", 3)                # the poll that a new script gets
    world.restart()
    assert world.pg3.customs["customdata"]["state"]["solar_charger"][CHARGER] == {"polls": 3}
    world.wait_value(CHARGER, "GV21", 4)
    world.plugin.kill()                                 # nothing was stored since the restart
    world.pg3.in_flight = None
    world.start_plugin()
    world.wait_subscribed()
    world.wait_fresh()
    world.wait_value(CHARGER, "GV21", 4)
    unfit = "start = function(node) node.state.f = function() end end,\n"
    use(world, solar(world.plugin, rows=COUNTED, more=COUNTS + unfit))
    world.wait_value(CHARGER, "GV21", 5)
    world.restart()
    assert "node.state.f would be a function, which cannot be kept" in world.plugin.log_text()
    assert world.pg3.customs["customdata"]["state"]["solar_charger"][CHARGER] == {"polls": 5}


COMMANDS = """    commands = {
        SETLIMIT = { name = "Set limit", run = function(node, args) node:set("GV21", args.value) end,
                     params = { { id = "", label = "Limit", kind = unit.count, min = 0, max = 50 } } },
        BREAK = { name = "Break", run = function(node) error("as ordered") end },
        LOOP = { name = "Loop", run = function(node) while true do end end },
        WAIT = { name = "Wait", run = function(node) sleep(0.2) node:set("GV21", 33) end },
    },
"""


def test_commands_reach_their_script_with_what_it_declared(world):
    save(world, solar(world.plugin, rows=COUNTED, more=COMMANDS))
    world.running()
    pg3 = world.pg3
    assert {"SETLIMIT", "BREAK", "LOOP"} <= set(pg3.rules.profile.nodedefs["VICSOLAR"].accepts)
    pg3.command(CHARGER, "SETLIMIT", value="12", uom="0")
    world.wait_value(CHARGER, "GV21", 12)
    for wrong in ({"value": "51", "uom": "0"}, {}, {"value": "twelve"}, {"value": "nan"}, {"value": "1e99"},
                  {"value": "13", "uom": "72"}, {"value": ["13"]}, {"value": "13", "query": {"X.uom0": "1"}}):
        pg3.command(CHARGER, "SETLIMIT", **wrong)
    world.wait(lambda: len([line for line in world.plugin.log_lines("WARNING") if "SETLIMIT" in line]) >= 6,
               "a warning for each")
    assert pg3.value(CHARGER, "GV21") == 12
    pg3.command(CHARGER, "WAIT", requestId="w1")
    world.wait_value(CHARGER, "GV21", 33)
    pg3.command(CHARGER, "BREAK", requestId="b1")
    wait_told(world, "as ordered", f"{NAME}:")
    world.wait(lambda: pg3.reports("w1") and pg3.reports("b1"), "what became of both")
    assert [pg3.reports(one)[0]["success"] for one in ("w1", "b1")] == ["success", "fail"]
    for _ in range(3):
        pg3.command(CHARGER, "LOOP")
    wait_told(world, "budget")
    others_go_on(world)
    use(world, solar(world.plugin, rows=COUNTED, more=COMMANDS, before="\n"))
    wait_well(world)
    pg3.command(CHARGER, "SETLIMIT", value="14")
    world.wait_value(CHARGER, "GV21", 14)


def test_reload_says_what_each_script_uses_and_loads_all_again(world):
    serving(world)
    world.pg3.command(CONTROLLER, "RELOAD")
    world.wait_log(NAME, "memory", "instructions", "errors 0", "reloads 1")
    world.wait_log("devices/battery_monitor.lua", "reloads 1")
    world.pg3.command(CONTROLLER, "RELOAD")
    world.wait_log(NAME, "reloads 2")
    others_go_on(world)
    assert world.pg3.value(CHARGER, "GV20") == 53.22
    wait_well(world)


# -- often ----------------------------------------------------------------------------------------------

def test_many_reloads_leave_nothing_behind(world, record_property):
    """What is left would be a leak for the sanitizers at the end; memory is only reported."""
    busy = ("    start = function(node) timer.every(0.1, function() node.state.n = (node.state.n or 0) + 1 end)"
            " while true do sleep(0.05) end end,\n"
            "    update = function(node) vrm.get('/users/me') sleep(60) end,\n")
    serving(world, more=busy)
    sizes = []
    for number in range(12):
        rows = VOLTS if number % 3 else VOLTS.replace("Bus", f"Bus {number}")
        save(world, solar(world.plugin, rows=rows, more=busy, before=f"-- {number}\n"))
        world.pg3.command(CONTROLLER, "RELOAD")
        world.wait_log(NAME, f"reloads {number + 1}")       # the next save is not half done when it is loaded
        sizes.append(world.plugin.rss_kib())
    record_property("rss_kib", f"{sizes[0]} {sizes[9]} {sizes[-1]}")
    others_go_on(world)
    world.wait_value(CHARGER, "GV20", 53.22)
    wait_well(world)
