--- What people write for units, drivers and services: each table is { [what is written] = the word that is
-- meant }. Words are compared as they stand, and in small letters without blanks and signs (types.wording).

local meant = require("types.lists").by_words

local slips = {}

slips.unit = meant {
    volt = "v volts mv voltage", ampere = "a amp amps ma current", watt = "w power", kilowatt = "kw",
    percent = "% pct soc", celsius = "c °c degc centigrade temperature temp f fahrenheit",
    hertz = "hz frequency", liter = "l gallon gallons gal litre litres", kwh = "wh energy",
    amp_hours = "ah amphour", seconds = "s sec", minutes = "mins", hours = "h hr", time = "timestamp date",
    hectopascal = "hpa mbar", kilopascal = "kpa bar pressure", meter = "m metre", kilometer = "km",
    meters_per_second = "ms speed", cubic_meters = "m3", lux = "lx", raw = "none number text",
}

slips.driver = meant {
    BATLVL = "soc", ST = "status state level", CV = "voltage volt", CC = "current", CPW = "power",
    CLITEMP = "temperature temp", CLIHUM = "humidity", FREQ = "frequency", TPW = "energy",
    BARPRES = "pressure", ERR = "error",
}

slips.service = meant {
    solarcharger = "mppt solar", battery = "batterymonitor bmv shunt smartshunt comvictronenergybattery"
        .. " batteries",
    vebus = "multiplus quattro", inverter = "phoenix", generator = "generators", grid = "meter gridmeter",
    pvinverter = "pv", temperature = "ruuvi", evcharger = "evcs wallbox", tank = "waterlevel level",
    dcdc = "orion", switch = "relay", meteo = "weather",
}

return slips
