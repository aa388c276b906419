"""Half a day on a clock that leaps, with every fault of the soak once. `./dev soak` does the same for a month."""

import os
import random

import pytest
from soak.clock import reaches
from soak.faults import FAULTS
from soak.soak import Soak
from soak.world import DAY, SoakWorld

SEED = "a day"
PARTS = 4       # tests that may run at once, each with some of the faults and as much of the half day


# Fault: VRM, its broker and gateways, a GX on the LAN, PG3, its broker, device scripts and the disk fail in every way the stand-ins
# know, one after the other.
# Expected: all is well within the documented pause after each fault, nothing is sent twice, nothing grows.
@pytest.mark.parametrize("part", range(PARTS))
def test_a_part_of_a_day_with_every_fault(tmp_path, plugin_source, vrm, authority, part):
    faults = sorted(FAULTS)
    random.Random(SEED).shuffle(faults)
    world = SoakWorld(os.path.join(tmp_path, "world"), plugin_source, vrm, authority, SEED)
    if not reaches(world.plugin.program()):
        pytest.skip("this program takes its time from the kernel itself; the soak's clock does not reach it")
    mine = faults[part::PARTS]
    soak = Soak(world, days=1, faults_a_day=len(mine), day=DAY // 2 // PARTS, faults=mine)
    try:
        problems = soak.run()
        assert not problems, "\n".join([*problems, world.plugin.log_tail(60)])
    finally:
        world.close()
