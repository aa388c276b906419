"""Installation, update and downgrade as PG3 does them (docs/pg3.md, Installation and updates); one version."""

import importlib.util
import json
import os
import re
import shutil
import stat
import subprocess
import tarfile
import zipfile

import pytest
from vrm import HOUSE

from support.world import CONTROLLER, address

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
CHARGER = address(HOUSE, "sc", 256)
BANK = address(HOUSE, "bm", 289)
SURVIVORS = ["persist", "data"]         # PG3 keeps these folders of a plugin, all else goes
DATE = 1700000000                       # of the files in the archives

# A user's script: the built-in solar charger and a counter of its own that is kept in node.state.
COUNTER = """    update = function(node)
        node.state.polls = (node.state.polls or 0) + 1
        node:set("GV21", node.state.polls)
    end,
    { "GV21", unit.count, "Counted", by_script = true, zero = false },
    samples = {
"""


def packer():
    spec = importlib.util.spec_from_file_location("pack", os.path.join(ROOT, "release", "pack.py"))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def make_archive(source, work, version, kind):
    """The plugin under test as a release of this version -> the archive's path."""
    folder, path = os.path.join(work, f"stage-{version}"), os.path.join(work, f"plugin-{version}.{kind}")
    shutil.copytree(source, folder, ignore=shutil.ignore_patterns("logs", *SURVIVORS))
    server = os.path.join(folder, "server.json")
    with open(server, encoding="utf-8") as file:
        record = json.load(file)
    record["credits"][0]["version"] = version
    with open(server, "w", encoding="utf-8") as file:
        json.dump(record, file)
    pack = packer()
    {"tgz": pack.pack_tgz, "zip": pack.pack_zip}[kind](folder, path, DATE)
    return path


def unpack(archive, folder):
    if archive.endswith(".zip"):
        with zipfile.ZipFile(archive) as packed:
            packed.extractall(folder)           # without modes, as the unzip of PG3's core
    else:
        with tarfile.open(archive) as packed:
            packed.extractall(folder)


def install(plugin):
    """Runs install.sh as PG3 does -> CompletedProcess."""
    return subprocess.run(["/bin/sh", "./" + plugin.server["install"]], cwd=plugin.folder, text=True,
                          env=plugin.environment(None), stdin=subprocess.DEVNULL, capture_output=True,
                          timeout=30, check=False)


def replace(plugin, archive, how):
    """PG3 installs the archive in the plugin's place: anew, or over what is there."""
    aside = os.path.join(plugin.work, "aside")
    os.makedirs(aside)
    for name in SURVIVORS:
        shutil.move(plugin.path(name), os.path.join(aside, name))
    if how == "anew":
        shutil.rmtree(plugin.folder)
        os.makedirs(plugin.folder)
    unpack(archive, plugin.folder)
    for name in SURVIVORS:
        shutil.move(os.path.join(aside, name), plugin.path(name))
    os.rmdir(aside)
    done = install(plugin)
    assert done.returncode == 0 and "victron-host" in done.stdout, done


def write(plugin, name, text):
    os.makedirs(os.path.dirname(plugin.path(name)), exist_ok=True)
    with open(plugin.path(name), "w", encoding="utf-8") as file:
        file.write(text)


def read(plugin, name):
    with open(plugin.path(name), encoding="utf-8") as file:
        return file.read()


# -- update, downgrade -------------------------------------------------------------------------------

@pytest.mark.parametrize("kind, how", [("tgz", "anew"), ("zip", "anew"), ("tgz", "over")])
def test_update_and_downgrade_keep_scripts_parameters_and_state(world, kind, how, plugin_source):
    plugin = world.plugin
    mine = read(plugin, "scripts/devices/solar_charger.lua").replace("    samples = {\n", COUNTER, 1)
    write(plugin, "persist/scripts/solar_charger.lua", mine)
    write(plugin, "data/notes.txt", "the user's own")
    world.params["temp_unit"] = "F"
    pg3 = world.running()
    world.wait_value(CHARGER, "GV21", 1)
    world.wait_energy()
    names, params = {node.address: node.name for node in pg3.nodes.values()}, dict(pg3.customs["customparams"])
    polls = 1
    for version in ("99.0.0", "0.1.0"):                         # an update, then a downgrade
        world.stop()
        replace(plugin, make_archive(plugin_source, world.work, version, kind), how)
        # What a newer version may have left in PG3 means nothing to an older one.
        pg3.customs["customdata"]["from the future"] = {"version": 2}
        world.start_plugin()
        world.wait_subscribed()
        world.wait_fresh()
        polls += 1
        world.wait_value(CHARGER, "GV21", polls)
        temperature = pg3.driver(BANK, "temperature")
        world.wait(lambda driver=temperature: pg3.reading(BANK, driver).uom == 17, "degrees Fahrenheit")
        assert pg3.customs["customparams"] == params
        assert {node.address: node.name for node in pg3.nodes.values()} == names
        assert read(plugin, "persist/scripts/solar_charger.lua") == mine
        assert read(plugin, "data/notes.txt") == "the user's own"
        assert plugin.log_lines("ERROR") == []


def test_a_build_keeps_what_the_user_has_put_into_its_folder(tmp_path):
    """./dev build, without a compiler: what it calls does nothing."""
    shutil.copy(os.path.join(ROOT, "dev"), tmp_path)
    for name in ("cmake", "dpkg-query"):
        (tmp_path / name).write_text('#!/bin/sh\necho "install ok installed"\n')
        os.chmod(tmp_path / name, 0o755)
    old = [tmp_path / "build" / "release" / "plugin" / name for name in ("scripts/gone.lua", "logs/debug.log")]
    own = [tmp_path / "build" / "release" / "plugin" / name / "scripts" / "tank.lua" for name in SURVIVORS]
    for path in old + own:
        path.parent.mkdir(parents=True)
        path.write_text("text")
    subprocess.run(["./dev", "build"], cwd=tmp_path, check=True, stdout=subprocess.DEVNULL,
                   env={**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}", "BUILT": ""})
    assert [path.exists() for path in old + own] == [False, False, True, True]


# -- install.sh, the launcher --------------------------------------------------------------------------

def test_install_restores_run_bits_and_tells_the_version(world):
    plugin = world.plugin
    for path in (plugin.path("victron.py"), plugin.path("install.sh"), plugin.program()):
        os.chmod(path, 0o644)
    done = install(plugin)
    assert done.returncode == 0 and done.stdout.startswith("victron-host ") and done.stderr == "", done
    assert all(os.stat(path).st_mode & stat.S_IXUSR for path in (plugin.path("victron.py"), plugin.program()))


def released_name(plugin):
    system = os.uname()
    machine = {"x86_64": "amd64", "aarch64": "arm64"}.get(system.machine, system.machine)
    return plugin.path("bin", f"victron-host-{system.sysname.lower()}-{machine}")


def test_a_released_program_is_chosen_for_this_system(world):
    os.rename(world.plugin.program(), released_name(world.plugin))
    with open(world.plugin.path("bin", "victron-host-plan9-mips"), "w", encoding="ascii") as file:
        file.write("for another system\n")
    os.chmod(released_name(world.plugin), 0o644)
    assert install(world.plugin).returncode == 0
    os.chmod(released_name(world.plugin), 0o644)
    world.start()
    world.wait_node(CONTROLLER)


def test_where_no_program_fits_both_say_what_to_do(world):
    plugin = world.plugin
    os.rename(plugin.program(), plugin.path("bin", "victron-host-plan9-mips"))
    done = install(plugin)
    assert done.returncode == 1 and "victron-host-plan9-mips" in done.stderr and "Building" in done.stderr
    plugin.start("")
    assert plugin.wait(10) == 1
    lines = plugin.log_lines("ERROR")
    assert len(lines) == 1 and os.path.basename(released_name(plugin)) in lines[0] and "install.sh" in lines[0], lines


def test_a_program_that_does_not_run_fails_the_installation(world):
    with open(world.plugin.program(), "wb") as file:
        file.write(b"\x7fELF that is none")
    done = install(world.plugin)
    assert done.returncode == 1 and "does not run" in done.stderr and "Building" in done.stderr


# -- trust, version --------------------------------------------------------------------------------------

def test_without_a_ca_file_the_systems_trust_store_is_used(world):
    """It is found and read: the stand-in's certificate is then refused as foreign, not for want of a store."""
    world.start(VICTRON_CA_FILE=None)
    world.wait_log("certificate of", "is not trusted")
    assert "cannot be read" not in world.plugin.log_text()


def test_the_version_is_the_same_everywhere(world):
    release = world.plugin.server["credits"][0]
    with open(world.plugin.path("CHANGELOG.md"), encoding="utf-8") as file:
        top = re.search(r"^## \[([^]]+)\] - (\S+)", file.read(), re.M)
    assert top.groups() == (release["version"], release["date"])
    assert world.plugin.run_host("--version").stdout.decode() == f"victron-host {release['version']}\n"
    archive = subprocess.run(["sh", os.path.join(ROOT, "release", "build"), "name"], text=True,
                             capture_output=True, check=True).stdout
    assert archive == f"victron-energy-{release['version']}\n"
    world.start()
    world.wait_node(CONTROLLER)
    assert f"victron-host {release['version']} " in world.plugin.log_lines()[0]
