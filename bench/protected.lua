-- Drives GET / with a random Authorization header per request. Argument: FILE, with a token on each line. With "check", every answer is looked at.
dofile("bench/report.lua")

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
