-- Closures, upvalues shared and fresh, varargs, recursion, to-be-closed variables.
local function counter(start)
  local n = start
  return function() n = n + 1 return n end, function(v) n = v end
end
local next_number, reset = counter(10)
print(next_number(), next_number(), (reset(0)), next_number())

local functions = {}
for i = 1, 5 do
  local square = i * i
  functions[i] = function(x) square = square + (x or 0) return i, square end
end
functions[3](100)
for i = 1, 5 do print(functions[i](i)) end

local function compose(...)
  local list = table.pack(...)
  return function(...)
    local values = table.pack(...)
    for i = list.n, 1, -1 do values = table.pack(list[i](table.unpack(values, 1, values.n))) end
    return table.unpack(values, 1, values.n)
  end
end
print(compose(function(a, b) return a + b end, function(x) return x, x * 2 end)(21))
print(select('#', nil, nil, nil), select(-2, 'a', 'b', 'c'))

local function fib(n) if n < 2 then return n end return fib(n - 1) + fib(n - 2) end
print(fib(24))
local function sum(n, total) if n == 0 then return total end return sum(n - 1, total + n) end
print(sum(100000, 0)) -- tail calls need no stack

local order = {}
do
  local a <close> = setmetatable({}, {__close = function() order[#order + 1] = 'a' end})
  local b <close> = setmetatable({}, {__close = function() order[#order + 1] = 'b' end})
  local c <const> = 7
  order[#order + 1] = 'body' .. c
end
print(table.concat(order, ' '))

local function iterate(limit)
  return function(state, at) if at < state then return at + 1, at * at end end, limit, 0
end
for i, square in iterate(6) do print(i, square) end
