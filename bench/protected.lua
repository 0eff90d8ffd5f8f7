-- Drives GET / with a random Authorization header per request. Argument: FILE, with a token on each line. With "check", every answer is looked at.
requests, checked, wrong = {}, 0, 0 -- global, so that done() can read the counts

function setup(thread) main = thread end

function init(args)
  math.randomseed(os.time())
  for line in assert(io.open(args[1])):lines() do requests[#requests + 1] = wrk.format("GET", "/", { ["Authorization"] = "Bearer " .. line }) end
  if args[2] == "check" then
    response = function(status, _, body)
      checked = checked + 1
      if status ~= 200 or body ~= "ok" then wrong = wrong + 1 end
    end
  end
end

function request() return requests[math.random(#requests)] end

function done(summary, latency)
  local errors = summary.errors
  local failed = errors.connect + errors.read + errors.write + errors.status + errors.timeout
  io.write(string.format("RESULT %d %d %.1f %.1f %d %s %s %.0f\n",
    summary.requests, summary.duration, latency:percentile(50), latency:percentile(99), failed, tostring(main:get("checked")), tostring(main:get("wrong")), latency.max))
end
