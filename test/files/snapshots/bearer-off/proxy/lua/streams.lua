-- At most 64 requests of one person run at the same time, whatever keys they came with. Entered
-- after a good login (login.lua), left in log_by_lua, which nginx runs for every request however it
-- ends: answered, refused later, hung up on.

local MOST = 64

-- Person -> how many run, over both workers. When it is full the least used go, and who is
-- forgotten begins at none.
local running = ngx.shared.streams

local streams = {}

-- nginx replaces a worker that was killed, but what ran in it is never counted down. So its
-- successor has everybody begin at none: for a while somebody may run more, nobody less. At a
-- reload the one before still runs, and counts down by itself. A name holds no space.
function streams.start()
  local place = "worker " .. ngx.worker.id()
  local before = running:get(place)
  local lives = before and io.open("/proc/" .. before .. "/stat")
  if lives then
    lives:close()
  elseif before then
    running:flush_all()
  end
  running:set(place, ngx.worker.pid())
end

-- Whether this person may run one more.
function streams.enter(name)
  local count = running:incr(name, 1, 0)
  if count and count > MOST then
    running:incr(name, -1)
    return false
  end
  -- Not in ngx.ctx, which ends when nginx goes to an error page.
  ngx.var.runs_for = name
  return true
end

function streams.leave()
  local name = ngx.var.runs_for
  if name ~= "" and (running:incr(name, -1) or 0) < 0 then
    running:set(name, 0)
  end
end

return streams
