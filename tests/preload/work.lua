-- Tables that grow and shrink, strings, closures, coroutines, the collector.
local words, count = {}, {}
for i = 1, 80000 do
  local word = string.format("%x", i * 2654435761 % 1000003)
  words[i] = word
  count[word:sub(1, 2)] = (count[word:sub(1, 2)] or 0) + 1
end
table.sort(words)
print(#words, words[1], words[#words])
local text = table.concat(words, " ")
print(#text, select(2, text:gsub("%d+", "<%0>")))
local producers = {}
for i = 1, 2000 do
  producers[i] = coroutine.wrap(function() for k = 1, 5 do coroutine.yield({i, k}) end end)
end
local sum = 0
for _ = 1, 5 do for i = 1, #producers do sum = sum + producers[i]()[2] end end
print(sum)
for _ = 1, 5 do
  local rows = {}
  for i = 1, 20000 do rows[i] = {i, tostring(i), {i}} end
end
collectgarbage()
local keys = {}
for key, value in pairs(count) do keys[#keys + 1] = key .. "=" .. value end
table.sort(keys)
print(table.concat(keys, " ", 1, 20))
