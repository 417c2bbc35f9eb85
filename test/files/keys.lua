-- The proxy's own keys.lua on files from stdin: for each, who has which WHAT. Cases are
--   SIZE COUNT newline, SIZE bytes of a key file, COUNT lines of WHAT
-- and each WHAT is answered with a line, NAME ROLE or nothing.

local folder, now = arg[1], tonumber(arg[2])
package.path = folder .. "/?.lua"

local load
package.loaded.watch = { start = function(_, changed) load = changed end }
ngx = { log = function() end, sleep = function() end, time = function() return now end, ERR = 4 }

local keys = require "keys"
keys.start("credentials/keys")
for line in io.lines() do
  local size, count = line:match("^(%d+) (%d+)$")
  load(tonumber(size) > 0 and io.read(tonumber(size)) or "")
  for _ = 1, tonumber(count) do
    local name, role = keys.find(io.read("*l"))
    print(name and name .. " " .. role or "")
  end
end
