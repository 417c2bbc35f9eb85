-- Request -> person, or a refusal as RFC 6750 words it. Ways to present a key:
--   Authorization: Bearer KEY
--   x-api-key: KEY                               (Anthropic's clients)
--   Authorization: Basic base64(ANYTHING:KEY)    (clients that know only name and password)
-- Never the query string: those end up in logs and histories.

local keys = require "keys"
local sha256 = require "sha256"

-- olsk_ (Ollama stack key) lets secret scanners recognise one; then 32 random bytes in base64url.
local PREFIX, LENGTH = "olsk_", 48
local CHALLENGE = 'Bearer realm="Ollama"'

local login = {}

local function is_key(text)
  return #text == LENGTH and text:sub(1, #PREFIX) == PREFIX and not text:find("[^%w_-]")
end

-- What the Authorization header presents as a key; nil if it isn't of a scheme we know. Anchored
-- at both ends: 'XBearer KEY' and 'Digest x="Bearer KEY' present nothing.
local function from_authorization(header)
  local scheme, value = header:match("^(%a+) +(.-)[ \t]*$")
  scheme = scheme and scheme:lower()
  if scheme == "bearer" then
    return value
  elseif scheme == "basic" then
    -- The name is the client's own business; the key says who it is.
    local pair = ngx.decode_base64(value) or ""
    return pair:match("^[^:]*:(.*)$") or ""
  end
end

-- Returns nil and the person's name, or a status and the error code for the challenge.
local function decide()
  local authorization = ngx.var.http_authorization or ""
  local api_key = ngx.var.http_x_api_key or ""
  -- Two answers to "who are you" (RFC 6750, 2). nginx joins a repeated header with commas and
  -- refuses a repeated Authorization by itself.
  if api_key ~= "" and (authorization ~= "" or api_key:find(",", 1, true)) then
    return 400, "invalid_request"
  end
  local presented = api_key ~= "" and api_key or from_authorization(authorization)
  if not presented then
    -- No error code for who presented nothing (RFC 6750, 3.1).
    return 401
  end
  local name, role
  if is_key(presented) then
    -- By digest: whatever the time of a look-up tells, it tells about no key.
    name, role = keys.find(sha256(presented))
  end
  if not name then
    return 401, "invalid_token"
  end
  local need = ngx.var.need
  if need == "user" or (need == "admin" and role == "admin") then
    return nil, name
  end
  return 403, "insufficient_scope", name
end

function login.check()
  local ok, status, word, name = pcall(decide)
  if not ok then
    -- The proxy's own mistake lets nobody in.
    ngx.log(ngx.CRIT, status)
    return ngx.exit(500)
  end
  if not status then
    ngx.var.person = word
    return
  end
  ngx.var.person = name or ""
  ngx.header["WWW-Authenticate"] = word and CHALLENGE .. ', error="' .. word .. '"' or CHALLENGE
  return ngx.exit(status)
end

return login
