-- http-request lua.ask_sidecar URL HEADERS: asks the sidecar about a request. One that it does not let pass is answered here; of one that passes the identity headers (separated by commas) become those of the sidecar,
-- and txn.sidecar is "allowed". HAProxy goes on where a script fails: so the configuration has to deny unless this is set.

local timeout_ms = 10000

-- They belong to the connection and the body of the client, and the question has neither.
local own = { ["host"] = true, ["connection"] = true, ["keep-alive"] = true, ["proxy-connection"] = true, ["content-length"] = true, ["transfer-encoding"] = true, ["te"] = true, ["trailer"] = true, ["upgrade"] = true, ["expect"] = true }

-- What the sidecar may answer a client, beside 200. Anything else is no answer.
local refusals = { [400] = true, [401] = true, [403] = true, [503] = true }

-- HAProxy counts from 0, Lua from 1.
local function values(list)
    local texts, i = {}, 0
    while list and list[i] do
        texts[i + 1] = list[i]
        i = i + 1
    end
    return texts
end

-- No header holds these (RFC 9110, 5.5): the sidecar would not read the question, and that is no outage. HAProxy lets them through.
local function is_broken(txn)
    for _, list in pairs(txn.http:req_get_headers()) do
        for _, value in ipairs(values(list)) do
            if value:find("[\0\r\n]") then return true end
        end
    end
    return false
end

-- All headers of the client, each as often as it was sent: what is repeated, or an alias of another one, is for the sidecar to refuse. These three are ours: whatever the client sent under their names is gone.
local function question(txn)
    local headers = {}
    for name, list in pairs(txn.http:req_get_headers()) do
        if not own[name] then headers[name] = values(list) end
    end
    headers["x-original-method"] = { txn.f:method() }
    headers["x-original-host"] = values(txn.http:req_get_headers()["host"])
    headers["x-original-uri"] = { txn.f:pathq() }
    return headers
end

local function refuse(txn, status, answered)
    local headers = { ["content-length"] = { "0" }, ["cache-control"] = { "no-store" } }
    for _, name in ipairs({ "www-authenticate", "retry-after" }) do
        local list = values(answered[name])
        if #list > 0 then headers[name] = list end
    end
    txn:done(txn:reply({ status = status, headers = headers }))
end

core.register_action("ask_sidecar", { "http-req" }, function(txn, url, identity)
    if is_broken(txn) then return refuse(txn, 400, {}) end
    local answer = core.httpclient():get({ url = url, headers = question(txn), timeout = timeout_ms })
    local answered = answer and answer.headers or {}
    -- HAProxy makes an answer of its own where it gets none: only the sidecar gives a reason.
    local is_answer = answer ~= nil and answered["touchstone-reason"] ~= nil
    if not is_answer or answer.status ~= 200 then
        return refuse(txn, is_answer and refusals[answer.status] and answer.status or 503, is_answer and answered or {})
    end
    for name in identity:gmatch("[^,%s]+") do
        txn.http:req_del_header(name)
        for _, value in ipairs(values(answered[name:lower()])) do txn.http:req_add_header(name, value) end
    end
    txn:set_var("txn.sidecar", "allowed")
end, 2)
