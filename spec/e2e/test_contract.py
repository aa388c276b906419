"""The contract of host (spec/contract) with the installed program, a VRM that answers and a real broker."""

import os
import subprocess

from support.broker import Broker
from support.plugin import Plugin

CONTRACT = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "contract", "on_host.lua")


def test_host_keeps_what_the_fake_host_promises(tmp_path, plugin_source, vrm):
    plugin = Plugin(plugin_source, tmp_path)
    broker = Broker(tmp_path, ["allow_anonymous true"])
    broker.start()
    environment = plugin.environment(None, VICTRON_VRM_URL=vrm.url, VICTRON_CA_FILE=vrm.ca, CONTRACT_TOKEN=vrm.token,
                                     CONTRACT_BROKER=str(broker.port))
    run = subprocess.run([plugin.program(), "--check", "--main", CONTRACT], cwd=plugin.folder, env=environment,
                         stdin=subprocess.DEVNULL, capture_output=True, timeout=60, check=False)
    broker.stop()
    assert run.stdout.decode() == "contract holds\n", run.stderr.decode()
    assert run.returncode == 0
    assert plugin.reports_text() == ""
    assert vrm.count("me") == 5
