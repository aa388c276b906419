"""Fixtures of the end-to-end tests: run with PLUGIN_DIR set to an installed plugin folder."""

import glob
import os
import shutil
import subprocess
import sys

import pytest
from xdist.scheduler import LoadScheduling

SPEC = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path[:0] = [SPEC, os.path.join(os.path.dirname(SPEC), "scripts", "demo")]

from vrm import Vrm  # noqa: E402  (needs the path above)

from support.certs import Authority  # noqa: E402
from support.plugin import Plugin  # noqa: E402
from support.profile import Profile  # noqa: E402
from support.world import TOKEN, World  # noqa: E402


# What serves HOUSE, VAN, the plugin itself and each kind of device that Vrm.add_site makes.
FEW = ["battery_monitor", "controller", "gateway", "gps", "inverter", "multi", "solar_charger", "tank", "temperature", "vebus"]


def pytest_configure(config):
    config.addinivalue_line("markers", "all_scripts: its `world` has all device scripts, not those in FEW alone")
    folder = os.environ.get("PLUGIN_DIR", "")
    if not os.path.isfile(os.path.join(folder, "server.json")):
        pytest.exit("Set PLUGIN_DIR to an installed plugin folder (cmake --install build "
                    "--prefix DIR); it must hold server.json.", returncode=4)


# Their tests wait longest; begun last, they would be what all wait for.
FIRST = ["test_control.py", "test_soak.py", "test_gx_live.py", "test_live.py", "test_reconnect.py", "test_vrm_faults.py"]


def pytest_collection_modifyitems(items):
    items.sort(key=lambda item: FIRST.index(item.path.name) if item.path.name in FIRST else len(FIRST))


class OneByOne(LoadScheduling):
    """Gives each process one test more than the one it runs, not a heap of neighbours, of which all may be long."""

    def _send_tests(self, node, num):
        super()._send_tests(node, min(num, 1))

    def schedule(self):
        super().schedule()
        super().schedule()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    return OneByOne(config, log)


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    outcome = yield
    if call.when == "call":
        item.test_failed = outcome.get_result().failed


@pytest.fixture(scope="session")
def plugin_source():
    folder = os.path.abspath(os.environ["PLUGIN_DIR"])
    assert Profile(folder).nodedefs, f"{folder} has no profile: run victron-host --write-profile"
    return folder


@pytest.fixture(scope="session")
def plugin_of_few(plugin_source, tmp_path_factory):
    """The plugin without the device scripts that no device of HOUSE and VAN needs: each start checks all it has, which
    takes longer than all else of most tests."""
    folder = os.path.join(tmp_path_factory.mktemp("few"), "plugin")
    shutil.copytree(plugin_source, folder, symlinks=True)
    for path in glob.glob(os.path.join(folder, "scripts", "devices", "*.lua")):
        if os.path.basename(path)[:-len(".lua")] not in FEW:
            os.remove(path)
    made = Plugin(folder, tmp_path_factory.mktemp("profile"))
    subprocess.run([made.program(), "--write-profile"], cwd=folder, env=made.environment(None), check=True,
                   stdout=subprocess.DEVNULL)
    return folder


@pytest.fixture(scope="session")
def authority(tmp_path_factory):
    """PG3's own certificate authority."""
    return Authority(tmp_path_factory.mktemp("authority"), "PG3 test CA")


@pytest.fixture(scope="session")
def foreign_authority(tmp_path_factory):
    """A certificate authority nobody should trust."""
    return Authority(tmp_path_factory.mktemp("foreign"), "Foreign CA")


@pytest.fixture(scope="session")
def vrm_server():
    server = Vrm(token=TOKEN)
    server.start()
    yield server
    server.close()


@pytest.fixture
def vrm(vrm_server):
    """The VRM stand-in as new; at the end it must not have seen a broken rule of VRM's."""
    vrm_server.stop()
    vrm_server.reset()
    vrm_server.set_certificate("ok")
    vrm_server.start()
    vrm_server.forget()
    yield vrm_server
    assert vrm_server.violations == []
    assert vrm_server.plain_http_seen == []


@pytest.fixture
def world(request, tmp_path, vrm, authority):
    """A World; at the end the plugin is stopped and everything it left behind is judged."""
    whole = request.node.get_closest_marker("all_scripts")
    made = World(tmp_path, request.getfixturevalue("plugin_source" if whole else "plugin_of_few"), vrm, authority)
    yield made
    if getattr(request.node, "test_failed", False):
        print("Log of the plugin:", made.plugin.log_tail(60), sep="\n")
        print("Output:", made.plugin.output, "\nSanitizers:", made.plugin.reports_text())
        made.close()
    else:
        made.finish()


@pytest.fixture
def running(world):
    """A World in which all devices of both installations show fresh data."""
    world.running()
    return world
