-- Bodies for wrk, one JSON a line, in turn; at the end one JSON document with the figures.
local bodies, place = {}, 0

function init(args)
  for line in io.lines(args[1]) do bodies[#bodies + 1] = line end
  wrk.method = "POST"
  wrk.headers["Content-Type"] = "application/json"
end

function request()
  place = place % #bodies + 1
  return wrk.format(nil, nil, nil, bodies[place])
end

function done(summary, latency, requests)
  local failed = summary.errors
  local kinds = string.format("connect %d, read %d, write %d, status %d, timeout %d", failed.connect, failed.read, failed.write, failed.status,
    failed.timeout)
  io.write(string.format('\n{"requests":%d,"seconds":%f,"p50Ms":%f,"p99Ms":%f,"errors":%d,"kinds":"%s"}\n', summary.requests,
    summary.duration / 1e6, latency:percentile(50) / 1e3, latency:percentile(99) / 1e3,
    failed.connect + failed.read + failed.write + failed.status + failed.timeout, kinds))
end
