"""Large accounts: what PG3 tells of thousands of nodes, and what is beyond every bound."""
from vrm import HOUSE

from support.world import CONTROLLER, Behaviour, address

OTHERS = 3000           # nodes of an older version, which this one does not take up
DRIVERS = 30
MIB = 1024 * 1024


def seed_others(pg3):
    values = {"ST": (1, 25), **{f"GV{i}": (i, 56) for i in range(1, DRIVERS)}}
    for i in range(OTHERS):
        pg3.seed_node(f"n{i % 100}_{i}", f"Node {i}", "VICOLD", f"n{i % 100}_{i}", values)


def told(world, request):
    """Until the plugin has served all that PG3 sent before this."""
    world.pg3.status(CONTROLLER, requestId=request)
    world.wait(lambda: world.pg3.reports(request), "the report")


# Fault: a configuration of 3,000 nodes is not read, and the nodes lose their values at each start.
# Expected: it is read; nodes start with the values PG3 had.
def test_the_configuration_of_a_large_account_is_read(world):
    pg3 = world.setup()
    seed_others(pg3)
    sold = address(HOUSE, "bm", 77)
    pg3.seed_node(sold, "Sold bank", "VICBATT", sold, {"GV12": (4321, 33)})
    assert len(str(pg3.config())) > 8 * MIB
    world.start_plugin()
    world.wait_fresh(timeout=60)
    world.wait_node(sold)
    first = pg3.history[sold, "GV12"][0]            # of which VRM says nothing
    assert first.source == "addnode" and float(first.value) == 4321


def test_a_large_configuration_leaves_no_memory_behind(world, monkeypatch, record_property):
    """But for what is kept of the nodes, and paho's buffer, which stays as large as the largest message."""
    # Sanitizers and glibc would keep freed memory for themselves; FreeBSD and musl do not.
    monkeypatch.setenv("ASAN_OPTIONS", "quarantine_size_mb=1:allocator_release_to_os_interval_ms=100")
    pg3 = world.running(MALLOC_MMAP_THRESHOLD_="131072")
    seed_others(pg3)
    config = pg3.config()
    sizes = [world.plugin.rss_kib()]
    for i in range(6):
        pg3.send({"config": config})
        told(world, f"after {i}")
        sizes.append(world.plugin.rss_kib())
    record_property("rss_kib", " ".join(str(size) for size in sizes))
    assert sizes[-1] - sizes[0] < 32 * 1024 and sizes[-1] - sizes[2] < 4 * 1024


# Fault: a message beyond every bound is asked for again without a pause, hundreds of times.
# Expected: one warning says what is lost and what to do; the pauses grow; the plugin goes on working.
def test_a_message_beyond_the_bound_is_told_once(world):
    pg3 = world.setup(behaviour=Behaviour(config_first=[{"pad": "x" * (33 * MIB)}] * 3))
    world.start_plugin()
    world.wait(lambda: len(pg3.received("system", "config")) >= 3, "the third question", 60)
    world.wait_node(CONTROLLER, timeout=60)
    world.wait_fresh(timeout=60)
    lines = [line for line in world.plugin.log_lines("WARNING") if "33 MiB" in line]
    assert len(lines) == 1 and "32 MiB" in lines[0]
    assert len(pg3.received("system", "config")) <= 5


# Fault: an account of a hundred installations shows no value for half a minute: all are asked for their devices first.
# Expected: the values of an installation are asked for before the devices of those after it.
def test_a_large_account_is_read_one_installation_after_the_other(world):
    for i in range(100):
        world.vrm.add_site(f"Site {i}", [("battery", 512)])
    world.setup()
    world.start_plugin()
    assert world.vrm.wait_for_requests("diagnostics", 10, timeout=60)
    assert world.vrm.count("system-overview") < 60
