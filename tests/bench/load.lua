-- What wrk sends: the requests of a file, each once, shared out among its threads.
--
-- wrk -s load.lua URL -- FILE [watch]: a line is method, path, token and body, with tabs between them.
-- With `watch`, ids of what was created are kept and printed, so that none of them can be lost unseen.

local threads = {}

function setup(thread)
  thread:set("number", #threads)
  table.insert(threads, thread)
end

function init(args)
  requests, position, exhausted, created = {}, 0, false, {}
  local number_of_line = 0
  for line in io.lines(args[1]) do
    -- There are two threads.
    if number_of_line % 2 == number then
      local method, path, token, body = line:match("^(.-)\t(.-)\t(.-)\t(.*)$")
      local headers = { ["Host"] = wrk.headers["Host"] or "127.0.0.1" }
      if token ~= "" then headers["Authorization"] = "Bearer " .. token end
      if body ~= "" then headers["Content-Type"] = "application/json" end
      requests[#requests + 1] = wrk.format(method, path, headers, body ~= "" and body or nil)
    end
    number_of_line = number_of_line + 1
  end
  if args[2] == "watch" then
    function response(status, _, body)
      if status == 201 then created[#created + 1] = body:match('^{"id":"([^"]+)"') or "?" end
    end
  end
end

function request()
  position = position + 1
  if position > #requests then
    position, exhausted = 1, true
  end
  return requests[position]
end

function done(summary, latency, _)
  local ids, ran_out = {}, false
  for _, thread in ipairs(threads) do
    for _, id in ipairs(thread:get("created")) do ids[#ids + 1] = id end
    ran_out = ran_out or thread:get("exhausted")
  end
  local errors = summary.errors
  io.write("RESULT ", string.format(
    '{"requests": %d, "seconds": %.6f, "bytes": %d, "refused": %d, "broken": %d, "p50": %.3f, "p99": %.3f, "worst": %.3f, "ran_out": %s}\n',
    summary.requests, summary.duration / 1e6, summary.bytes, errors.status,
    errors.connect + errors.read + errors.write + errors.timeout,
    latency:percentile(50) / 1e3, latency:percentile(99) / 1e3, latency.max / 1e3, tostring(ran_out)))
  for _, id in ipairs(ids) do io.write("CREATED ", id, "\n") end
end
