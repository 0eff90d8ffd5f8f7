-- Drives POST /oauth/introspect with a random token per request. Arguments: FILE [check]
-- FILE holds the Authorization header on its first line and a token on each further one.
-- With "check", every body is looked at; without, none is (so that the load generator stays cheap).
requests, checked, wrong = {}, 0, 0 -- global, so that done() can read the counts

function setup(thread) main = thread end

function init(args)
  local file = assert(io.open(args[1]))
  local headers = { ["Authorization"] = file:read("*l"), ["Content-Type"] = "application/x-www-form-urlencoded" }
  for token in file:lines() do
    requests[#requests + 1] = wrk.format("POST", "/oauth/introspect", headers, "token=" .. token)
  end
  math.randomseed(os.time())
  if args[2] == "check" then
    response = function(status, _, body)
      checked = checked + 1
      if status ~= 200 or body:sub(1, 15) ~= '{"active":true,' or #body < 250 then wrong = wrong + 1 end
    end
  end
end

function request() return requests[math.random(#requests)] end

function done(summary, latency)
  local errors = summary.errors
  local failed = errors.connect + errors.read + errors.write + errors.status + errors.timeout
  local checks = main:get("checked")
  io.write(string.format("RESULT %d %d %.1f %.1f %d %s %s\n",
    summary.requests, summary.duration, latency:percentile(50), latency:percentile(99), failed, tostring(checks), tostring(main:get("wrong"))))
end
