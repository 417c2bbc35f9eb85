-- Request -> person, or a refusal as RFC 6750 words it. Ways to present a key:
--   Authorization: Bearer KEY
--   x-api-key: KEY                               (Anthropic's clients)
--   Authorization: Basic base64(ANYTHING:KEY)    (clients that know only name and password)
-- or to prove having one: Authorization: SSHKEY:SIGNATURE, by the `ollama` command (ssh.lua).
-- Never the query string: those end up in logs and histories.

local keys = require "keys"
local rate = require "rate"
local sha256 = require "sha256"
local ssh = require "ssh"
local streams = require "streams"

-- olsk_ (Ollama stack key) lets secret scanners recognise one; then 32 random bytes in base64url.
local PREFIX, LENGTH = "olsk_", 48
local CHALLENGE = 'Bearer realm="Ollama"'

local login = {}

-- What the Authorization header presents as a key; nil if it isn't of a scheme we know. Anchored
-- at both ends: 'XBearer KEY' and 'Digest x="Bearer KEY' present nothing.
local function from_authorization(header)
  -- As everybody spells it; LuaJIT compiles no patterns, and one costs a third of the whole login.
  if #header == 7 + LENGTH and header:sub(1, 7) == "Bearer " then
    return header:sub(8)
  end
  -- Patterns that go over each letter once: with `(.-)[ \t]*$`, 16 kB of blanks would take 2 s.
  local scheme, rest = header:match("^(%a+) +([^ ].*)$")
  local value = rest and (rest:match("^.*[^ \t]") or "")
  scheme = scheme and scheme:lower()
  if scheme == "bearer" then
    return value
  elseif scheme == "basic" then
    -- The name is the client's own business; the key says who it is.
    local pair = ngx.decode_base64(value) or ""
    return pair:match("^[^:]*:(.*)$") or ""
  end
end

-- Name and role of the person whose key this is, or nil and why not.
local function owner(presented)
  if #presented == LENGTH and presented:sub(1, #PREFIX) == PREFIX then
    -- Compared are digests, and equal strings are one object in Lua: a comparison is one of
    -- pointers. What time a look-up takes depends on the digest of a guess, from which no digest in
    -- the file can be approached; CRYPTO_memcmp behind it would compare a string with itself.
    return keys.find(sha256(presented))
  end
  return nil, "what can be no key"
end

-- Returns nil and the person's name, or a status and the error code for the challenge. Then the
-- name, if the login was good, and else what was wrong with it.
local function decide()
  local authorization = ngx.var.http_authorization or ""
  local api_key = ngx.var.http_x_api_key or ""
  -- Two answers to "who are you" (RFC 6750, 2). nginx joins a repeated header with commas and
  -- refuses a repeated Authorization by itself.
  if api_key ~= "" and (authorization ~= "" or api_key:find(",", 1, true)) then
    return 400, "invalid_request"
  end
  -- Without a name the second one says why.
  local name, role
  local ssh_key, signature
  if authorization:sub(1, 4) == "AAAA" then
    ssh_key, signature = ssh.split(authorization)
  end
  if ssh_key then
    name, role = keys.find(ssh_key)
    if name and not ssh.signed_by(ssh_key, signature) then
      name, role = nil, "a signature that doesn't count here and now"
    end
  else
    local presented = api_key ~= "" and api_key or from_authorization(authorization)
    if not presented then
      -- No error code for who presented nothing (RFC 6750, 3.1).
      return 401, nil, nil, authorization ~= "" and "no key that could be read" or nil
    end
    name, role = owner(presented)
  end
  if not name then
    return 401, "invalid_token", nil, role
  end
  local need = ngx.var.need
  if need == "user" or (need == "admin" and role == "admin") then
    return nil, name
  end
  return 403, "insufficient_scope", name
end

function login.check()
  local ok, status, word, name, problem = pcall(decide)
  if not ok then
    -- The proxy's own mistake lets nobody in.
    ngx.log(ngx.CRIT, status)
    return ngx.exit(500)
  end
  if not status then
    ngx.var.person = word
    local wait = not streams.enter(word) and 1 or rate.wait(word)
    if wait then
      ngx.header["Retry-After"] = wait
      return ngx.exit(429)
    end
    return
  end
  ngx.var.person = name or ""
  if problem then
    ngx.var.login_problem = problem
  end
  ngx.header["WWW-Authenticate"] = word and CHALLENGE .. ', error="' .. word .. '"' or CHALLENGE
  return ngx.exit(status)
end

return login
