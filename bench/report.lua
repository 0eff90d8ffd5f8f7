-- What the load of every kind counts and prints; loaded first by the scripts that make it. Global, so that done() can read the counts.
requests, checked, wrong = {}, 0, 0

function setup(thread) main = thread end

function request() return requests[math.random(#requests)] end

function done(summary, latency)
  local errors = summary.errors
  local failed = errors.connect + errors.read + errors.write + errors.status + errors.timeout
  io.write(string.format("RESULT %d %d %.1f %.1f %d %s %s %.0f\n",
    summary.requests, summary.duration, latency:percentile(50), latency:percentile(99), failed, tostring(main:get("checked")), tostring(main:get("wrong")), latency.max))
end
