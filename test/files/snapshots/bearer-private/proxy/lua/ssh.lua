-- Login of the stock `ollama` command (OLLAMA_AUTH=1): a signature instead of a key.
--
--   Authorization: BASE64(public key):BASE64(signature)
--
-- signs METHOD,PATH?ts=SECONDS, where PATH?ts=SECONDS is the request target (ollama's
-- api/client.go and auth/auth.go). It signs no nonce and no body, so who can read a request can
-- send it again within the minute, with another body; and two honest calls within one second are
-- the same to the byte, so the second can't be told from a replay. Hence this counts only where
-- nobody can read along: over TLS, or on a port published for this machine alone.

local ffi = require "ffi"

ffi.cdef [[
  void *EVP_PKEY_new_raw_public_key(int type, void *engine, const unsigned char *key, size_t size);
  void EVP_PKEY_free(void *key);
  void *EVP_MD_CTX_new(void);
  void EVP_MD_CTX_free(void *context);
  int EVP_DigestVerifyInit(void *context, void **key_context, const void *digest, void *engine, void *key);
  int EVP_DigestVerify(void *context, const unsigned char *signature, size_t signature_size,
                       const unsigned char *data, size_t size);
]]

local crypto = require "crypto"

-- NID_ED25519 in openssl/obj_mac.h.
local ED25519 = 1087
-- The client's clock and ours may be so many seconds apart.
local WINDOW = 60

-- compose.yaml hands in where it publishes the port; what reaches us inside the container doesn't
-- show it. Without it, or with anything else than loopback, only TLS counts.
local published_on = os.getenv("PUBLISHED_ON") or ""
local on_loopback = published_on == "::1" or published_on:find("^127%.%d+%.%d+%.%d+$") ~= nil
local told = false

-- RFC 8032; false for a key that is no point, too. Costs 0.16 ms, measured on a 2.5 GHz core.
local function verify(key, signature, data)
  local public = crypto.EVP_PKEY_new_raw_public_key(ED25519, nil, key, 32)
  local context = crypto.EVP_MD_CTX_new()
  local good = public ~= nil and context ~= nil
    and crypto.EVP_DigestVerifyInit(context, nil, nil, nil, public) == 1
    and crypto.EVP_DigestVerify(context, signature, #signature, data, #data) == 1
  -- Both take NULL. A bad signature leaves errors that nginx would find at its next TLS read.
  crypto.EVP_MD_CTX_free(context)
  crypto.EVP_PKEY_free(public)
  crypto.ERR_clear_error()
  return good
end

local ssh = {}

-- The two halves if this has their shape: 51 bytes of key, 64 of signature. No scheme stands before.
function ssh.split(authorization)
  local key, signature = authorization:match("^([%w+/]+):([%w+/]+==)$")
  if key and #key == 68 and #signature == 88 then
    return key, signature
  end
end

-- Whether this very request was signed just now by the owner of `key`, which keys.lua has checked
-- for its shape: after 19 bytes that all of them share come the 32 that count.
function ssh.signed_by(key, signature)
  if ngx.var.client_scheme ~= "https" and not on_loopback then
    if not told then
      told = true
      ngx.log(ngx.CRIT, "a login by ssh key was refused: it needs TLS or a port published on 127.0.0.1")
    end
    return false
  end
  local target = ngx.var.request_uri
  local seconds = target:match("^[^?]+%?ts=(%d+)$")
  if not seconds or #seconds > 12 or math.abs(ngx.time() - tonumber(seconds)) > WINDOW then
    return false
  end
  local raw = ngx.decode_base64(signature)
  if not raw or #raw ~= 64 then
    return false
  end
  return verify(ngx.decode_base64(key):sub(20), raw, ngx.var.request_method .. "," .. target)
end

return ssh
