--- In place of main.lua for the fuzz target `answers`: an account with a token and all device scripts.

local account = require "sources.account"
local params = require "pg3.params"
local scripts = require "serve.scripts"

scripts.load_built_in()
host.add { address = account.CONTROLLER, type = scripts.controller.id, name = "Victron Energy",
           primary = account.CONTROLLER }
account.use(params.read {
    vrm_token = "f0zzing0token0of0sixty0four0characters0000000000000000000000000", live = "vrm",
})
host.on("poll", account.poll)
host.on("discover", account.connect)
account.begin()
