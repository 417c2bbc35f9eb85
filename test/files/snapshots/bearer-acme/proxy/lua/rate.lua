-- So many requests per person (rate.conf), as a bucket that refills steadily: GCRA, one number per
-- person, the time at which the bucket is full again. Two workers that ask in the same moment may
-- let one request more through.

local people = ngx.shared.rate
-- That many may come at once, whatever the rate.
local LEAST_BURST = 60

local rate = {}
local known, interval, burst

-- `60/m` -> seconds between two requests; nil without a limit.
local function read(text)
  if text ~= known then
    local count, unit = text:match("^(%d+)/([sm])$")
    known = text
    interval = count and (unit == "s" and 1 or 60) / tonumber(count)
    burst = count and math.max(tonumber(count), LEAST_BURST)
  end
  return interval
end

-- Seconds that this person has to wait; nil if none.
function rate.wait(name)
  if not read(ngx.var.rate) then
    return nil
  end
  local now = ngx.now()
  local full = math.max(people:get(name) or now, now) + interval
  local over = full - now - burst * interval
  if over > 0 then
    return math.ceil(over)
  end
  people:set(name, full, full - now + 1)
end

return rate
