--- The same checks on the fake host and on the real one, so that specs on the fake mean something: each
-- function of host with its arguments' mistakes, its results and its errors.
-- The real one needs the program: VICTRON_HOST names it (./dev scripts sets it).

local lfs = require "lfs"
local fake = require "spec.support.fake_host"
local contract = dofile("spec/contract/checks.lua")

--- VRM as the checks ask it; nobody listens at port 1.
local function answer(request)
    local token = (request.headers or {})["X-Authorization"]
    if request.path == "/nobody" then return nil, { kind = "connect", text = "Nobody listens there." } end
    if token ~= "Token contract" then
        return { status = 401, json = { success = false }, date = math.floor(host.time()) }
    end
    return { status = 200, date = math.floor(host.time()), json = { success = true, user = { id = 22 },
             records = { { idSite = 1, name = "Home" }, { idSite = 2, name = "Van" } } } }
end

--- A device on the LAN, which has another certificate than anybody.
local function lan(request)
    local there = not request.url:find(":1/", 1, true)
    if there and request.certificate then return { status = 0, text = fake.certificate "contract" } end
    return nil, { kind = there and "tls" or "connect", text = "Not reached." }
end

local world

local function write(path, text)
    local folder, name = path:match("^(.*)/([^/]*)%.lua$")
    world.stamps = (world.stamps or 0) + 1
    world.files[folder] = world.files[folder] or {}
    world.files[folder][name] = { text = text, stamp = tostring(world.stamps) }
end

describe("the contract of host holds on the fake host:", function()
    local checks = contract { write = write, vrm = "https://vrm/v2", broker = 1883 }

    before_each(function()
        world = fake.new { answer = answer, lan = lan, env = { CONTRACT_TOKEN = "contract" },
            broker = function(connection) return connection.config.port == 1 and "unreachable" or nil end,
            on_send = function(connection, message)
                world:mqtt_message(connection, message.topic, message.text)
            end }
    end)

    it("every function has a check, every check a function", function()
        assert.equal("", checks.differences())
    end)

    for _, one in ipairs(checks) do
        it(one.name, function()
            local done, ok, err
            world:spawn(function()
                ok, err = pcall(one.fn)
                done = true
            end)
            world:run(100)
            assert.is_true(done, "it still waits")
            assert.is_true(ok, err)
        end)
    end
end)

describe("the contract of host holds", function()
    local program = os.getenv("VICTRON_HOST")
    local test = program and it or pending

    --- A folder with the plugin's scripts, for the files that the checks write.
    local function folder_of_scripts()
        local folder = os.tmpname()
        os.remove(folder)
        assert(os.execute(("mkdir -p '%s' && cp -R scripts profile '%s'"):format(folder, folder)))
        return folder
    end

    test("on the real host", function()
        local here, folder = lfs.currentdir(), folder_of_scripts()
        local path = program:find("^/") and program or here .. "/" .. program
        local run = io.popen(("cd '%s' && '%s' --check --main '%s/spec/contract/on_host.lua' 2>stderr")
            :format(folder, path, here))
        local said = run:read("a")
        local ok = run:close()
        local file = io.open(folder .. "/stderr")
        local reported = file:read("a")
        file:close()
        os.execute(("rm -rf '%s'"):format(folder))
        assert.equal("contract holds\n", said)
        assert.is_true(ok, reported)
    end)
end)
