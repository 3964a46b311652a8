-- Coroutines: generators, errors, wrap, close, yields across pcall and metamethods.
local function generate(n) return coroutine.wrap(function() for i = 1, n do coroutine.yield(i) end return 'end' end) end
local g = generate(3)
print(g(), g(), g(), g(), pcall(g))

local co = coroutine.create(function(a, b)
  print('start', a, b)
  local c = coroutine.yield(a + b)
  print('resumed', c)
  local d, e = coroutine.yield(c * 2)
  print('again', d, e, coroutine.isyieldable(), coroutine.status(coroutine.running()))
  return 'done', a, b
end)
print(coroutine.resume(co, 1, 2))
print(coroutine.status(co), coroutine.resume(co, 10))
print(coroutine.resume(co, 'x', 'y'))
print(coroutine.status(co), coroutine.resume(co))

local bad = coroutine.create(function() local t = nil; return t.field end)
print(coroutine.resume(bad))
print(coroutine.status(bad), coroutine.close(bad))

-- A yield inside pcall inside a coroutine, then an error after it.
local inner = coroutine.wrap(function()
  local ok, message = pcall(function()
    coroutine.yield('in pcall')
    error({code = 7})
  end)
  coroutine.yield(ok, type(message) == 'table' and message.code)
  local list = setmetatable({}, {__index = function(_, k) return coroutine.yield('index ' .. k) end})
  return 'got ' .. tostring(list.name)
end)
print(inner()) print(inner()) print(inner()) print(inner('a value'))

-- Producer, filter, consumer.
local function producer() return coroutine.create(function() for _, w in ipairs{'one', 'two', 'three', 'four'} do coroutine.yield(w) end end) end
local function filter(source) return coroutine.create(function()
  local n = 0
  while true do
    local _, v = coroutine.resume(source)
    if not v then return end
    n = n + 1
    coroutine.yield(n .. ':' .. v:upper())
  end
end) end
local chain = filter(producer())
while true do
  local _, v = coroutine.resume(chain)
  if not v then break end
  print(v)
end

-- Permutations by recursion in a coroutine.
local function permute(a, n)
  n = n or #a
  if n <= 1 then coroutine.yield(table.concat(a)) return end
  for i = 1, n do
    a[n], a[i] = a[i], a[n]
    permute(a, n - 1)
    a[n], a[i] = a[i], a[n]
  end
end
local all = {}
for p in coroutine.wrap(function() permute{'a', 'b', 'c', 'd'} end) do all[#all + 1] = p end
print(#all, all[1], all[24], table.concat(all, ' ', 5, 9))

-- Many at once, and nested resumes.
local many, total = {}, 0
for i = 1, 200 do many[i] = coroutine.wrap(function() local s = 0 while true do s = s + i coroutine.yield(s) end end) end
for _ = 1, 20 do for i = 1, 200 do total = total + many[i]() end end
print(total)
local function nest(n) if n == 0 then return 'bottom' end return coroutine.wrap(function() return nest(n - 1) end)() end
print(nest(50))
local closing = coroutine.create(function()
  local x <close> = setmetatable({}, {__close = function(_, e) print('closed', e) end})
  coroutine.yield(1)
end)
coroutine.resume(closing)
print(coroutine.close(closing), coroutine.status(closing))
print(pcall(coroutine.resume, 1))
print(select(2, pcall(coroutine.wrap(function() error('from wrap') end))))
