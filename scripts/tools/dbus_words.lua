--- The words that paths, services and kinds of devices of Victron's D-Bus are made of, in small letters: a
-- set. Whatever else stands there somebody has written himself (tools/anonymous).

return require("types.lists").set [[
    absorption ac accel access accumulated acknowledge acknowledged acload acsystem action activate
    active adjustable aggregate ah alarm alarms alert all allow alternator altitude always amphours and
    assist at audible auto automatic available average balancer balancing batteries battery ble blocked
    blocking blown bluetooth bms bol boost breaker brightness build bulk bus buzzer by cable can
    capabilities capacity cell cells change charge charged charger charging check circuit co code com
    communication condition conditions configuration connected connection consumed consumption contact
    contactor control controller converter cool coolant cost count counter course cumulative current
    custom cycles daily date day dc dcdc dcgenset dcload dcsource dcsystem deepest demo description
    detected deviation device devices diagnostics diff digital digitalinput dimming direct direction
    disable disabled discharge discharged discharges disconnect disharge display do down downs drawn
    drive droop ds due duration dvcc dynamic eebus effective efficiency emergency enable enabled end
    energy engine equalization error errors es ess ethernet ev evcc evcharger evcs exaust exceeded
    exhaust expected export extend external factor failure feed feedback field file firmware fix flags
    float fluid fmax fmin force forecast format forward fp frequency fronius fuel fuelcell full function
    fuse fused gateway generator generic genset gensets go gps grid group gui gwacs has health heartbeat
    heat heatpump heatsink high history hours hub humidity hysteresis id ids ignore image imbalance
    import in index info information informations initial input inputs install installation installed
    instance insufficient interfaces internal interval invalid invert inverter inverters io irradiance
    is labels last latitude le level life lifetime limit limited limiter line link lithium load loads
    local log logmode longitude loss lost low luminosity manual max maximum measurement measurements
    meteo meter micro mid min minimum mk modbus mode model module modules monitor month motor motordrive
    mpp mqtt multi multiple multis name network next no node nominal not notifications notify nox nr
    number oceanvolt odometer of off offline offset oil ok on online operating operation opportunity out
    output outputs overall overhead overload overrides overview overvoltage parallel parameters peak pen
    pending per percentage phase phases pm pmax pmin point polarity port portal position power pq pre
    precision pref prefer pressure prevent product progress provider pulse pulsemeter pump pv pvinverter
    pwm qref quiet range rate reactive reason reboot red redetect relay relays release remaining remote
    renewable reset restore restrictions reverse ripple rotated rotation rpm rules run running runtime
    satellites saved scale schedule scheduled schedules selected sense sensor sensors sequence serial
    series service services session set setpoint setting settings setup shared shave shaving shedding
    shore short show shunt shut signal silenced since site size skip slot slow smart soc socketcand soh
    solar solarcharger source speed start started starter starts state station status step stop stopped
    strategy sun support sustain switch switchable switcher syncs system tank target temp temperature
    test till time timer timers to today todays torque total touch transfer translation trigger tripped
    type ui umax umin un unit up update updated ups uq use user utc valence value ve vebus version vf
    victronenergy vin voc voltage voltages volume vrm vrmlogger warm warmup warning warnings weather
    when wind winding window without working write yield zone
]]
