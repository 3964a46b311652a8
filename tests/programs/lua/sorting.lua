-- table.sort with and without an order, stability not expected; table functions.
local seed = 12345
local function random(n) seed = (seed * 1103515245 + 12345) % 2147483648 return seed % n end
for _, n in ipairs{0, 1, 2, 3, 10, 100, 1000, 5000} do
  local list, sum = {}, 0
  for i = 1, n do list[i] = random(100000) sum = sum + list[i] end
  table.sort(list)
  local good = true
  for i = 2, n do good = good and list[i - 1] <= list[i] end
  for i = 1, n do sum = sum - list[i] end
  table.sort(list, function(a, b) return a > b end)
  for i = 2, n do good = good and list[i - 1] >= list[i] end
  print(n, good, sum, list[1], list[n])
end
local words = {}
for w in ('the quick brown fox jumps over the lazy dog and runs away from the bear'):gmatch('%a+') do words[#words + 1] = w end
table.sort(words) print(table.concat(words, ' '))
table.sort(words, function(a, b) if #a ~= #b then return #a < #b end return a > b end) print(table.concat(words, ' '))
local records = {}
for i = 1, 50 do records[i] = {key = random(10), index = i} end
table.sort(records, function(a, b) if a.key ~= b.key then return a.key < b.key end return a.index < b.index end)
local line = {} for i, r in ipairs(records) do line[i] = r.key .. '/' .. r.index end
print(table.concat(line, ' '))
print(pcall(table.sort, {3, 'x', 1}))
print(pcall(table.sort, {1, 2, 3, 4, 5}, function() return true end))
local t = {1, 2, 3}
table.insert(t, 4) table.insert(t, 1, 0) print(table.concat(t, ','), table.remove(t), table.remove(t, 1), table.concat(t, ','), #t)
print(table.unpack({1, 2, 3}, 2)) print(table.unpack({1, 2, 3}, 2, 5)) print(table.pack(1, nil, 3).n)
print(table.concat(table.move({1, 2, 3, 4, 5}, 2, 5, 1), ','), table.concat(table.move({1, 2, 3}, 1, 3, 3), ','))
print(#{1, 2, nil}, #{n = 1}, next({}), type(next), rawlen({1, 2}), rawequal(t, t), rawget(t, 1))
local sieve, primes = {}, {}
for i = 2, 2000 do
  if not sieve[i] then primes[#primes + 1] = i for j = i * i, 2000, i do sieve[j] = true end end
end
print(#primes, primes[#primes], primes[100])
