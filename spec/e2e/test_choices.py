"""What the owner chooses to see, renames and cleans up, as PG3 tells and is told it."""

from vrm import HOUSE, VAN

from support.world import CONTROLLER, address

BANK = address(HOUSE, "bm", 289)
VAN_GATEWAY = address(VAN, "gw")


def offered(pg3):
    return [switch["name"] for switch in pg3.customs.get("customtypedparams") or []]


# Fault: Nodes of an installation that the owner does not want can only be deleted one by one, and come back.
# Expected: It is hidden by a switch, its nodes go offline, and a command takes them away; shown again they are
# the same. All of that holds after a restart.
def test_an_installation_is_hidden_cleaned_up_and_shown_again(running):
    pg3 = running.pg3
    running.wait(lambda: f"show_site_{VAN}" in offered(pg3) and "show_kind_vicbatt" in offered(pg3),
                 "the switches")
    of_van = {node for node in pg3.nodes if node.startswith(VAN_GATEWAY[:-3])}
    assert len(of_van) > 2
    pg3.choose({f"show_site_{VAN}": False})
    running.wait_state(VAN_GATEWAY, 3)
    pg3.command(CONTROLLER, "CLEANUP")
    running.wait(lambda: not of_van & set(pg3.nodes), "the nodes of the van to go")
    running.wait_log("Removed nodes of devices that are gone:", VAN_GATEWAY)
    running.restart()
    running.wait_state(BANK, 1)
    assert not of_van & set(pg3.nodes)
    pg3.choose({})
    for node in of_van:
        running.wait_state(node, 1)


# Fault: A device renamed in VRM keeps its old name for ever, or the owner's own name in PG3 is lost.
# Expected: VRM's new name is taken, but not for a node that was renamed in PG3.
def test_a_name_that_changes_in_vrm(running):
    pg3 = running.pg3
    solar = next(node for node in pg3.nodes if node.startswith(BANK[:-5] + "sc"))
    pg3.nodes[solar].name = "My roof"
    running.vrm.set_device(HOUSE, "battery", 289, customName="Shed bank")
    running.vrm.set_device(HOUSE, "solarcharger", int(solar.partition("sc")[2]), customName="Shed roof")
    pg3.discover()
    running.wait(lambda: pg3.nodes[BANK].name == "Shed bank", "the new name")
    running.wait_log(solar, "keeps the name that it was given in PG3")
    assert pg3.nodes[solar].name == "My roof"
