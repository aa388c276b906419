--- The units a device script may name: `unit.watt`, `unit.volt` ...
--
-- uom    number of the unit in ISY/IoX; 56 is a bare number
-- places decimals shown unless a row says otherwise
-- min, max  what is believable: a value outside is a sensor's "not available" code (-1, 3276.7 A) or
--        rubbish, and counts as no data. Wide enough for the largest system, and for both signs: a row that
--        knows more has its own.
-- zero   a momentary measurement: 0 while its data is stale (if the user wants that).
--        Counters and times are not; a list is, when it has a text for 0.
-- counts a number that only goes up, but for a device that begins anew or was replaced
-- alt    the other unit the user may choose: shown = value * factor + offset
-- vrm    factors for the unit VRM names in its answer; without one the value is taken as it is
-- sentinels  which numbers say "not available", by types.codes: those of a "measurement", or the few of a
--        "counter"; nil: none

local unit = {
    watt       = { uom = 73, places = 0, min = -1e7, max = 1e7, zero = true, vrm = { W = 1, kW = 1000 } },
    kilowatt   = { uom = 30, places = 2, min = -1e4, max = 1e4, zero = true, vrm = { kW = 1, W = 0.001 } },
    va         = { uom = 135, places = 0, min = -1e7, max = 1e7, zero = true, vrm = { VA = 1, kVA = 1000 } },
    var        = { uom = 136, places = 0, min = -1e7, max = 1e7, zero = true,
                   vrm = { var = 1, kvar = 1000 } },
    volt       = { uom = 72, places = 2, min = -2000, max = 2000, zero = true, vrm = { V = 1, mV = 0.001 } },
    ampere     = { uom = 1, places = 1, min = -1e4, max = 1e4, zero = true, vrm = { A = 1, mA = 0.001 } },
    hertz      = { uom = 90, places = 2, min = 0, max = 500, zero = true },
    percent    = { uom = 51, places = 1, min = -200, max = 200, zero = true },
    celsius    = { uom = 4, places = 1, min = -100, max = 300, zero = true,
                   alt = { uom = 17, factor = 1.8, offset = 32, min = -148, max = 572 } },
    liter      = { uom = 35, places = 0, min = 0, max = 1e7, zero = true,
                   vrm = { L = 1, l = 1, ["m³"] = 1000, m3 = 1000 } },
    count      = { uom = 56, places = 0, min = 0, max = 1e6, zero = true },      -- how many there are now
    power_factor = { uom = 53, places = 2, min = -1, max = 1, zero = true },
    kilopascal = { uom = 31, places = 0, min = 0, max = 2000, zero = true,
                   vrm = { kPa = 1, bar = 100, mbar = 0.1, hPa = 0.1, Pa = 0.001, psi = 6.894757 } },
    kilometer  = { uom = 83, places = 0, min = 0, max = 1e7, zero = true,
                   vrm = { km = 1, m = 0.001, mi = 1.609344 } },
    rpm        = { uom = 89, places = 0, min = 0, max = 8000, zero = true },
    meter      = { uom = 38, places = 0, min = -1e4, max = 1e5, zero = true,
                   vrm = { m = 1, km = 1000, ft = 0.3048 } },
    meters_per_second = { uom = 40, places = 1, min = 0, max = 400, zero = true,
                          vrm = { ["m/s"] = 1, ["km/h"] = 1 / 3.6, kn = 1852 / 3600, kt = 1852 / 3600,
                                  kts = 1852 / 3600, knots = 1852 / 3600, mph = 0.44704 } },
    hectopascal = { uom = 118, places = 1, min = 300, max = 1100, zero = false,
                    vrm = { hPa = 1, mbar = 1, kPa = 10, Pa = 0.01, inHg = 33.8639 } },
    lux        = { uom = 36, places = 0, min = 0, max = 2e5, zero = true },
    irradiance = { uom = 74, places = 0, min = 0, max = 2000, zero = true },     -- watt on a square meter
    ppm        = { uom = 54, places = 0, min = 0, max = 1e6, zero = false },
    micrograms = { uom = 122, places = 1, min = 0, max = 1e4, zero = false },    -- in a cubic meter of air
    degree     = { uom = 14, places = 4, min = -180, max = 180, zero = false },  -- of latitude, longitude
    direction  = { uom = 139, places = 0, min = -180, max = 360, zero = false }, -- 0 is north
    raw        = { uom = 56, places = 0, min = -1e9, max = 1e9, zero = true },

    kwh        = { uom = 33, places = 2, min = -1e9, max = 1e9, zero = false, counts = true,
                   vrm = { kWh = 1, Wh = 0.001, MWh = 1000 } },
    amp_hours  = { uom = 56, places = 1, min = -1e7, max = 1e7, zero = false },  -- ISY has no unit for Ah
    counter    = { uom = 56, places = 0, min = 0, max = 1e9, zero = false, counts = true },  -- so far
    cubic_meters = { uom = 8, places = 3, min = 0, max = 1e9, zero = false,     -- how much so far
                     vrm = { ["m³"] = 1, m3 = 1, L = 0.001, l = 0.001 } },
    minutes    = { uom = 45, places = 0, min = 0, max = 1e8, zero = false,
                   vrm = { min = 1, h = 60, s = 1 / 60 } },
    seconds    = { uom = 58, places = 0, min = 0, max = 1e9, zero = false,
                   vrm = { s = 1, ms = 0.001, min = 60, h = 3600 } },
    hours      = { uom = 20, places = 1, min = 0, max = 1e7, zero = false,
                   vrm = { h = 1, min = 1 / 60, s = 1 / 3600, d = 24, days = 24 } },
    time       = { uom = 151, places = 0, min = 0, max = 4294967295, zero = false },
}

--- Names of volumes, in liters. Gallons: where VRM does not say which, those of the US (docs/vrm.md, Not
-- confirmed).
local US, IMPERIAL = 3.785411784, 4.54609
local LITERS = {
    liter = 1, liters = 1, Liter = 1, litre = 1, litres = 1, gal = US, gallon = US, gallons = US,
    ["gal (US)"] = US, ["US gal"] = US, ["gal (imp)"] = IMPERIAL, ["gal (UK)"] = IMPERIAL,
    ["gal (imperial)"] = IMPERIAL, ["imp gal"] = IMPERIAL, ["imperial gal"] = IMPERIAL,
    ["UK gal"] = IMPERIAL,
}
for name, liters in pairs(LITERS) do
    unit.liter.vrm[name], unit.cubic_meters.vrm[name] = liters, liters / 1000
end

for name, one in pairs(unit) do one.name = name end

for _, name in ipairs { "watt", "kilowatt", "va", "var", "volt", "ampere", "hertz", "percent", "celsius",
                        "liter", "amp_hours", "rpm", "meter", "meters_per_second", "hectopascal", "lux",
                        "irradiance", "ppm", "micrograms", "degree", "direction", "kilopascal" } do
    unit[name].sentinels = "measurement"
end
for _, name in ipairs { "kwh", "counter", "cubic_meters", "kilometer", "minutes", "seconds", "hours",
                        "time" } do
    unit[name].sentinels = "counter"
end

return unit
