-- Drives POST /oauth/introspect with a random token per request. Arguments: FILE [check] [think=MS]
-- A line "Accept TYPE" in FILE is the header of the requests of the callers after it.
-- FILE holds the Authorization headers of callers on its first lines ("Basic …") and a token on each further one. Each token is asked about by one of the callers, by chance.
-- With "check", every body is looked at; without, none is (so that the load generator stays cheap).
-- With "once=FIRST", the tokens are not those of the file but numbered ones, in order from FIRST on, each asked about once; with "any=COUNT", by chance one of the first COUNT (bench/Touchstone.Benchmarks/Fill.cs).
-- With "path=PATH", the endpoint is there and not at /oauth/introspect.
-- With "think=MS", each connection waits before each request, MS milliseconds on average: a load below the server's limit that does not slow down with it, if connections are many.
dofile("bench/report.lua")

function init(args)
  math.randomseed(os.time())
  local callers, path, accept = {}, "/oauth/introspect"
  for i = 2, #args do path = args[i]:match("^path=(.+)$") or path end
  for line in assert(io.open(args[1])):lines() do
    if line:sub(1, 7) == "Accept " then
      accept = line:sub(8)
    elseif line:sub(1, 6) == "Basic " then
      callers[#callers + 1] = { ["Authorization"] = line, ["Content-Type"] = "application/x-www-form-urlencoded", ["Accept"] = accept }
    else
      requests[#requests + 1] = wrk.format("POST", path, callers[math.random(#callers)], "token=" .. line)
    end
  end
  for i = 2, #args do
    local think = tonumber(args[i]:match("^think=(.+)$"))
    local first, count = tonumber(args[i]:match("^once=(.+)$")), tonumber(args[i]:match("^any=(.+)$"))
    if first or count then
      local before = wrk.format("POST", path, callers[1], "token=bench-100000000000"):sub(1, -12)
      local next = (first or 0) - 1
      request = function()
        next = first and next + 1 or math.random(0, count - 1)
        return before .. string.format("%011d", next)
      end
    end
    -- Whole milliseconds, from 0 to twice the mean, so that connections don't march in step.
    if think then delay = function() return math.floor(math.random() * 2 * think + 0.5) end end
    if args[i] == "check" then
      response = function(status, _, body)
        checked = checked + 1
        -- A signed answer is told by its length: that of an inactive one is less.
        local isActive = body:sub(1, 15) == '{"active":true,' and #body >= 250 or accept and body:sub(1, 3) == "eyJ" and #body >= 600
        if status ~= 200 or not isActive then wrong = wrong + 1 end
      end
    end
  end
end
