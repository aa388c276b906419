--- Limits of what a device script may say and do, beside those of the host (host/base/limits.h). `./dev docs`
-- writes the table of docs/authors.md, Limits, from these comments: words | unit; a name in the words stands
-- for its number.

return {
    -- The ISY names no limit; this is twice the general values there are (GV0 to GV29), and a node with more
    -- is no fun to look at.
    drivers = 60,               -- Drivers of a node beside `GV30` and `TIME` |
    name = 40,                  -- Length of a name | characters
    part_name = 20,             -- Length of a part's name | characters
    states = 200,               -- States of a list |
    state_name = 60,            -- Length of a state's name | characters
    commands = 20,              -- Commands of a script, and its events |
    params = 8,                 -- Parameters of a command |
    settings = 20,              -- Settings of a script |
    samples = 50,               -- Samples of a script |
    samples_ms = 500,           -- Processor time of all samples together | ms
    notices = 5,                -- Notices of a script at once |
    all_notices = 30,           -- Notices of all scripts at once |
    events = 20,                -- Events of a script at once; then one in event_seconds s |
    event_seconds = 1,
    lines = 60,                 -- Lines in the log a minute that a script or its errors cause |
    requests = 20,              -- `vrm.get` of a script at once; then one in request_seconds s |
    request_seconds = 30,
    -- The host refuses a record over 64 KiB.
    state = 60 * 1024,          -- `node.state` of all scripts together | KiB
    strikes = 3,                -- Errors in a row at one place after which a script is not used any more |
}
