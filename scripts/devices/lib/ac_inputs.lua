-- Which AC input of an inverter is in use.
local ac_inputs = {}

-- Victron counts from 0 and 240 is none; here 0 is. A third input, which there is not, is no state.
ac_inputs.NUMBERS = { [0] = 1, [1] = 2, [2] = 255, [240] = 0 }
-- A condition of the row that sets the mode, for Charger only.
ac_inputs.IN_USE = { "/Ac/ActiveIn/ActiveInput", { 0, 1 },
                     "no AC input is in use, as far as is known: loads would have no power", choice = 1 }

return ac_inputs
